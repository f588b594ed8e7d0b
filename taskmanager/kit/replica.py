"""Reading from a standby that may lag: never by who wrote a moment ago, never from one that is far behind.

How far the standby is, is told by no clock but this process's own: a position of the primary's log is noted each
quarter of a second, and what the standby has replayed is as of the last noted position that it has reached. Who wrote
is marked, in this process and in Redis, for longer than the standby may be behind; so whoever had an answer to a write
finds it in every later answer, from whichever process.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from taskmanager.kit import postgresql
from taskmanager.kit.cache import Cache
from taskmanager.kit.settings import Settings

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.25
STOP_SECONDS = 5.0
LAG_SECONDS = 1.0
"""A standby that is further behind is not read."""
MARK_SECONDS = 3.0
"""So long who wrote reads from the primary: longer than the lag, and than it takes to notice one."""
_PRIMARY = text("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
_STANDBY = text("SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint WHERE pg_is_in_recovery()")


class Replica:
    """The standby of TASKMANAGER_REPLICA_URL as one process knows it."""

    def __init__(self, settings: Settings, primary: AsyncEngine, cache: Cache) -> None:
        self._primary = primary.execution_options(isolation_level="AUTOCOMMIT")
        engine = postgresql.create_engine(settings, settings.replica_url)
        self._engine = engine if settings.database_pooler else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._cache = cache
        self._noted: deque[tuple[float, int]] = deque(maxlen=400)
        self._as_of = float("-inf")
        self._wrote: dict[str, float] = {}
        self._used = False
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            # Cancelling a statement breaks its connection; one that hangs is left behind all the same.
            _, hanging = await asyncio.wait((self._task,), timeout=STOP_SECONDS)
            for task in hanging:
                task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._engine.dispose()

    @property
    def fresh(self) -> bool:
        """Whether the standby has all that was committed up to a second ago."""
        return time.monotonic() - self._as_of < LAG_SECONDS

    async def wrote(self, who: str) -> None:
        """Mark who wrote; called between the commit and the answer."""
        now = time.monotonic()
        self._wrote[who] = now
        if len(self._wrote) > 1000:  # noqa: PLR2004 - now and then
            self._wrote = {name: at for name, at in self._wrote.items() if now - at < MARK_SECONDS}
        await self._cache.run(lambda redis: redis.set(_key(who), b"", px=int(MARK_SECONDS * 1000)))

    async def serves(self, who: str) -> bool:
        """Tell whether this reader may be answered by the standby; no, where nobody can tell who wrote."""
        if not self.fresh or time.monotonic() - self._wrote.get(who, float("-inf")) < MARK_SECONDS:
            return False
        marked: int | None = await self._cache.run(lambda redis: redis.exists(_key(who)))
        return marked == 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession | None]:
        """Yield a session on the standby, None if it cannot be reached. One that breaks off is left alone."""
        async with AsyncSession(self._engine, expire_on_commit=False) as session:
            try:
                await session.connection()
            except (SQLAlchemyError, OSError):
                self._as_of = float("-inf")
                yield None
                return
            try:
                yield session
            except (SQLAlchemyError, OSError):
                self._as_of = float("-inf")
                raise

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.follow()
            except (SQLAlchemyError, OSError):
                self._as_of = float("-inf")
            if self._used != self.fresh:
                self._used = self.fresh
                logger.warning("the replica %s", "is read" if self._used else "lags or is away; the primary is read")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FOLLOW_SECONDS):
                    await self._stopping.wait()

    async def follow(self) -> None:
        """Note where the primary is, and learn how far the standby has come."""
        now = time.monotonic()
        self._noted.append((now, await _position(self._primary, _PRIMARY)))
        replayed = await _position(self._engine, _STANDBY)
        while self._noted and self._noted[0][1] <= replayed:
            self._as_of = self._noted.popleft()[0]


async def _position(engine: AsyncEngine, statement: TextClause) -> int:
    """Return a place in the log; -1 from what is no standby any more."""
    async with engine.connect() as connection:
        found: int | None = await connection.scalar(statement)
    return -1 if found is None else found


def _key(who: str) -> str:
    return f"tm:wrote:{who}"
