"""What tasks are to each other: stored once, seen from both sides, and only where both sides are in sight."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, NetChange, UndoCollisionError
from taskmanager.journal.service import Journal
from taskmanager.kit.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from taskmanager.kit.ids import new_id
from taskmanager.tasks.models import Task, TaskRelation
from taskmanager.tasks.repository import MAX_IDS, TaskRepository
from taskmanager.tasks.rules import TaskRules
from taskmanager.tasks.schemas_actions import RelationOut, Relations

KIND = "relation"
_INVERSE = {"blocked_by": "blocks", "duplicated_by": "duplicates", "follows": "precedes"}
_SEEN_FROM_OTHER = {kind: inverse for inverse, kind in _INVERSE.items()} | {"relates": "relates"}
_ORDERS = frozenset({"blocks", "precedes"})
_LOCK = 7_730_512_904

Triple = tuple[str, str, str]
"""A relation as it is stored: task, kind, other task."""
Related = dict[str, list[RelationOut]]
"""The relations of tasks, by their ids."""


class RelationCycleError(ConflictError):
    code = "relation_cycle"
    title = "A task cannot wait for itself, also not by way of others."


def _stored(task_id: str, kind: str, other_id: str) -> Triple:
    if kind == "relates":
        first, second = sorted((task_id, other_id))
        return first, kind, second
    return (other_id, _INVERSE[kind], task_id) if kind in _INVERSE else (task_id, kind, other_id)


def _seen(row: TaskRelation, task_id: str) -> RelationOut:
    if row.task_id == task_id:
        return RelationOut(kind=row.kind, task_id=row.other_id)
    return RelationOut(kind=_SEEN_FROM_OTHER[row.kind], task_id=row.task_id)


class RelationRepository:
    """Relations whose both tasks one actor sees, out of the trash."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._tasks = TaskRepository(session, actor)

    def _live(self) -> Select[str]:
        return select(Task.id).where(Task.project_id.in_(self._tasks.projects()), Task.deleted_at.is_(None))

    async def of(self, task_id: str) -> Sequence[TaskRelation]:
        """Return the relations of a task in a fixed order; raises 404 if the actor does not see it."""
        await self._tasks.get(task_id)
        statement = (
            select(TaskRelation)
            .where(
                or_(TaskRelation.task_id == task_id, TaskRelation.other_id == task_id),
                TaskRelation.task_id.in_(self._live()),
                TaskRelation.other_id.in_(self._live()),
            )
            .order_by(TaskRelation.kind, TaskRelation.id)
        )
        return (await self._session.execute(statement)).scalars().all()

    async def list(self, task_id: str) -> Sequence[RelationOut]:
        """Return how a task is related, as seen from it."""
        return [_seen(row, task_id) for row in await self.of(task_id)]

    async def of_many(self, task_ids: Sequence[str]) -> Related:
        """Return how each of some tasks is related, in the order of :meth:`of`; tasks without relations stay out."""
        found: Related = defaultdict(list)
        for begin in range(0, len(task_ids), MAX_IDS):
            some = task_ids[begin : begin + MAX_IDS]
            statement = (
                select(TaskRelation)
                .where(or_(TaskRelation.task_id.in_(some), TaskRelation.other_id.in_(some)))
                .where(TaskRelation.task_id.in_(self._live()), TaskRelation.other_id.in_(self._live()))
                .order_by(TaskRelation.kind, TaskRelation.id)
            )
            for row in (await self._session.execute(statement)).scalars():
                for task_id in {row.task_id, row.other_id}.intersection(some):
                    found[task_id].append(_seen(row, task_id))
        return found

    async def find(self, relation_id: str) -> TaskRelation | None:
        return await self._session.get(TaskRelation, relation_id)

    async def find_same(self, triple: Triple) -> TaskRelation | None:
        """Return a relation that says the same, whoever sees it."""
        task_id, kind, other_id = triple
        same = (TaskRelation.task_id == task_id, TaskRelation.kind == kind, TaskRelation.other_id == other_id)
        return (await self._session.execute(select(TaskRelation).where(*same))).scalar_one_or_none()

    async def hold(self) -> None:
        """Let nobody else relate tasks until this transaction ends: two at once could close a circle."""
        if self._session.get_bind().dialect.name == "postgresql":
            await self._session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    async def closes_cycle(self, kind: str, task_id: str) -> bool:
        """Tell whether a chain of relations of a kind leads from a task back to it, whoever sees its links."""
        edges = TaskRelation.__table__
        chain = select(edges.c.other_id.label("id")).where(edges.c.kind == kind, edges.c.task_id == task_id)
        reached = chain.cte("reached", recursive=True)
        reached = reached.union(select(edges.c.other_id).where(edges.c.kind == kind, edges.c.task_id == reached.c.id))
        return (await self._session.scalar(select(reached.c.id).where(reached.c.id == task_id).limit(1))) is not None

    def add(self, relation: TaskRelation) -> None:
        self._session.add(relation)

    async def remove(self, relation: TaskRelation) -> None:
        await self._session.delete(relation)


