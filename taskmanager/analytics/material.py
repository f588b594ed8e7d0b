"""Reads what the counts of some tasks follow from, whoever may see them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import JSON, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.analytics.counting import Material
from taskmanager.auth.models import User
from taskmanager.journal.models import Entry
from taskmanager.tasks.models import Task, TaskAssignee, TaskOccurrence
from taskmanager.tasks.state import KIND

_TASKS = select(
    Task.id,
    Task.project_id,
    Task.status,
    Task.priority,
    Task.due_local,
    Task.due_timezone,
    Task.due_sort,
    Task.created_by,
    Task.created_at,
    Task.completed_at,
    Task.deleted_at,
)
_ROUNDS = select(
    TaskOccurrence.task_id,
    TaskOccurrence.local,
    TaskOccurrence.timezone,
    TaskOccurrence.at,
    TaskOccurrence.actor_id,
).where(TaskOccurrence.kind == "completed", TaskOccurrence.deleted_at.is_(None))
_STATUS = type_coerce(Entry.after, JSON)["status"].as_string()


async def materials_for_system(session: AsyncSession, ids: Sequence[str]) -> dict[str, Material]:
    """Return those of some tasks that are there, with what belongs to them."""
    rows = await session.execute(_TASKS.where(Task.id.in_(ids)))
    found = {row.id: Material(row) for row in rows}
    for task_id, user_id in await session.execute(
        select(TaskAssignee.task_id, TaskAssignee.user_id).where(TaskAssignee.task_id.in_(ids))
    ):
        found[task_id].assignees.append(user_id)
    for row in await session.execute(_ROUNDS.where(TaskOccurrence.task_id.in_(ids))):
        found[row.task_id].rounds.append(row)
    done = [task_id for task_id, one in found.items() if one.task.status == "done"]
    story = (
        select(Entry.entity_id, _STATUS, Entry.at, Entry.actor_id)
        .where(Entry.entity_kind == KIND, Entry.entity_id.in_(done), _STATUS.is_not(None))
        .order_by(Entry.entity_id, Entry.seq)
    )
    for task_id, status, at, actor_id in await session.execute(story) if done else ():
        found[task_id].story.add(status, at, actor_id)
    return found


async def zones_for_system(session: AsyncSession, materials: Iterable[Material]) -> dict[str, str]:
    """Return the time zones of whoever made or finished some tasks."""
    who: set[str | None] = set()
    for one in materials:
        who |= {one.task.created_by, one.story.finished_by, *(row.actor_id for row in one.rounds)}
    known = sorted(user_id for user_id in who if user_id is not None)
    return dict((await session.execute(select(User.id, User.timezone).where(User.id.in_(known)))).all())
