"""Taking back what the journal recorded of projects."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import (
    DELETED,
    TRASHED_BY,
    NetChange,
    UndoCollisionError,
    put_trash,
    refuse_collisions,
    trash_state,
)
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.errors import InvalidError, NotFoundError
from taskmanager.projects.access import rebuild_access, require
from taskmanager.projects.models import Project
from taskmanager.projects.names import name_key
from taskmanager.projects.repository import ProjectRepository
from taskmanager.projects.service import KIND, state
from taskmanager.projects.tree import check_place, hold_tree


class ProjectReverter:
    """Undoes what an operation did to projects, as new changes of the actor's own."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._repository = ProjectRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Give all projects their earlier fields back; raises 409, 403 or 404 if the actor could not do that now."""
        await hold_tree(self._session)
        projects = await self._load([change.entity_id for change in changes])
        await self._require_admin(projects.values())
        states = {project.id: _full(project) for project in projects.values()}
        refuse_collisions(changes, states)
        await self._refuse_later_children(changes)
        mine = await self._journal.open()
        for change in changes:
            _apply(projects[change.entity_id], change.before, mine)
        await self._rebuild(changes, projects)
        # Only now is there access to what came out of the trash; a refusal takes all of this back.
        await self._require_admin(projects.values())
        for project in projects.values():
            await self._record(project, states[project.id])

    async def _load(self, ids: Sequence[str]) -> dict[str, Project]:
        statement = select(Project).where(Project.id.in_(ids)).order_by(Project.id).with_for_update(key_share=True)
        projects = {project.id: project for project in (await self._session.execute(statement)).scalars()}
        if len(projects) < len(ids):
            raise UndoCollisionError("A project is gone for good.")
        return projects

    async def _require_admin(self, projects: Any) -> None:
        for project in projects:
            if project.deleted_at is None:
                require((await self._repository.get(project.id))[1], "admin")

    async def _refuse_later_children(self, changes: Sequence[NetChange]) -> None:
        """What was put into a project later would go to the trash with it."""
        going = [change.entity_id for change in changes if change.before.get(DELETED)]
        statement = select(Project.id).where(
            Project.parent_id.in_(going), Project.id.not_in(going), Project.deleted_at.is_(None)
        )
        later = (await self._session.execute(statement)).scalars().all()
        if later:
            collisions = [{"id": child, "fields": ["parent_id"]} for child in later]
            raise UndoCollisionError("Projects were made inside since.", collisions=collisions)

    async def _rebuild(self, changes: Sequence[NetChange], projects: dict[str, Project]) -> None:
        await self._session.flush()  # places and access are read back
        for change in changes:
            project = projects[change.entity_id]
            if project.deleted_at is None and project.parent_id is not None:
                await self._check_parent(project, moved="parent_id" in change.before)
        moving = {change.entity_id for change in changes if {"parent_id", DELETED} & set(change.before)}
        for project_id in moving:
            if projects[project_id].parent_id not in moving:
                await rebuild_access(self._session, project_id, self._journal)

    async def _check_parent(self, project: Project, *, moved: bool) -> None:
        parent = await self._session.get_one(Project, project.parent_id)
        if parent.deleted_at is not None:
            collisions = [{"id": parent.id, "fields": [DELETED]}]
            raise UndoCollisionError("The project above is in the trash.", collisions=collisions)
        if moved:
            try:
                await check_place(self._session, self._repository, project, parent.id)
            except (InvalidError, NotFoundError) as error:
                raise UndoCollisionError("The project above is out of your sight, or too deep.") from error

    async def _record(self, project: Project, earlier: dict[str, Any]) -> None:
        before, after = changed(earlier, _full(project))
        if not after:
            return
        action = "updated"
        if DELETED in after:
            action = "trashed" if after[DELETED] else "restored"
        project.version += 1
        project.updated_at = clock.now()
        await self._journal.write(
            KIND, project.id, action, before=before, after=after, project_before=project.id, project_after=project.id
        )


def _full(project: Project) -> dict[str, Any]:
    return {**state(project), **trash_state(project)}


def _apply(project: Project, values: dict[str, Any], operation_id: str) -> None:
    for name, value in values.items():
        if name not in {DELETED, TRASHED_BY}:
            setattr(project, name, value)
    put_trash(project, values, operation_id)
    project.name_key = name_key(project.name)
