"""Adding differences to the counts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.analytics.counting import FLOWS
from taskmanager.analytics.models import DAYS, EXACT, Count, Progress
from taskmanager.analytics.slots import OF_A_DAY
from taskmanager.projects.models import Project

_COUNTS = cast("Table", Count.__table__)
KEY = [column.name for column in _COUNTS.primary_key]
# Open tasks by the day of UTC on which they were made: how old they are is asked of all there are.
_OPEN = "open"
_NOTHING = [0, 0]

Key = tuple[str, int, str, int, str]
"""Project, grain, kind, slot, who."""
Cells = defaultdict[Key, list[int]]


def _cells() -> Cells:
    return defaultdict(lambda: [0, 0])


class Changes:
    """What is to be added to the counts; of flows nothing that lies before the slot ``cutoff``."""

    def __init__(self, cutoff: int) -> None:
        self._cutoff = cutoff
        self._exact = _cells()

    def add(self, project_id: str, counts: Iterable[Sequence[Any]], sign: int) -> None:
        """Add what a task counts for in a project, or with ``sign`` -1 take it away."""
        for kind, slot, who, n, total in counts:
            if kind not in FLOWS or slot >= self._cutoff:
                cell = self._exact[project_id, EXACT, kind, slot, who]
                cell[0] += sign * n
                cell[1] += sign * total

    async def write(self, session: AsyncSession, progress: Progress) -> None:
        """Write all of it, and for whole days as far as they are kept."""
        changes = {key: cell for key, cell in self._with_days(progress).items() if cell != _NOTHING}
        known = select(Project.id).where(Project.id.in_({key[0] for key in changes}))
        projects = set((await session.execute(known)).scalars()) if changes else set()
        # In one order always.
        rows = [
            {**dict(zip(KEY, key, strict=True)), "n": n, "total": total}
            for key, (n, total) in sorted(changes.items())
            if key[0] in projects
        ]
        if rows:
            await _write(session, rows)

    def _with_days(self, progress: Progress) -> Cells:
        found = _cells()
        for key, cell in self._exact.items():
            project_id, _, kind, slot, who = key
            found[key] = cell
            for offset in _offsets(kind, project_id, progress):
                day = found[project_id, DAYS + offset, kind, (slot + offset) // OF_A_DAY, who]
                day[0] += cell[0]
                day[1] += cell[1]
        return found


def _offsets(kind: str, project_id: str, progress: Progress) -> list[int]:
    """Return of which offsets days are kept of a kind."""
    if kind not in FLOWS:
        return [0] if kind == _OPEN else []
    being_filled = progress.filling is not None and project_id <= progress.filled
    return [*progress.offsets, progress.filling or 0] if being_filled else progress.offsets


async def _write(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    add: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = add(_COUNTS)
    new = {name: _COUNTS.c[name] + statement.excluded[name] for name in ("n", "total")}
    connection = await session.connection()
    await connection.execute(statement.on_conflict_do_update(index_elements=KEY, set_=new), rows)
    less = [{f"key_{name}": row[name] for name in KEY} for row in rows if row["n"] < 0]
    if less:
        here = [_COUNTS.c[name] == bindparam(f"key_{name}") for name in KEY]
        await connection.execute(delete(_COUNTS).where(*here, _COUNTS.c.n == 0), less)
