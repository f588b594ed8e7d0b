"""Counts over all rooms; numbers only, no content of anybody's tasks."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.admin.schemas import Counts, KeyOut
from taskmanager.auth.models import Session, SigningKey, User
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


async def keys_for_system(session: AsyncSession) -> list[KeyOut]:
    """Return the signing keys, newest first, and how old they are."""
    columns = (
        SigningKey.kid,
        SigningKey.algorithm,
        SigningKey.state,
        SigningKey.created_at,
        SigningKey.asked_at,
        SigningKey.activated_at,
        SigningKey.retired_at,
    )
    rows = await session.execute(select(*columns).order_by(SigningKey.created_at.desc(), SigningKey.kid))
    now = clock.now()
    return [KeyOut(**row, age_days=(now - row["created_at"]).days) for row in rows.mappings()]
