"""Telling what is due. A reminder is marked as told in the transaction that writes its notification.

A crash before the commit leaves both undone, one after it both done. Each process takes reminders that no other one
holds; and a notification names its reminder and its time, so the database itself refuses a second one.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.models import Task
from taskmanager.tasks.notifications.post import send
from taskmanager.tasks.notifications.telling import News, tell
from taskmanager.tasks.reminders.models import Reminder
from taskmanager.tasks.state import CLOSED

KIND = "reminders"
BATCH = 200


async def waits(session: AsyncSession) -> bool:
    """Tell whether a reminder is due; one look at an index."""
    return await session.scalar(select(Reminder.id).where(Reminder.fire_at <= clock.now()).limit(1)) is not None


async def fire(session: AsyncSession, *, by_mail: bool) -> None:
    """Tell up to a batch of what is due: in the application, and where mail is set up to those whom it reaches."""
    due = (
        select(Reminder.id)
        .where(Reminder.fire_at <= clock.now())
        .order_by(Reminder.fire_at, Reminder.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.execute(due)).scalars().all()
    if not ids:
        return
    found = await _of_readers(session, ids)
    await session.execute(update(Reminder).where(Reminder.id.in_(ids)).values(fire_at=None))
    told = await tell(session, [News(one.user_id, one.task_id, "reminder", once=one.once) for one in found])
    addresses = {one.user_id: one.email for one in found if one.verified_at is not None}
    for one in told if by_mail else ():
        if address := addresses.get(one.user_id):
            await send(session, one.id, address)


class _Due(NamedTuple):
    id: str
    at: datetime | None
    user_id: str
    task_id: str
    email: str | None
    verified_at: datetime | None

    @property
    def once(self) -> str:
        return f"reminder:{self.id}:{self.at and instant_text(self.at)}"


async def _of_readers(session: AsyncSession, ids: Sequence[str]) -> list[_Due]:
    """Return those reminders whose owner still sees the task; a time that passed meanwhile does not come again."""
    statement = (
        select(Reminder.id, Reminder.fire_at, Reminder.user_id, Reminder.task_id, User.email, User.email_verified_at)
        .join(User, User.id == Reminder.user_id)
        .join(Task, Task.id == Reminder.task_id)
        .join(
            ProjectAccess,
            (ProjectAccess.user_id == Reminder.user_id) & (ProjectAccess.project_id == Task.project_id),
        )
        .where(Reminder.id.in_(ids), User.active, Task.deleted_at.is_(None), Task.status.not_in(CLOSED))
        .order_by(Reminder.fire_at, Reminder.id)
    )
    return [_Due(*row) for row in await session.execute(statement)]
