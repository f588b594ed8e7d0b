"""Reading the journal."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import NOTICES, Entry, Operation
from taskmanager.kit import clock, late
from taskmanager.kit.paging import Pager, SortKey

NEWEST_FIRST = [SortKey(Entry.seq, lambda row: row[0].seq, descending=True)]
UNDOABLE_FOR = timedelta(days=30)


class JournalRepository:
    """Entries of one thing or one operation. Whoever asks has been checked against the thing itself."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def activity(
        self, kind: str, entity_id: str, projects: Select[str], pager: Pager
    ) -> Sequence[tuple[Entry, bool]]:
        """Return what happened to a thing while it was in one of ``projects``, and whether it was there before too."""
        known = Entry.project_before.is_(None) | Entry.project_before.in_(projects)
        statement: Select[Entry, bool] = select(Entry, known).where(
            Entry.entity_kind == kind, Entry.entity_id == entity_id, Entry.project_after.in_(projects)
        )
        rows = await self._session.execute(pager.apply(statement, NEWEST_FIRST))
        return [(entry, known) for entry, known in rows]

    async def find_operation(self, operation_id: str) -> Operation | None:
        """Return an operation that is young enough to be undone, or None."""
        statement = select(Operation).where(Operation.id == operation_id, Operation.at > clock.now() - UNDOABLE_FOR)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def entries(self, operation_id: str) -> Sequence[Entry]:
        """Return the changes of one operation, last first."""
        await late.write(self._session)
        mine = (Entry.operation_id == operation_id, Entry.action.not_in(NOTICES))
        statement = select(Entry).where(*mine).order_by(Entry.seq.desc())
        return (await self._session.execute(statement)).scalars().all()
