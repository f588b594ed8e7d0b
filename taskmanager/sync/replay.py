"""Whether a stored answer may be given again: only as long as what it shows may still be read."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import Entry
from taskmanager.kit.errors import NotFoundError
from taskmanager.projects.models import ProjectAccess


async def may_replay(session: AsyncSession, account_id: str, operation_id: str | None) -> None:
    """Raise 404 if the operation touched a project that the account cannot see any more."""
    if operation_id is None:
        return
    mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == account_id)
    hidden = select(Entry.seq).where(
        Entry.operation_id == operation_id,
        Entry.entity_kind == "task",
        Entry.project_after.is_not(None),
        Entry.project_after.not_in(mine),
    )
    if await session.scalar(hidden.limit(1)) is not None:
        raise NotFoundError