class RelationService:
    """Changes of relations within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._tasks = TaskRepository(session, actor)
        self._rules = TaskRules(session, actor)
        self._repository = RelationRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def replace(self, task_id: str, data: Relations) -> Sequence[RelationOut]:
        """Make these the relations of a task; those to tasks that the actor cannot see stay."""
        await self._repository.hold()
        task = await self._tasks.get(task_id)
        await self._rules.require_editor(task.project_id)
        wanted: dict[Triple, None] = {}
        for place, relation in enumerate(data.relations):
            if relation.task_id == task_id:
                message = "A task has no relation to itself."
                raise InvalidError.at(f"/relations/{place}/task_id", "same_task", message)
            await self._tasks.get(relation.task_id)
            wanted[_stored(task_id, relation.kind, relation.task_id)] = None
        for row in await self._repository.of(task_id):
            if _triple(row) in wanted:
                del wanted[_triple(row)]
            else:
                await self._remove(row, task.project_id)
        for triple in wanted:
            await self._add(new_id(), triple, task.project_id)
        return await self._repository.list(task_id)

    async def add_new(self, related: Sequence[Triple], projects: Mapping[str, str]) -> None:
        """Relate new tasks, of which ``projects`` names the projects, to each other or to some that were there.

        New ones among themselves were found to close no circle. Raises 409 if one closes by way of the others.
        """
        wanted = list(dict.fromkeys(_stored(*one) for one in related))
        if not wanted:
            return
        await self._repository.hold()
        rows = {new_id(): triple for triple in wanted}
        values = [{"id": relation_id, **_fields(triple)} for relation_id, triple in rows.items()]
        await self._session.execute(insert(TaskRelation), values)
        for task_id, kind, _ in wanted:
            if kind in _ORDERS and task_id not in projects and await self._repository.closes_cycle(kind, task_id):
                raise RelationCycleError
        places = {one: projects.get(triple[0]) or projects[triple[2]] for one, triple in rows.items()}
        await self._journal.write_created(KIND, [(one, places[one], _fields(triple)) for one, triple in rows.items()])

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Take recorded changes back, as changes of the actor's own."""
        await self._repository.hold()
        for change in changes:
            row = await self._repository.find(change.entity_id)
            if change.before.get(DELETED):
                if row is None:
                    raise UndoCollisionError("The relation is gone already.")
                await self._remove(row, await self._editable(_triple(row)))
                continue
            triple = (change.before["task_id"], change.before["kind"], change.before["other_id"])
            project_id = await self._editable(triple)
            if row is not None or await self._repository.find_same(triple) is not None:
                raise UndoCollisionError("The tasks were related again since.")
            try:
                await self._add(change.entity_id, triple, project_id)
            except RelationCycleError as error:
                raise UndoCollisionError("The relation would close a circle by now.") from error

    async def _editable(self, triple: Triple) -> str:
        """Return the project of one of the two tasks that the actor may edit; raises 409 or 403."""
        refused: Exception | None = None
        for task_id in (triple[0], triple[2]):
            try:
                task = await self._tasks.get(task_id)
                await self._rules.require_editor(task.project_id)
            except NotFoundError as error:
                raise UndoCollisionError("A task is gone, or out of your sight.") from error
            except ForbiddenError as error:
                refused = error
            else:
                return task.project_id
        raise refused or UndoCollisionError

    async def _add(self, relation_id: str, triple: Triple, project_id: str) -> None:
        if await self._repository.find_same(triple) is not None:
            return
        task_id, kind, other_id = triple
        self._repository.add(TaskRelation(id=relation_id, task_id=task_id, kind=kind, other_id=other_id))
        await self._session.flush()  # the walk below reads it
        if kind in _ORDERS and await self._repository.closes_cycle(kind, task_id):
            raise RelationCycleError
        await self._journal.write(KIND, relation_id, "created", after=_fields(triple), project_after=project_id)

    async def _remove(self, row: TaskRelation, project_id: str) -> None:
        await self._journal.write(
            KIND, row.id, "removed", before=_fields(_triple(row)), project_before=project_id, project_after=project_id
        )
        await self._repository.remove(row)


def _triple(row: TaskRelation) -> Triple:
    return row.task_id, row.kind, row.other_id


def _fields(triple: Triple) -> dict[str, Any]:
    return dict(zip(("task_id", "kind", "other_id"), triple, strict=True))
