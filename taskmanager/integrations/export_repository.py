"""Queries of an export: everything that one actor sees, page by page, in an order that every export has."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.integrations.models import ExternalId
from taskmanager.integrations.origin import Origin
from taskmanager.kit.errors import NotFoundError
from taskmanager.projects.models import Label, Project, ProjectAccess, Section
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskOccurrence, TaskRelation
from taskmanager.tasks.reminders.models import Reminder
from taskmanager.tasks.state import KIND as TASK

PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Some tasks of one project in the order of their numbers, with what belongs to them by task id.

    ``origins`` has those of parents too.
    """

    tasks: Sequence[Task]
    creators: dict[str, str]
    assignees: dict[str, list[str]]
    comments: dict[str, list[tuple[Comment, str | None]]]
    occurrences: dict[str, list[tuple[TaskOccurrence, str | None]]]
    relations: dict[str, list[TaskRelation]]
    reminders: dict[str, list[Reminder]]
    origins: dict[str, Origin]


class ExportRepository:
    """Reads within one snapshot."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._only: str | None = None

    async def projects(self, only: str | None) -> Sequence[Project]:
        """Return all projects by name, or just one; raises 404 if the actor does not see it."""
        self._only = only
        statement = (
            select(Project)
            .join(ProjectAccess, ProjectAccess.project_id == Project.id)
            .where(ProjectAccess.user_id == self._actor.user_id)
            .order_by(Project.name_key, Project.id)
        )
        if only is not None:
            statement = statement.where(Project.id == only)
        found = (await self._session.execute(statement)).scalars().all()
        if only is not None and not found:
            raise NotFoundError
        return found

    async def sections(self) -> Sequence[Section]:
        """Return the live sections of what goes out, in the order of each project."""
        statement = (
            select(Section)
            .where(Section.project_id.in_(self._mine()), Section.deleted_at.is_(None))
            .order_by(Section.project_id, Section.position, Section.id)
        )
        if self._only is not None:
            statement = statement.where(Section.project_id == self._only)
        return (await self._session.execute(statement)).scalars().all()

    def _mine(self) -> Select[str]:
        return select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)

    async def labels(self) -> Sequence[Label]:
        """Return the actor's labels by name."""
        statement = select(Label).where(Label.user_id == self._actor.user_id).order_by(Label.name_key)
        return (await self._session.execute(statement)).scalars().all()

    async def count(self, project_ids: Sequence[str]) -> dict[str, int]:
        """Return how many live tasks each of the projects has that has any."""
        statement = (
            select(Task.project_id, func.count())
            .where(Task.project_id.in_(self._mine()), Task.deleted_at.is_(None))
            .group_by(Task.project_id)
        )
        found = dict((await self._session.execute(statement)).all())
        return {project_id: found[project_id] for project_id in project_ids if project_id in found}

    async def page(self, project_id: str, after: int) -> Page:
        """Return the live tasks of a project that follow the number ``after``; the actor was found to see it."""
        statement = (
            select(Task)
            .where(Task.project_id == project_id, Task.number > after, Task.deleted_at.is_(None))
            .order_by(Task.number)
            .limit(PAGE)
            .options(selectinload(Task.labels))
        )
        tasks = (await self._session.execute(statement)).scalars().all()
        ids = [task.id for task in tasks]
        parents = [task.parent_id for task in tasks if task.parent_id is not None]
        page = Page(
            tasks, await self._creators(ids), await self._assignees(ids), await self._comments(ids),
            await self._occurrences(ids), await self._relations(ids), await self._reminders(ids),
            await self._origins([*ids, *parents]),
        )  # fmt: skip
        self._session.expunge_all()
        return page

    async def _creators(self, ids: Sequence[str]) -> dict[str, str]:
        statement = select(Task.id, User.username).join(User, User.id == Task.created_by).where(Task.id.in_(ids))
        return dict((await self._session.execute(statement)).all())

    async def _assignees(self, ids: Sequence[str]) -> dict[str, list[str]]:
        statement = (
            select(TaskAssignee.task_id, User.username)
            .join(User, User.id == TaskAssignee.user_id)
            .where(TaskAssignee.task_id.in_(ids))
        )
        found: dict[str, list[str]] = defaultdict(list)
        for task_id, username in await self._session.execute(statement):
            found[task_id].append(username)
        return found

    async def _comments(self, ids: Sequence[str]) -> dict[str, list[tuple[Comment, str | None]]]:
        statement = (
            select(Comment, User.username)
            .outerjoin(User, User.id == Comment.author_id)
            .where(Comment.task_id.in_(ids), Comment.deleted_at.is_(None))
            .order_by(Comment.created_at, Comment.id)
        )
        found: dict[str, list[tuple[Comment, str | None]]] = defaultdict(list)
        for comment, username in await self._session.execute(statement):
            found[comment.task_id].append((comment, username))
        return found

    async def _occurrences(self, ids: Sequence[str]) -> dict[str, list[tuple[TaskOccurrence, str | None]]]:
        statement = (
            select(TaskOccurrence, User.username)
            .outerjoin(User, User.id == TaskOccurrence.actor_id)
            .where(TaskOccurrence.task_id.in_(ids), TaskOccurrence.deleted_at.is_(None))
            .order_by(TaskOccurrence.at, TaskOccurrence.id)
        )
        found: dict[str, list[tuple[TaskOccurrence, str | None]]] = defaultdict(list)
        for occurrence, username in await self._session.execute(statement):
            found[occurrence.task_id].append((occurrence, username))
        return found

    async def _relations(self, ids: Sequence[str]) -> dict[str, list[TaskRelation]]:
        """Return the relations whose other task goes out too, each at the task with which it is stored."""
        statement = (
            select(TaskRelation)
            .join(Task, Task.id == TaskRelation.other_id)
            .where(TaskRelation.task_id.in_(ids), Task.deleted_at.is_(None), Task.project_id.in_(self._mine()))
            .order_by(TaskRelation.kind, TaskRelation.other_id)
        )
        if self._only is not None:
            statement = statement.where(Task.project_id == self._only)
        found: dict[str, list[TaskRelation]] = defaultdict(list)
        for relation in (await self._session.execute(statement)).scalars():
            found[relation.task_id].append(relation)
        return found

    async def _reminders(self, ids: Sequence[str]) -> dict[str, list[Reminder]]:
        """Return the actor's own reminders."""
        statement = select(Reminder).where(Reminder.task_id.in_(ids), Reminder.user_id == self._actor.user_id)
        found: dict[str, list[Reminder]] = defaultdict(list)
        for reminder in (await self._session.execute(statement)).scalars():
            found[reminder.task_id].append(reminder)
        return found

    async def _origins(self, ids: Sequence[str]) -> dict[str, Origin]:
        statement = select(ExternalId.entity_id, ExternalId.raw).where(
            ExternalId.entity_kind == TASK, ExternalId.entity_id.in_(ids), ExternalId.raw.is_not(None)
        )
        return {task_id: Origin.parse(raw) for task_id, raw in await self._session.execute(statement)}
