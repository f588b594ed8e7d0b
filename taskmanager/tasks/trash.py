"""The end of what lay in the trash for 30 days."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.service import scrub
from taskmanager.projects.models import Project
from taskmanager.tasks.models import Comment, Task, TaskOccurrence
from taskmanager.tasks.search.index import TaskIndex
from taskmanager.tasks.state import COMMENT, KIND, OCCURRENCE

BATCH = 500


async def purge(session: AsyncSession, before: datetime, limit: int = BATCH) -> bool:
    """Delete tasks and comments trashed before ``before``, and what the journal holds of them, a batch at a time.

    Tasks of projects trashed before then go too. Returns whether that was all of them.
    """
    gone = select(Project.id).where(Project.deleted_at < before)
    old = or_(Task.deleted_at < before, Task.project_id.in_(gone))
    tasks = (await session.execute(select(Task.id).where(old).limit(limit))).scalars().all()
    said = or_(Comment.deleted_at < before, Comment.task_id.in_(tasks))
    comments = (await session.execute(select(Comment.id).where(said))).scalars().all()
    for begin in range(0, len(comments), BATCH):
        await _forget_comments(session, comments[begin : begin + BATCH])
    if tasks:
        past = select(TaskOccurrence.id).where(TaskOccurrence.task_id.in_(tasks))
        await scrub(session, OCCURRENCE, (await session.execute(past)).scalars().all())
        await scrub(session, KIND, tasks)
        await TaskIndex(session).remove(tasks)
        await session.execute(delete(Task).where(Task.id.in_(tasks)))
    return len(tasks) < limit


async def _forget_comments(session: AsyncSession, ids: Sequence[str]) -> None:
    await scrub(session, COMMENT, ids)
    await session.execute(delete(Comment).where(Comment.id.in_(ids)))
