"""Every change of a project and the rule that allows it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, put_trash, trash_state
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.access import rebuild_access, require
from taskmanager.projects.models import Project, ProjectMember
from taskmanager.projects.names import name_key, task_prefix
from taskmanager.projects.repository import ProjectRepository, Seen
from taskmanager.projects.schemas import ProjectCreate, ProjectOut, ProjectUpdate
from taskmanager.projects.tree import InboxFixedError, check_place, hold_tree

KIND = "project"
_FIELDS = ("name", "color", "description", "parent_id")


class AccessLostError(ConflictError):
    code = "access_lost"
    title = "You would not see this project any more. Become its member first."


def project_out(seen: Seen) -> ProjectOut:
    """Return a project as the API shows it to someone with that role."""
    project, role = seen
    return ProjectOut(
        id=project.id,
        name=project.name,
        key=project.key,
        color=project.color,
        description=project.description,
        parent_id=project.parent_id,
        is_inbox=project.inbox_of is not None,
        role=role,
        created_at=project.created_at,
        updated_at=project.updated_at,
        version=project.version,
    )


class ProjectService:
    """Changes of projects within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._repository = ProjectRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def create(self, data: ProjectCreate, project_id: str | None = None) -> Seen:
        """Add a project, under an id that is free; its maker administers it."""
        if data.parent_id is not None:
            await hold_tree(self._session)
            await check_place(self._session, self._repository, None, data.parent_id)
        project = new_project(self._actor.user_id, data.name, data.color, data.description, data.parent_id)
        project.id = project_id or project.id
        self._repository.add(project)
        await self._session.flush()  # the membership refers to it
        now = project.created_at
        self._repository.add(
            ProjectMember(project_id=project.id, user_id=self._actor.user_id, role="admin", created_at=now)
        )
        await rebuild_access(self._session, project.id, self._journal)
        await self._record(project, "created", before=None, after=state(project))
        return project, "admin"

    async def update(self, project_id: str, data: ProjectUpdate, if_match: IfMatch) -> Seen:
        """Change what the patch names; a project moves with all below it."""
        changes = {name: getattr(data, name) for name in data.model_fields_set}
        if "parent_id" in changes:
            await hold_tree(self._session)
        project, role = await self._repository.get(project_id, lock=True)
        require(role, "admin")
        if_match.check(project.version, project_out((project, role)))
        moves = changes.get("parent_id", project.parent_id) != project.parent_id
        if moves and project.inbox_of is not None:
            raise InboxFixedError
        if moves and changes["parent_id"] is not None:
            await check_place(self._session, self._repository, project, changes["parent_id"])
        await self._apply(project, changes)
        try:
            return await self._repository.get(project.id)
        except NotFoundError as error:
            raise AccessLostError from error

    async def trash(self, project_id: str, if_match: IfMatch) -> None:
        """Put a project and all below it into the trash; undo brings all of it back."""
        await hold_tree(self._session)
        project, role = await self._repository.get(project_id, lock=True)
        require(role, "admin")
        if project.inbox_of is not None:
            raise InboxFixedError
        if_match.check(project.version, project_out((project, role)))
        operation_id = await self._journal.open()
        for one in (project, *await self._repository.descendants(project.id)):
            before = trash_state(one)
            put_trash(one, {DELETED: True}, operation_id)
            one.version += 1
            await self._record(one, "trashed", before=before, after=trash_state(one))
        await rebuild_access(self._session, project.id, self._journal)

    async def _apply(self, project: Project, changes: dict[str, Any]) -> None:
        before = state(project)
        for name, value in changes.items():
            setattr(project, name, value)
        project.name_key = name_key(project.name)
        old, new = changed(before, state(project))
        if not new:
            return
        project.version += 1
        project.updated_at = clock.now()
        if "parent_id" in new:
            await rebuild_access(self._session, project.id, self._journal)
        await self._record(project, "updated", before=old, after=new)

    async def _record(
        self, project: Project, action: str, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        await self._journal.write(
            KIND, project.id, action, before=before, after=after, project_before=project.id, project_after=project.id
        )


def new_project(
    owner_id: str, name: str, color: str | None = None, description: str = "", parent_id: str | None = None
) -> Project:
    """Return a project that is not stored yet."""
    now = clock.now()
    return Project(
        id=new_id(),
        name=name,
        name_key=name_key(name),
        key=task_prefix(name),
        color=color,
        description=description,
        parent_id=parent_id,
        last_number=0,
        created_by=owner_id,
        created_at=now,
        updated_at=now,
        version=1,
    )


async def add_inbox(session: AsyncSession, user_id: str) -> None:
    """Give a new account its Inbox; part of making the account."""
    inbox = new_project(user_id, "Inbox")
    inbox.inbox_of = user_id
    session.add(inbox)
    await session.flush()  # the membership refers to it
    session.add(ProjectMember(project_id=inbox.id, user_id=user_id, role="admin", created_at=inbox.created_at))
    await rebuild_access(session, inbox.id, None)


def state(project: Project) -> dict[str, Any]:
    """Return everything of a project that can change, as JSON values."""
    return {name: getattr(project, name) for name in _FIELDS}
