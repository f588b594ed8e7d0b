"""Roles in a project and the flattened table of who has which."""

from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import ForbiddenError
from taskmanager.projects.models import Project, ProjectAccess, ProjectMember

ProjectRole = Literal["viewer", "commenter", "editor", "admin"]
RANK: dict[str, int] = {"viewer": 1, "commenter": 2, "editor": 3, "admin": 4}


def capped(role: str, actor: Actor) -> ProjectRole:
    """Return a project role as far as the instance role allows it: a guest never writes."""
    return role if actor.may_write else "viewer"  # type: ignore[return-value]


def require(role: str, least: ProjectRole) -> None:
    """Raise 403 unless ``role`` is at least ``least``; whoever gets here may see the project."""
    if RANK[role] < RANK[least]:
        message = f"Your role here is {role}; this needs {least}."
        raise ForbiddenError(message)


async def rebuild_access(session: AsyncSession, project_id: str) -> None:
    """Work out again who may do what in a project and all below it.

    A role holds in the projects below; of several the highest wins; a deleted project gives access to nobody.
    """
    await session.flush()  # the walk reads what this transaction has changed
    inherited = await _roles_above(session, project_id)
    await _rebuild(session, project_id, inherited)


async def _roles_above(session: AsyncSession, project_id: str) -> dict[str, str]:
    """Return the roles that come from the ancestors; none pass through a deleted one."""
    roles: dict[str, str] = {}
    project = await session.get(Project, project_id)
    while project is not None and project.parent_id is not None:
        project = await session.get(Project, project.parent_id)
        if project is None or project.deleted_at is not None:
            break
        roles = _highest(roles, await _members(session, project.id))
    return roles


async def _rebuild(session: AsyncSession, project_id: str, inherited: dict[str, str]) -> None:
    project = await session.get_one(Project, project_id)
    roles = {} if project.deleted_at else _highest(inherited, await _members(session, project_id))
    await session.execute(delete(ProjectAccess).where(ProjectAccess.project_id == project_id))
    session.add_all(ProjectAccess(user_id=user, project_id=project_id, role=role) for user, role in roles.items())
    await session.flush()  # the rows replace those just deleted
    children = (await session.execute(select(Project.id).where(Project.parent_id == project_id))).scalars().all()
    for child in children:
        await _rebuild(session, child, roles)


async def _members(session: AsyncSession, project_id: str) -> dict[str, str]:
    statement = select(ProjectMember.user_id, ProjectMember.role).where(ProjectMember.project_id == project_id)
    return dict((await session.execute(statement)).all())


def _highest(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    merged = dict(one)
    for user, role in other.items():
        if user not in merged or RANK[role] > RANK[merged[user]]:
            merged[user] = role
    return merged
