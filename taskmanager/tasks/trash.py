"""The end of what lay in the trash for 30 days."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import Entry
from taskmanager.tasks.models import Task
from taskmanager.tasks.service import KIND


async def purge(session: AsyncSession, before: datetime, limit: int = 500) -> int:
    """Delete up to ``limit`` tasks trashed before ``before``, and what the journal holds of them; return how many."""
    statement = select(Task.id).where(Task.deleted_at < before).limit(limit)
    ids = list((await session.execute(statement)).scalars())
    if ids:
        mine = (Entry.entity_kind == KIND, Entry.entity_id.in_(ids))
        await session.execute(update(Entry).where(*mine).values(before=None, after=None))
        await session.execute(delete(Task).where(Task.id.in_(ids)))
    return len(ids)
