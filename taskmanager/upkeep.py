"""What is tidied up by itself: expired keys and sessions, the trash after 30 days, the oldest of the audit trail."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.analytics import usage
from taskmanager.auth import api_token_repository as api_tokens
from taskmanager.auth import audit_sealing, notices, revocations
from taskmanager.auth import repository as auth
from taskmanager.auth.audit_chain import Seals
from taskmanager.integrations import repository as integrations
from taskmanager.kit import clock
from taskmanager.kit.http import idempotency
from taskmanager.kit.jobs import Jobs
from taskmanager.projects import trash as projects
from taskmanager.tasks import trash as tasks
from taskmanager.tasks.notifications import repository as notifications

# Until then their tokens are recognised: a late sign-out is no error, a replay is told from a forgery.
ENDED_SESSIONS_KEPT = timedelta(days=30)
TRASH_KEPT = timedelta(days=30)


def schedule(jobs: Jobs, seals: Seals, audit_days: int, analytics_days: int) -> None:
    """Register the upkeep; each run works on a bounded batch, so that it never holds the writer for long."""
    kept = timedelta(days=audit_days)
    jobs.every(timedelta(minutes=5), "purge_audit", partial(_purge_audit, seals=seals, kept=kept))
    jobs.every(timedelta(minutes=5), "purge_keys", _purge_keys)
    jobs.every(timedelta(minutes=5), "purge_sessions", _purge_sessions)
    known = timedelta(days=analytics_days)
    jobs.every(timedelta(hours=6), "purge_usage", partial(_purge_usage, kept=known))
    jobs.every(timedelta(minutes=15), "purge_trash", _purge_trash)
    jobs.every(timedelta(minutes=15), "purge_notifications", _purge_notifications)


async def _purge_keys(session: AsyncSession, _: dict[str, Any]) -> None:
    await idempotency.purge(session)


async def _purge_sessions(session: AsyncSession, _: dict[str, Any]) -> None:
    before = clock.now() - ENDED_SESSIONS_KEPT
    await auth.purge(session, before)
    await api_tokens.purge(session, before)
    await revocations.purge(session)
    await notices.purge(session)


async def _purge_notifications(session: AsyncSession, _: dict[str, Any]) -> None:
    await notifications.purge(session)


async def _purge_audit(session: AsyncSession, _: dict[str, Any], *, seals: Seals, kept: timedelta) -> None:
    # By whole days: the record of a purge will be purged itself, and must not call for one every few minutes.
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    await audit_sealing.purge(session, seals, today - kept)


async def _purge_usage(session: AsyncSession, _: dict[str, Any], *, kept: timedelta) -> None:
    await usage.purge(session, clock.now() - kept)


async def _purge_trash(session: AsyncSession, _: dict[str, Any]) -> None:
    before = clock.now() - TRASH_KEPT
    if await tasks.purge(session, before):
        await projects.purge(session, before)
    await integrations.purge(session)
