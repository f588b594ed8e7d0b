"""How projects lie in each other: where one may be put, one change at a time."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.projects.access import require
from taskmanager.projects.models import Project
from taskmanager.projects.repository import ProjectRepository

MAX_DEPTH = 8
_LOCK = 5_117_402_883


class InboxFixedError(ConflictError):
    code = "inbox_fixed"
    title = "The Inbox is yours alone: it is not shared, moved or deleted."


class ProjectLoopError(ConflictError):
    code = "project_loop"
    title = "A project cannot lie inside itself."


async def hold_tree(session: AsyncSession) -> None:
    """Let nobody else change members or places of projects until this transaction ends.

    Access is worked out from all projects above: two such changes at once would each miss the other. SQLite has one
    writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


async def check_place(
    session: AsyncSession, repository: ProjectRepository, project: Project | None, parent_id: str
) -> None:
    """Raise unless ``project`` (None: a new one) may lie in ``parent_id``; the tree is held."""
    if project is not None and project.inbox_of is not None:
        raise InboxFixedError
    try:
        parent, role = await repository.get(parent_id)
    except NotFoundError as error:
        raise InvalidError.at("/parent_id", "unknown_project", "There is no such project.") from error
    require(role, "admin")
    if parent.inbox_of is not None:
        raise InboxFixedError
    depth = 1 if project is None else await _height(session, project.id)
    above: Project | None = parent
    while above is not None:
        if project is not None and above.id == project.id:
            raise ProjectLoopError
        depth += 1
        above = await session.get(Project, above.parent_id) if above.parent_id is not None else None
    if depth > MAX_DEPTH:
        raise InvalidError.at("/parent_id", "too_deep", f"Projects nest at most {MAX_DEPTH} deep.")


async def _height(session: AsyncSession, project_id: str) -> int:
    """Return how many levels a project has with all below it."""
    level, height = [project_id], 0
    while level and height <= MAX_DEPTH:
        height += 1
        statement = select(Project.id).where(Project.parent_id.in_(level), Project.deleted_at.is_(None))
        level = list((await session.execute(statement)).scalars())
    return height
