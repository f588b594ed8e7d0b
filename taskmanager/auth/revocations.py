"""Changes of access, which every process follows: a session that has ended is believed by nobody who has looked."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, delete, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Revocation
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.following import Following

KEPT = timedelta(hours=1)
_TRANSACTION: ColumnElement[int] = literal_column("pg_current_xact_id()::text::bigint")


@dataclass(frozen=True)
class AccessChanged:
    """A fact: what a session or all sessions of an account may do is not what it was."""

    user_id: str | None = None
    session_id: str | None = None

    @property
    def names(self) -> list[str]:
        return [name for name in (self.user_id, self.session_id) if name is not None]


async def write_down(session: AsyncSession, change: AccessChanged) -> None:
    """Write the revocation row, in the transaction of the change."""
    values: dict[str, Any] = {"user_id": change.user_id, "session_id": change.session_id, "at": clock.now()}
    if session.get_bind().dialect.name == "postgresql":
        values["xid"] = _TRANSACTION
    await session.execute(insert(Revocation).values(values))


class Revocations(Following):
    """Which sessions and accounts may do something else than they could."""

    def __init__(self, database: Database) -> None:
        number = Revocation.id if database.is_sqlite else Revocation.xid
        super().__init__(
            database, cast("Table", Revocation.__table__), number, Revocation.user_id, Revocation.session_id
        )


async def purge(session: AsyncSession, limit: int = 1000) -> int:
    """Remove up to ``limit`` revocation rows that no process can need any more."""
    old = select(Revocation.id).where(Revocation.at < clock.now() - KEPT).limit(limit)
    result: Any = await session.execute(delete(Revocation).where(Revocation.id.in_(old)))
    return int(result.rowcount)
