"""What must not come alive again when a backup takes the place of the present: whatever was ended since it was made."""

from typing import Any

from sqlalchemy import delete, func, inspect, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.models import ApiToken, AuditEvent, AuditMark, Link, Node, Revocation, Session, SigningKey, User
from taskmanager.auth.ring import SILENT
from taskmanager.kit import clock

LEFT_OUT = (SigningKey.__tablename__, Node.__tablename__, Revocation.__tablename__)
"""Tables of which no backup has anything: another ring of keys signs from now on, processes and marks are of a day."""


async def end_credentials(session: AsyncSession) -> dict[str, int]:
    """End all sessions and API tokens and forget unused links; return how many of each.

    Some were ended after the backup was made, and nothing here tells which. Without the ring of then, access tokens are
    void too. Passwords, roles and closed accounts are those of the backup.
    """
    now, found = clock.now(), {}
    ended: Any = update(Session).where(Session.revoked_at.is_(None)).values(revoked_at=now, revoked_reason="restore")
    revoked: Any = update(ApiToken).where(ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    for name, statement in (
        ("sessions", ended),
        ("api_tokens", revoked),
        ("links", delete(Link).where(Link.used_at.is_(None))),
    ):
        result: Any = await session.execute(statement)
        found[name] = int(result.rowcount)
    await session.execute(update(User).values(auth_epoch=User.auth_epoch + 1))
    await _begin_positions(session)
    return found


async def _begin_positions(session: AsyncSession) -> None:
    """Have positions among revocations begin after all that any database of before gave out.

    A cache of before must not be believed. PostgreSQL counts transactions; on SQLite, seconds are ahead of any count.
    """
    if session.get_bind().dialect.name == "sqlite":
        await session.execute(text("DELETE FROM sqlite_sequence WHERE name = 'revocations'"))
        row = "INSERT INTO sqlite_sequence (name, seq) VALUES ('revocations', :seq)"
        await session.execute(text(row), {"seq": int(clock.now().timestamp())})


async def continue_trail(session: AsyncSession, *, anew: bool) -> None:
    """Let the audit trail be sealed on here; with ``anew`` from its beginning, as under another master secret."""
    if anew:
        await session.execute(delete(AuditMark))
        await session.execute(update(AuditEvent).values(position=None, chain=None))
    # Transactions are numbered by each PostgreSQL server for itself.
    await session.execute(update(AuditEvent).where(AuditEvent.position.is_(None)).values(xid=None))


async def record_restore(session: AsyncSession, *, anew: bool, made_at: str, ended: dict[str, int]) -> None:
    detail: dict[str, Any] = {"backup_of": made_at, "sealed_anew": anew or None, **ended}
    await audit.record(session, audit.Event.BACKUP_RESTORED, **detail)


async def open_connections(session: AsyncSession) -> int:
    """Return how many other connections of this program PostgreSQL has: of servers, workers and commands."""
    if session.get_bind().dialect.name != "postgresql":
        return 0
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'taskmanager' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    return int((await session.execute(text(others))).scalar_one())


async def running_nodes(session: AsyncSession) -> int:
    """Return how many processes that serve have been heard of within the last minute."""
    if not await (await session.connection()).run_sync(lambda one: inspect(one).has_table(Node.__tablename__)):
        return 0
    seen = select(func.count()).select_from(Node).where(Node.seen_at > literal(clock.now() - SILENT, Node.seen_at.type))
    return int((await session.execute(seen)).scalar_one())
