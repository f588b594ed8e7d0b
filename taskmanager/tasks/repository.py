"""Every query of tasks; all limited to the projects that the actor may see."""

import operator
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import InvalidError, NotFoundError
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.projects.access import ProjectRole, capped
from taskmanager.projects.models import Project, ProjectAccess
from taskmanager.projects.names import name_key
from taskmanager.tasks.dates import in_zone, start_of_day
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskLabel
from taskmanager.tasks.schemas import TaskQuery, read_moment

BY_ID = SortKey(Task.id, lambda task: task.id)
_SORTS = {
    "priority": SortKey(Task.priority, lambda task: task.priority),
    "due": SortKey(Task.due_sort, lambda task: task.due_sort),
    "position": SortKey(Task.position, lambda task: task.position),
    "created_at": SortKey(Task.created_at, lambda task: task.created_at),
    "updated_at": SortKey(Task.updated_at, lambda task: task.updated_at),
    "title": SortKey(Task.title_key, lambda task: task.title_key),
}
MAX_SORTS = 3
MAX_IDS = 1000


def sort_keys(text: str | None) -> list[SortKey]:
    """Return the order that ``sort`` asks for, made total by the id."""
    words = (text or "-created_at").split(",")
    names = [word.removeprefix("-") for word in words]
    if len(words) > MAX_SORTS or len(set(names)) != len(names) or not set(names) <= set(_SORTS):
        message = f"Sort by up to {MAX_SORTS} of {', '.join(_SORTS)}, each once."
        raise InvalidError.at("/query/sort", "unknown_sort", message)
    keys = []
    for word, name in zip(words, names, strict=True):
        key = _SORTS[name]
        keys.append(SortKey(key.column, key.read, descending=word.startswith("-")))
    return [*keys, SortKey(BY_ID.column, BY_ID.read, descending=keys[-1].descending)]


