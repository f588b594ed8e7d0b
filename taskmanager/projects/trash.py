"""The end of projects that lay in the trash for 30 days."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.projects.models import Project


async def purge(session: AsyncSession, before: datetime, limit: int = 20) -> int:
    """Delete up to ``limit`` projects trashed before ``before`` with all that is in them; return how many."""
    old = select(Project.id).where(Project.deleted_at < before).limit(limit)
    result: Any = await session.execute(delete(Project).where(Project.id.in_(old)))
    return int(result.rowcount)
