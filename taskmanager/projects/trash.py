"""The end of projects that lay in the trash for 30 days."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.service import scrub
from taskmanager.projects.models import Project
from taskmanager.projects.service import KIND


async def purge(session: AsyncSession, before: datetime, limit: int = 20) -> int:
    """Delete up to ``limit`` projects trashed before ``before``, whose tasks are gone already; return how many."""
    statement = select(Project.id).where(Project.deleted_at < before).limit(limit)
    ids = (await session.execute(statement)).scalars().all()
    if ids:
        await scrub(session, KIND, ids)
        await session.execute(delete(Project).where(Project.id.in_(ids)))
    return len(ids)
