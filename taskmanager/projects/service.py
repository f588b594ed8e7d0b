"""Every change of a project and the rule that allows it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.models import Entry
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.access import rebuild_access, require
from taskmanager.projects.models import Project, ProjectMember
from taskmanager.projects.names import name_key, task_prefix
from taskmanager.projects.repository import ProjectRepository, Seen
from taskmanager.projects.schemas import ProjectCreate, ProjectOut, ProjectUpdate

KIND = "project"
MAX_DEPTH = 8
_FIELDS = ("name", "color", "description", "parent_id")


class InboxFixedError(ConflictError):
    code = "inbox_fixed"
    title = "The Inbox is yours alone: it is not shared, moved or deleted."


class ProjectLoopError(ConflictError):
    code = "project_loop"
    title = "A project cannot lie inside itself."


class UndoCollisionError(ConflictError):
    """A later edit would be lost by the undo; ``collisions`` names it."""

    code = "undo_collision"
    title = "Later edits are in the way."


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

    async def create(self, data: ProjectCreate) -> Seen:
        """Add a project; its maker administers it."""
        if data.parent_id is not None:
            await self._require_parent(data.parent_id)
        project = new_project(self._actor.user_id, data.name, data.color, data.description, data.parent_id)
        self._repository.add(project)
        await self._session.flush()  # the membership refers to it
        now = project.created_at
        self._repository.add(
            ProjectMember(project_id=project.id, user_id=self._actor.user_id, role="admin", created_at=now)
        )
        await rebuild_access(self._session, project.id)
        await self._record(project, "created", before=None, after=_state(project))
        return project, "admin"

    async def update(self, project_id: str, data: ProjectUpdate, if_match: IfMatch) -> Seen:
        """Change what the patch names; a project moves with all below it."""
        project, role = await self._repository.get(project_id, lock=True)
        require(role, "admin")
        if_match.check(project.version, project_out((project, role)))
        changes = {name: getattr(data, name) for name in data.model_fields_set}
        if changes.get("parent_id", project.parent_id) != project.parent_id:
            await self._check_move(project, changes["parent_id"])
        await self._apply(project, changes)
        return await self._repository.get(project.id)

    async def trash(self, project_id: str, if_match: IfMatch) -> None:
        """Put a project and all below it into the trash; undo brings all of it back."""
        project, role = await self._repository.get(project_id, lock=True)
        require(role, "admin")
        if project.inbox_of is not None:
            raise InboxFixedError
        if_match.check(project.version, project_out((project, role)))
        operation_id = await self._journal.open()
        now = clock.now()
        for one in (project, *await self._repository.descendants(project.id)):
            one.deleted_at, one.deleted_operation = now, operation_id
            one.version += 1
            await self._record(one, "trashed", before={"deleted": False}, after={"deleted": True})
        await rebuild_access(self._session, project.id)

    async def revert(self, entry: Entry) -> None:
        """Take one recorded change back, if the actor could make that change now and nothing later is in the way."""
        project = await self._session.get(Project, entry.entity_id, with_for_update=True)
        if project is None or (entry.before is None and entry.action != "created"):
            raise UndoCollisionError("The project is gone for good.")
        if entry.action == "created":
            await self.trash(project.id, IfMatch(None))
        elif entry.action == "trashed":
            await self._restore(project, entry)
        elif entry.action == "restored":
            await self.trash(project.id, IfMatch(None))
        else:
            await self._revert_fields(project, entry)

    async def _restore(self, project: Project, entry: Entry) -> None:
        if project.deleted_operation != entry.operation_id:
            raise UndoCollisionError("The project was deleted again later, or restored.")
        project.deleted_at = project.deleted_operation = None
        project.version += 1
        await rebuild_access(self._session, project.id)
        # Only now is there access to check; a refusal takes all of this back.
        _, role = await self._repository.get(project.id)
        require(role, "admin")
        await self._record(project, "restored", before={"deleted": True}, after={"deleted": False})

    async def _revert_fields(self, project: Project, entry: Entry) -> None:
        _, role = await self._repository.get(project.id)
        require(role, "admin")
        state, before = _state(project), entry.before or {}
        later = [name for name, value in (entry.after or {}).items() if state[name] != value]
        if later:
            collisions = [{"id": project.id, "fields": later}]
            raise UndoCollisionError(f"Changed since: {', '.join(later)}.", collisions=collisions)
        if "parent_id" in before:
            await self._check_move(project, before["parent_id"])
        await self._apply(project, before)

    async def _apply(self, project: Project, changes: dict[str, Any]) -> None:
        before = _state(project)
        for name, value in changes.items():
            setattr(project, name, value)
        project.name_key = name_key(project.name)
        old, new = changed(before, _state(project))
        if not new:
            return
        project.version += 1
        project.updated_at = clock.now()
        if "parent_id" in new:
            await rebuild_access(self._session, project.id)
        await self._record(project, "updated", before=old, after=new)

    async def _check_move(self, project: Project, parent_id: str | None) -> None:
        if project.inbox_of is not None:
            raise InboxFixedError
        if parent_id is None:
            return
        await self._require_parent(parent_id)
        if parent_id == project.id or parent_id in {one.id for one in await self._repository.descendants(project.id)}:
            raise ProjectLoopError

    async def _require_parent(self, parent_id: str) -> None:
        try:
            parent, role = await self._repository.get(parent_id)
        except NotFoundError as error:
            raise InvalidError.at("/parent_id", "unknown_project", "There is no such project.") from error
        require(role, "admin")
        if parent.inbox_of is not None:
            raise InboxFixedError
        depth = 1
        above: Project | None = parent
        while above is not None and above.parent_id is not None:
            above = await self._session.get(Project, above.parent_id)
            depth += 1
        if depth >= MAX_DEPTH:
            raise InvalidError.at("/parent_id", "too_deep", f"Projects nest at most {MAX_DEPTH} deep.")

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
    await rebuild_access(session, inbox.id)


def _state(project: Project) -> dict[str, Any]:
    return {name: getattr(project, name) for name in _FIELDS}
