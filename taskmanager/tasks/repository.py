"""Every query of tasks but lists; all limited to the projects that the actor may see."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Select, Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import NotFoundError
from taskmanager.kit.prepared import Prepared
from taskmanager.projects.access import ProjectRole, capped
from taskmanager.projects.models import Project, ProjectAccess
from taskmanager.tasks.models import Comment, Task, TaskOccurrence

MAX_IDS = 1000

_PROJECTS = cast("Table", Project.__table__)
_MY_ACCESS = ProjectAccess.user_id == bindparam("user_id")
_ROLE = Prepared(
    select(ProjectAccess.project_id, ProjectAccess.role).where(
        _MY_ACCESS, ProjectAccess.project_id == bindparam("project_id")
    )
)
_INBOX = Prepared(
    select(ProjectAccess.project_id, ProjectAccess.role)
    .join(Project, Project.id == ProjectAccess.project_id)
    .where(_MY_ACCESS, Project.inbox_of == bindparam("user_id"))
)
_TAKE_NUMBERS = Prepared(
    update(_PROJECTS)
    .where(_PROJECTS.c.id == bindparam("project_id"))
    .values(last_number=_PROJECTS.c.last_number + bindparam("taken"))
    .returning(_PROJECTS.c.last_number, _PROJECTS.c.key)
)
_LAST_POSITION = Prepared(select(func.max(Task.position)).where(Task.project_id == bindparam("project_id")))


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

    async def get(self, task_id: str, *, trashed: bool | None = False, lock: bool = False) -> Task:
        """Return one task; ``trashed`` tells whether it must be in the trash (None: either)."""
        statement = self._visible().where(Task.id == task_id)
        if trashed is not None:
            statement = statement.where(Task.deleted_at.is_not(None) if trashed else Task.deleted_at.is_(None))
        if lock:
            statement = statement.with_for_update(of=Task, key_share=True)
        task = (await self._session.execute(statement)).scalar_one_or_none()
        if task is None:
            raise NotFoundError
        return task

    async def get_many(self, ids: Sequence[str]) -> dict[str, Task]:
        """Return those of the tasks that the actor may see, in the trash or not, locked."""
        found: dict[str, Task] = {}
        for begin in range(0, len(ids), MAX_IDS):
            statement = self._visible().where(Task.id.in_(ids[begin : begin + MAX_IDS])).order_by(Task.id)
            rows = await self._session.execute(statement.with_for_update(of=Task, key_share=True))
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
        return (await self.place(project_id))[1]

    async def place(self, project_id: str | None) -> tuple[str, ProjectRole]:
        """Return a project, by default the actor's Inbox, and what the actor may do there."""
        parameters = {"user_id": self._actor.user_id, "project_id": project_id}
        rows = (await (_ROLE if project_id is not None else _INBOX).run_with(self._session, parameters)).rows
        if not rows:
            raise NotFoundError
        found, role = rows[0]
        return found, capped(role, self._actor)

    async def descendants(self, task_id: str) -> Sequence[Task]:
        """Return all tasks below one, in the trash or not."""
        below = select(Task.id).where(Task.parent_id == task_id).cte("below", recursive=True)
        below = below.union(select(Task.id).where(Task.parent_id == below.c.id))
        statement = self._visible().where(Task.id.in_(select(below.c.id))).order_by(Task.id)
        rows = await self._session.execute(statement.with_for_update(of=Task, key_share=True))
        return rows.scalars().all()

    async def comment_ids(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the ids of all comments of some tasks."""
        return (await self._session.execute(select(Comment.id).where(Comment.task_id.in_(ids)))).scalars().all()

    async def occurrence_ids(self, ids: Sequence[str]) -> Sequence[str]:
        """Return the ids of all records of past occurrences of some tasks."""
        statement = select(TaskOccurrence.id).where(TaskOccurrence.task_id.in_(ids))
        return (await self._session.execute(statement)).scalars().all()

    async def hold_parents(self, project_id: str) -> None:
        """Let nobody else change which task of a project lies in which until this transaction ends."""
        await self._session.execute(select(Project.id).where(Project.id == project_id).with_for_update(key_share=True))

    async def next_number(self, project_id: str, count: int = 1) -> tuple[int, str]:
        """Take ``count`` numbers of a project; return the first one and the project's key prefix."""
        ((last, prefix),) = (await _TAKE_NUMBERS.run(self._session, project_id=project_id, taken=count)).rows
        return last - count + 1, prefix

    async def last_position(self, project_id: str) -> str | None:
        """Return the greatest position in a project; its number was taken before, which locks the project."""
        ((position,),) = (await _LAST_POSITION.run(self._session, project_id=project_id)).rows
        return cast("str | None", position)

    async def neighbours(self, project_id: str, after: str | None, before: str | None) -> tuple[str | None, str | None]:
        """Return the positions between which a task comes that lies right after or right before another one."""
        anchor = await self.get(after or before or "")
        if anchor.project_id != project_id:
            raise NotFoundError
        in_project = (Task.project_id == project_id,)
        if after is not None:
            following = select(func.min(Task.position)).where(*in_project, Task.position > anchor.position)
            return anchor.position, await self._session.scalar(following)
        preceding = select(func.max(Task.position)).where(*in_project, Task.position < anchor.position)
        return await self._session.scalar(preceding), anchor.position

    async def in_section(self, section_id: str) -> Sequence[str]:
        """Return the ids of the live tasks of a section, whoever asks."""
        statement = select(Task.id).where(Task.section_id == section_id, Task.deleted_at.is_(None)).order_by(Task.id)
        return (await self._session.execute(statement)).scalars().all()

    def add(self, task: Task) -> None:
        self._session.add(task)

    async def remove(self, task: Task) -> None:
        await self._session.delete(task)