class TaskRepository:
    """Tasks as one actor sees them."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    def projects(self) -> Select[str]:
        """Return the query of the ids of all projects that the actor may see."""
        return select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)

    def _visible(self) -> Select[Task]:
        return (
            select(Task)
            .where(Task.project_id.in_(self.projects()))
            .options(selectinload(Task.labels), selectinload(Task.assignees))
        )

    async def list(self, query: TaskQuery, pager: Pager) -> Sequence[Task]:
        statement = self._visible().where(*self._conditions(query))
        return (await self._session.execute(pager.apply(statement, sort_keys(query.sort)))).scalars().all()

    def _conditions(self, query: TaskQuery) -> Sequence[ColumnElement[bool]]:
        trashed = Task.deleted_at.is_not(None)
        found: list[ColumnElement[bool]] = [trashed if query.deleted else ~trashed]
        if query.status:
            found.append(Task.status.in_(query.status.split(",")))
        if query.project_id:
            found.append(Task.project_id == query.project_id)
        if query.priority is not None:
            found.append(Task.priority == query.priority)
        if query.label:
            labelled = select(TaskLabel.task_id).where(TaskLabel.name_key == name_key(query.label))
            found.append(Task.id.in_(labelled))
        if query.assignee:
            user_id = self._actor.user_id if query.assignee == "me" else query.assignee
            found.append(Task.id.in_(select(TaskAssignee.task_id).where(TaskAssignee.user_id == user_id)))
        if query.due_before:
            found.append(self._due(query.due_before, before=True))
        if query.due_after:
            found.append(self._due(query.due_after, before=False))
        return found

    def _due(self, text: str, *, before: bool) -> ColumnElement[bool]:
        """Compare with a date or an instant; what has no due date never compares."""
        moment = read_moment(text)
        zone = self._actor.timezone
        if isinstance(moment, datetime):
            instant = in_zone(moment, "UTC")
            wall = in_zone(moment, zone).replace(tzinfo=UTC)
        else:
            # "After a day" begins when that day is over.
            day = moment if before else date.fromordinal(min(moment.toordinal() + 1, date.max.toordinal()))
            instant = start_of_day(day, zone)
            wall = datetime.combine(day, time.min, tzinfo=UTC)
        zoned = Task.due_timezone.is_not(None)
        if before:
            compared = or_(and_(zoned, Task.due_sort < instant), and_(~zoned, Task.due_sort < wall))
        else:
            strict = isinstance(moment, datetime)
            beyond = operator.gt if strict else operator.ge
            compared = or_(and_(zoned, beyond(Task.due_sort, instant)), and_(~zoned, beyond(Task.due_sort, wall)))
        return and_(Task.due_local.is_not(None), compared)

    async def get(self, task_id: str, *, trashed: bool | None = False, lock: bool = False) -> Task:
        """Return one task; ``trashed`` tells whether it must be in the trash (None: either)."""
        statement = self._visible().where(Task.id == task_id)
        if trashed is not None:
            statement = statement.where(Task.deleted_at.is_not(None) if trashed else Task.deleted_at.is_(None))
        if lock:
            statement = statement.with_for_update(of=Task)
        task = (await self._session.execute(statement)).scalar_one_or_none()
        if task is None:
            raise NotFoundError
        return task

    async def get_many(self, ids: Sequence[str]) -> dict[str, Task]:
        """Return those of the tasks that the actor may see, in the trash or not, locked."""
        found: dict[str, Task] = {}
        for begin in range(0, len(ids), MAX_IDS):
            statement = self._visible().where(Task.id.in_(ids[begin : begin + MAX_IDS])).order_by(Task.id)
            rows = await self._session.execute(statement.with_for_update(of=Task))
            found.update((task.id, task) for task in rows.scalars())
        return found

    async def children(self, ids: Sequence[str], *, live: bool) -> Sequence[str]:
        """Return the ids of the tasks right below some; with ``live`` only of those not in the trash."""
        found: list[str] = []
        for begin in range(0, len(ids), MAX_IDS):
            statement = select(Task.id).where(Task.parent_id.in_(ids[begin : begin + MAX_IDS]))
            if live:
                statement = statement.where(Task.deleted_at.is_(None))
            found.extend((await self._session.execute(statement)).scalars())
        return found

    async def role(self, project_id: str) -> ProjectRole:
        """Return what the actor may do in a project."""
        mine = (ProjectAccess.user_id == self._actor.user_id, ProjectAccess.project_id == project_id)
        role = await self._session.scalar(select(ProjectAccess.role).where(*mine))
        if role is None:
            raise NotFoundError
        return capped(role, self._actor)

    async def descendants(self, task_id: str) -> Sequence[Task]:
        """Return all tasks below one, in the trash or not."""
        below = select(Task.id).where(Task.parent_id == task_id).cte("below", recursive=True)
        below = below.union(select(Task.id).where(Task.parent_id == below.c.id))
        statement = self._visible().where(Task.id.in_(select(below.c.id))).order_by(Task.id).with_for_update(of=Task)
        return (await self._session.execute(statement)).scalars().all()

    async def comment_ids(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the ids of all comments of some tasks."""
        return (await self._session.execute(select(Comment.id).where(Comment.task_id.in_(ids)))).scalars().all()

    async def hold_parents(self, project_id: str) -> None:
        """Let nobody else change which task of a project lies in which until this transaction ends."""
        await self._session.execute(select(Project.id).where(Project.id == project_id).with_for_update())

    async def next_number(self, project_id: str, count: int = 1) -> tuple[int, str]:
        """Take ``count`` numbers of a project; return the first one and the project's key prefix."""
        statement = (
            update(Project)
            .where(Project.id == project_id)
            .values(last_number=Project.last_number + count)
            .returning(Project.last_number, Project.key)
            .execution_options(synchronize_session=False)
        )
        last, prefix = (await self._session.execute(statement)).one()
        return last - count + 1, prefix

    async def last_position(self, project_id: str) -> str | None:
        """Return the greatest position in a project; its number was taken before, which locks the project."""
        return await self._session.scalar(select(func.max(Task.position)).where(Task.project_id == project_id))

    def add(self, task: Task) -> None:
        self._session.add(task)

    async def remove(self, task: Task) -> None:
        await self._session.delete(task)
