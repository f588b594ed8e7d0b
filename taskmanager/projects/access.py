"""Roles in a project and the flattened table of who has which."""

from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.service import Journal
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


async def rebuild_access(session: AsyncSession, project_id: str, journal: Journal | None) -> None:
    """Work out again who may do what in a project and all below it, and tell the journal for whom that is new.

    A role holds in the projects below; of several the highest wins; a deleted project gives access to nobody.
    Only an account that is being made has no journal: nobody follows what it sees yet.
    """
    await session.flush()  # the walk reads what this transaction has changed
    inherited = await _roles_above(session, project_id)
    await _rebuild(session, project_id, inherited, journal)


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


async def _rebuild(session: AsyncSession, project_id: str, inherited: dict[str, str], journal: Journal | None) -> None:
    project = await session.get_one(Project, project_id)
    roles = {} if project.deleted_at else _highest(inherited, await _members(session, project_id))
    statement = select(ProjectAccess.user_id, ProjectAccess.role).where(ProjectAccess.project_id == project_id)
    known = dict((await session.execute(statement)).all())
    for user in sorted(known.keys() | roles.keys()):
        if known.get(user) != roles.get(user):
            await _put(session, user, project_id, known.get(user), roles.get(user))
            if journal is not None:
                await journal.write_access(user, project_id, known.get(user), roles.get(user))
    children = (await session.execute(select(Project.id).where(Project.parent_id == project_id))).scalars().all()
    for child in children:
        await _rebuild(session, child, roles, journal)


async def _put(session: AsyncSession, user_id: str, project_id: str, known: str | None, role: str | None) -> None:
    if known is None:
        await session.execute(insert(ProjectAccess).values(user_id=user_id, project_id=project_id, role=role))
        return
    this = (ProjectAccess.user_id == user_id, ProjectAccess.project_id == project_id)
    if role is None:
        await session.execute(delete(ProjectAccess).where(*this))
    else:
        await session.execute(update(ProjectAccess).where(*this).values(role=role))


async def _members(session: AsyncSession, project_id: str) -> dict[str, str]:
    statement = select(ProjectMember.user_id, ProjectMember.role).where(ProjectMember.project_id == project_id)
    return dict((await session.execute(statement)).all())


def _highest(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    merged = dict(one)
    for user, role in other.items():
        if user not in merged or RANK[role] > RANK[merged[user]]:
            merged[user] = role
    return merged
