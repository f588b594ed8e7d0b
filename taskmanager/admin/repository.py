"""Counts over all rooms; numbers only, no content of anybody's tasks."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.admin.schemas import Counts
from taskmanager.auth.models import Session, User
from taskmanager.kit import clock
from taskmanager.projects.models import Project
from taskmanager.tasks.models import Task


async def counts_for_system(session: AsyncSession) -> Counts:
    """Return how many of everything there are, whoever they belong to."""
    now = clock.now()
    live = (Session.revoked_at.is_(None), Session.idle_expires_at > now, Session.absolute_expires_at > now)
    statement = select(
        select(func.count()).select_from(User).scalar_subquery(),
        select(func.count()).select_from(User).where(User.active).scalar_subquery(),
        select(func.count()).select_from(Session).where(*live).scalar_subquery(),
        select(func.count()).select_from(Project).where(Project.deleted_at.is_(None)).scalar_subquery(),
        select(func.count()).select_from(Task).where(Task.deleted_at.is_(None)).scalar_subquery(),
    )
    users, active, sessions, projects, tasks = (await session.execute(statement)).one()
    return Counts(users=users, active_users=active, live_sessions=sessions, projects=projects, tasks=tasks)
