"""Queries of what is known from elsewhere; all limited to one account and to what it may see now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, exists, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.integrations.models import ExternalId
from taskmanager.projects.access import ProjectRole, capped
from taskmanager.projects.models import Label, Project, ProjectAccess, Section
from taskmanager.projects.sections import KIND as SECTION
from taskmanager.projects.service import KIND as PROJECT
from taskmanager.tasks.models import Task
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.state import KIND as TASK

BATCH = 1000


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A live task that the actor sees."""

    id: str
    key: str
    project_id: str


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A live project that the actor sees."""

    id: str
    name: str
    name_key: str
    role: ProjectRole
    is_inbox: bool


@dataclass(frozen=True, slots=True)
class KnownSection:
    """A live section of a project that the actor sees."""

    id: str
    project_id: str
    name_key: str


class ExternalIdRepository:
    """What one account knows from one source."""

    def __init__(self, session: AsyncSession, actor: Actor, source: str) -> None:
        self._session = session
        self._actor = actor
        self._source = source
        self._tasks = TaskRepository(session, actor)

    async def find_tasks(self, external_ids: Sequence[str]) -> dict[str, KnownTask]:
        """Return by external id the tasks that came under it; what was deleted since is not known any more."""
        statement = (
            select(ExternalId.external_id, Task.id, Task.key, Task.project_id)
            .join(Task, Task.id == ExternalId.entity_id)
            .where(*self._mine(TASK), Task.deleted_at.is_(None), Task.project_id.in_(self._tasks.projects()))
        )
        rows = await self._rows(statement, ExternalId.external_id, external_ids)
        return {row[0]: KnownTask(*row[1:]) for row in rows}

    async def find_own_tasks(self, ids: Sequence[str]) -> dict[str, KnownTask]:
        """Return by id the tasks that went out under their own id."""
        statement = select(Task.id, Task.key, Task.project_id).where(
            Task.deleted_at.is_(None), Task.project_id.in_(self._tasks.projects())
        )
        return {row[0]: KnownTask(*row) for row in await self._rows(statement, Task.id, ids)}

    async def find_projects(self, external_ids: Sequence[str]) -> dict[str, str]:
        """Return by external id the ids of the projects that were made for it; they may be gone."""
        return await self._find(PROJECT, external_ids)

    async def find_sections(self, external_ids: Sequence[str]) -> dict[str, str]:
        """Return by external id the ids of the sections that were made for it; they may be gone."""
        return await self._find(SECTION, external_ids)

    async def _find(self, kind: str, external_ids: Sequence[str]) -> dict[str, str]:
        statement = select(ExternalId.external_id, ExternalId.entity_id).where(*self._mine(kind))
        return dict(await self._rows(statement, ExternalId.external_id, external_ids))

    async def remember(self, kind: str, rows: Sequence[tuple[str, str, dict[str, Any] | None]]) -> None:
        """Keep external id, id here and raw of new things; what the external ids meant before is gone."""
        for batch in _batches(rows):
            stale = ExternalId.external_id.in_([external_id for external_id, _, _ in batch])
            await self._session.execute(delete(ExternalId).where(*self._mine(kind), stale))
            shared = {"account_id": self._actor.user_id, "source": self._source, "entity_kind": kind}
            values = [
                {**shared, "external_id": external_id, "entity_id": entity_id, "raw": raw}
                for external_id, entity_id, raw in batch
            ]
            await self._session.execute(insert(ExternalId), values)

    async def _rows(self, statement: Select[*tuple[Any, ...]], column: Any, values: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for batch in _batches(values):
            found += (await self._session.execute(statement.where(column.in_(batch)))).all()
        return found

    def _mine(self, kind: str) -> tuple[Any, ...]:
        mine = ExternalId.account_id == self._actor.user_id
        return mine, ExternalId.source == self._source, ExternalId.entity_kind == kind


class PlaceRepository:
    """Where tasks of a file can go."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def projects(self) -> list[KnownProject]:
        """Return all projects that the actor sees, oldest first."""
        statement = (
            select(Project.id, Project.name, Project.name_key, ProjectAccess.role, Project.inbox_of.is_not(None))
            .join(ProjectAccess, ProjectAccess.project_id == Project.id)
            .where(ProjectAccess.user_id == self._actor.user_id)
            .order_by(Project.id)
        )
        rows = await self._session.execute(statement)
        return [KnownProject(row[0], row[1], row[2], capped(row[3], self._actor), row[4]) for row in rows]

    async def sections(self) -> list[KnownSection]:
        """Return all live sections of the projects that the actor sees."""
        mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)
        statement = select(Section.id, Section.project_id, Section.name_key).where(
            Section.project_id.in_(mine), Section.deleted_at.is_(None)
        )
        return [KnownSection(*row) for row in await self._session.execute(statement)]

    async def readers(self, project_id: str, usernames: Iterable[str]) -> dict[str, str]:
        """Return by user name the ids of those accounts that see a project."""
        found: dict[str, str] = {}
        for batch in _batches(list(usernames)):
            statement = (
                select(User.username, User.id)
                .join(ProjectAccess, ProjectAccess.user_id == User.id)
                .where(ProjectAccess.project_id == project_id, User.username.in_(batch))
            )
            found.update((await self._session.execute(statement)).all())
        return found

    async def labels(self) -> dict[str, Label]:
        """Return the actor's own labels by name key."""
        statement = select(Label).where(Label.user_id == self._actor.user_id)
        return {label.name_key: label for label in (await self._session.execute(statement)).scalars()}

    async def taken_for_system(self, ids: Sequence[str]) -> set[str]:
        """Return which ids tasks, projects and sections of anybody have: new ones cannot have them."""
        taken: set[str] = set()
        for batch in _batches(ids):
            for column in (Task.id, Project.id, Section.id):
                taken.update((await self._session.execute(select(column).where(column.in_(batch)))).scalars())
        return taken

    async def hold(self) -> None:
        """Let no other import of the same account run until this transaction ends: both would make the same tasks."""
        mine = select(Project.id).where(Project.inbox_of == self._actor.user_id)
        await self._session.execute(mine.with_for_update())


async def purge(session: AsyncSession, limit: int = 1000) -> None:
    """Forget where up to ``limit`` things came from that are deleted for good."""
    models: dict[str, Any] = {TASK: Task, PROJECT: Project, SECTION: Section}
    columns = (ExternalId.account_id, ExternalId.source, ExternalId.entity_kind, ExternalId.external_id)
    for kind, model in models.items():
        gone = ~exists().where(model.id == ExternalId.entity_id)
        statement = select(*columns).where(ExternalId.entity_kind == kind, gone).limit(limit)
        await session.execute(delete(ExternalId).where(tuple_(*columns).in_(statement)))


def _batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for begin in range(0, len(values), BATCH):
        yield values[begin : begin + BATCH]
