"""Changes of access in the order of the database: what was read before one is not believed after it.

Every change writes a row in its own transaction, and every process follows these rows. A position among them is a
moment of the database itself: what is read after a position was learnt has seen every change before it. What is cached
is kept with its position, and believed only while no later change names it. Neither the clocks of the nodes nor what
became of the cache meanwhile has a say in this.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, bindparam, delete, insert, literal_column, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Revocation
from taskmanager.kit import clock
from taskmanager.kit.db import Database

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.4
TRUST_SECONDS = 0.9
# Longer than anything cached is kept: what is older than this may be forgotten.
REMEMBERED_SECONDS = 35.0
# More changes than this at once are not followed one by one; everything cached before them is disbelieved instead.
MOST_FOLLOWED = 10_000
KEPT = timedelta(hours=1)
_BEYOND = 2**62

# PostgreSQL commits in another order than it numbers: a position is the oldest transaction that may still commit.
# SQLite has one writer at a time, so the next number will do; its counter outlives the rows.
_POSTGRESQL = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_SQLITE = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'revocations'), 0) + 1"
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


class Revocations:
    """Follows the changes of access; each process has one of these."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statement = _changes(is_sqlite=database.is_sqlite)
        self.position = _BEYOND
        self._oldest = _BEYOND
        self._positions: deque[tuple[float, int]] = deque()
        self._changed: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self._turn = 0
        self._followed_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def allow(self, position: int, *names: str) -> bool:
        """Tell whether what was read at ``position`` about these sessions and accounts may still be believed."""
        return (
            time.monotonic() - self._followed_at < TRUST_SECONDS
            and self._oldest <= position <= self.position
            and not any(name in self._heard or self._changed.get(name, -1) >= position for name in names)
        )

    def hear(self, change: AccessChanged) -> None:
        """Know of a change at once, before its row is read; called when it has been committed."""
        for name in change.names:
            self._heard[name] = self._turn

    async def start(self) -> None:
        await self.follow()
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self.follow()
            except (SQLAlchemyError, OSError):
                logger.warning("cannot follow revocations; sessions are read from the database", exc_info=True)

    async def follow(self) -> None:
        """Learn what changed since the last time."""
        begun = time.monotonic()
        self._turn += 1
        turn = self._turn
        rows = await self._read()
        if rows[0].position < self.position or len(rows) > MOST_FOLLOWED:
            # The first time, another database in the place of the former, or a flood.
            self._begin_anew(rows[0].position)
            rows = await self._read()
        if len(rows) > MOST_FOLLOWED:
            return
        for row in rows:
            for name in (row.user_id, row.session_id):
                if name is not None:
                    self._changed[name] = max(row.number, self._changed.get(name, -1))
        self.position = rows[0].position
        self._followed_at = begun
        self._heard = {name: heard for name, heard in self._heard.items() if heard >= turn}
        self._forget_what_is_old(begun)

    async def _read(self) -> Sequence[Row[Any]]:
        """Return the present position with each change since the last one, or with none."""
        async with self._database.read() as session:
            result = await session.execute(self._statement, {"since": self.position})
            rows: Sequence[Row[Any]] = result.all()
        return rows

    def _begin_anew(self, position: int) -> None:
        self.position = self._oldest = position
        self._positions.clear()
        self._changed.clear()

    def _forget_what_is_old(self, now: float) -> None:
        self._positions.append((now, self.position))
        while self._positions[0][0] < now - REMEMBERED_SECONDS:
            self._oldest = self._positions.popleft()[1]
        self._changed = {name: number for name, number in self._changed.items() if number >= self._oldest}


def _changes(*, is_sqlite: bool) -> Select[Any]:
    """Return the one statement that reads position and changes as of one moment."""
    now = select(literal_column(_SQLITE if is_sqlite else _POSTGRESQL).label("position")).subquery("now")
    number = Revocation.id if is_sqlite else Revocation.xid
    columns = (now.c.position, number.label("number"), Revocation.user_id, Revocation.session_id)
    since = number >= bindparam("since", type_=BigInteger)
    return select(*columns).select_from(now.outerjoin(Revocation, since)).limit(MOST_FOLLOWED + 1)


async def purge(session: AsyncSession, limit: int = 1000) -> int:
    """Remove up to ``limit`` revocation rows that no process can need any more."""
    old = select(Revocation.id).where(Revocation.at < clock.now() - KEPT).limit(limit)
    result: Any = await session.execute(delete(Revocation).where(Revocation.id.in_(old)))
    return int(result.rowcount)
