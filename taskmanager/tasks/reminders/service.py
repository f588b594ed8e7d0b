"""The reminders that one account has of a task. They are settings of its own: no version, no journal, no undo."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.kit.ids import new_id
from taskmanager.tasks.dates import EARLIEST
from taskmanager.tasks.models import Task
from taskmanager.tasks.reminders.models import Reminder
from taskmanager.tasks.reminders.schemas import ReminderAt, ReminderOut, Reminders
from taskmanager.tasks.reminders.times import arm
from taskmanager.tasks.repository import TaskRepository

Kind = tuple[int | None, datetime | None]
"""What a reminder is told apart by: the minutes before, or the instant."""


def in_order(reminders: Sequence[Reminder]) -> list[Reminder]:
    """Return reminders as they are listed: those before the due date, the earliest first, then those at an instant."""
    return sorted(reminders, key=lambda one: (one.at or EARLIEST, -(one.minutes_before_due or 0)))


class ReminderRepository:
    """The reminders of whoever asks."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._tasks = TaskRepository(session, actor)

    async def task(self, task_id: str, *, lock: bool = False) -> Task:
        return await self._tasks.get(task_id, lock=lock)

    async def of(self, task: Task) -> list[Reminder]:
        """Return the reminders that the actor has of a task that it sees."""
        mine = select(Reminder).where(Reminder.task_id == task.id, Reminder.user_id == self._actor.user_id)
        return in_order((await self._session.execute(mine)).scalars().all())

    async def list(self, task_id: str) -> Sequence[ReminderOut]:
        """Return the actor's reminders of a task; raises 404 if it does not see the task."""
        return [reminder_out(one) for one in await self.of(await self.task(task_id))]

    async def zone(self) -> str:
        """Return what the actor's clocks show, as it stands now."""
        return (await self._session.execute(select(User.timezone).where(User.id == self._actor.user_id))).scalar_one()

    def add(self, reminder: Reminder) -> None:
        self._session.add(reminder)

    async def remove(self, reminder: Reminder) -> None:
        await self._session.delete(reminder)


class ReminderService:
    """Changes of reminders within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._actor = actor
        self._repository = ReminderRepository(session, actor)

    async def replace(self, task_id: str, data: Reminders) -> Sequence[ReminderOut]:
        """Make these the actor's reminders of a task; one that is there already stays, told or not."""
        task = await self._repository.task(task_id, lock=True)
        wanted: dict[Kind, None] = dict.fromkeys(
            (None, one.at) if isinstance(one, ReminderAt) else (one.minutes_before_due, None) for one in data.reminders
        )
        kept: list[Reminder] = []
        for reminder in await self._repository.of(task):
            if _kind(reminder) in wanted:
                del wanted[_kind(reminder)]
                kept.append(reminder)
            else:
                await self._repository.remove(reminder)
        zone = await self._repository.zone()
        for kind in wanted:
            reminder = new_reminder(task, self._actor.user_id, kind, zone)
            self._repository.add(reminder)
            kept.append(reminder)
        return [reminder_out(one) for one in in_order(kept)]


def new_reminder(task: Task, user_id: str, kind: Kind, zone: str) -> Reminder:
    """Return a reminder of a task, not added yet."""
    minutes, at = kind
    reminder = Reminder(id=new_id(), task_id=task.id, user_id=user_id, minutes_before_due=minutes, at=at, fire_at=None)
    arm(reminder, task, zone)
    return reminder


def _kind(reminder: Reminder) -> Kind:
    return reminder.minutes_before_due, reminder.at


def reminder_out(reminder: Reminder) -> ReminderOut:
    """Return a reminder as the API shows it."""
    return ReminderOut(minutes_before_due=reminder.minutes_before_due, at=reminder.at, fires_at=reminder.fire_at)
