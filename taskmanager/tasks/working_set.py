"""Tasks as a client keeps them: the working set, and what became of single ones. Plain columns, as in lists.

The working set is what is open and what was changed lately: old done tasks are looked up when somebody wants them.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, or_, select

from taskmanager.kit import clock
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.listing import TaskListing
from taskmanager.tasks.models import Task
from taskmanager.tasks.repository import MAX_IDS
from taskmanager.tasks.state import CLOSED

CLOSED_KEPT = timedelta(days=30)


class Fate(NamedTuple):
    """Where a task is now, whoever asks."""

    project_id: str
    trashed: bool


def batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ids in portions that a statement takes."""
    for begin in range(0, len(ids), MAX_IDS):
        yield ids[begin : begin + MAX_IDS]


def _kept() -> ColumnElement[bool]:
    recent = Task.updated_at > clock.now() - CLOSED_KEPT
    return Task.deleted_at.is_(None) & or_(Task.status.not_in(CLOSED), recent)


class WorkingSet(TaskListing):
    """The live tasks that one actor may see, as ``TaskOut`` reads them."""

    async def newest(self, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Return the working set, its newest first if it has more than ``limit``, and whether it is complete."""
        statement = select(Task.__table__).where(self._in_sight(), _kept())
        statement = statement.order_by(Task.updated_at.desc(), Task.id.desc()).limit(limit + 1)
        rows = (await self._session.execute(statement)).all()
        return await self.items(rows[:limit]), len(rows) <= limit

    def _in_sight(self) -> ColumnElement[bool]:
        mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)
        return Task.project_id.in_(mine)

    async def of_project(self, project_id: str, after_number: int, limit: int) -> Sequence[Row[Any]]:
        """Return rows of the working set of a project, which the actor was found to see, by their numbers."""
        statement = select(Task.__table__).where(Task.project_id == project_id, Task.number > after_number, _kept())
        return (await self._session.execute(statement.order_by(Task.number).limit(limit))).all()

    async def among(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return those of some tasks that are live and in the actor's sight, by id."""
        found: dict[str, dict[str, Any]] = {}
        for some in batches(ids):
            statement = select(Task.__table__).where(Task.id.in_(some), Task.deleted_at.is_(None), self._in_sight())
            rows = (await self._session.execute(statement)).all()
            found.update((item["id"], item) for item in await self.items(rows))
        return found

    async def fates_for_system(self, ids: Sequence[str]) -> dict[str, Fate]:
        """Return where tasks are, whoever asks; those deleted for good are left out."""
        found: dict[str, Fate] = {}
        for some in batches(ids):
            statement = select(Task.id, Task.project_id, Task.deleted_at.is_not(None)).where(Task.id.in_(some))
            rows = await self._session.execute(statement)
            found.update((task_id, Fate(project_id, trashed)) for task_id, project_id, trashed in rows)
        return found
