"""Keeping reminders in step with their task, in the transaction that changes it, and with their owner's clocks."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.accounts import ZoneChanged
from taskmanager.auth.models import User
from taskmanager.journal.changes import DELETED
from taskmanager.tasks.dates import When
from taskmanager.tasks.models import Task
from taskmanager.tasks.reminders.models import Reminder
from taskmanager.tasks.reminders.times import arm, instant_of
from taskmanager.tasks.state import when_json, when_of

BATCH = 1000
_DECIDING = frozenset({"due", "status", "occurrence", DELETED})


async def reminded(session: AsyncSession, ids: Sequence[str]) -> frozenset[str]:
    """Return those of some tasks that anybody has a reminder of."""
    found: set[str] = set()
    for begin in range(0, len(ids), BATCH):
        mine = select(Reminder.task_id).where(Reminder.task_id.in_(ids[begin : begin + BATCH]))
        found.update((await session.execute(mine)).scalars())
    return frozenset(found)


async def follow(session: AsyncSession, task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Bring the reminders of all accounts in step with a task, of which these fields have changed."""
    if not _DECIDING & set(after):
        return
    mine = select(Reminder, User.timezone).join(User, User.id == Reminder.user_id).where(Reminder.task_id == task.id)
    rolled = _rolled(task, before, after)
    for reminder, zone in await session.execute(mine):
        if reminder.at is not None and rolled is not None:
            earlier, later = rolled
            reminder.at += instant_of(later, zone) - instant_of(earlier, zone)
        arm(reminder, task, zone)


def _rolled(task: Task, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[When, When] | None:
    """Return the due dates between which a recurring task went on, or was taken back by undo.

    Only then do instants move along: a due date that somebody moves leaves them alone.
    """
    now = when_json(task.due)
    dates = before.get("due", now), now
    if "recurrence" in after or not before.get("occurrence") or not after.get("occurrence") or None in dates:
        return None
    earlier, later = (when_of(one) for one in dates if one is not None)
    return earlier, later


async def follow_zone(session: AsyncSession, fact: ZoneChanged) -> None:
    """Tell what has not been told yet by the new clocks of its owner, at once if its time is past on them."""
    mine = (
        select(Reminder, Task)
        .join(Task, Task.id == Reminder.task_id)
        .where(Reminder.user_id == fact.user_id, Reminder.fire_at.is_not(None))
        .where(Reminder.minutes_before_due.is_not(None), Task.due_local.is_not(None), Task.due_timezone.is_(None))
        # Those that somebody holds are being told; to wait for that, holding the account, could go in a circle.
        .with_for_update(of=Reminder, skip_locked=True)
    )
    for reminder, task in await session.execute(mine):
        if task.due is not None and reminder.minutes_before_due is not None:
            reminder.fire_at = instant_of(task.due, fact.timezone, minutes_before=reminder.minutes_before_due)
