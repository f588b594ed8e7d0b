"""Looks at the database before an answer is given from what is cached: has anything been committed since?

On SQLite that is ``PRAGMA data_version``, a few microseconds in shared memory, and rows are read only if it has moved.
On PostgreSQL it is one short statement for all requests that wait at a time. What is believed after a look is as
new as the look itself, whoever wrote meanwhile: another process, another node, the command line.
"""

import asyncio
import contextlib
import logging
import time
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from taskmanager.kit.db import Database
from taskmanager.kit.following import Following
from taskmanager.kit.sqlite import driver

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.4
"""So often it looks by itself: what nobody asks about is followed as well."""
PATIENCE_SECONDS = 0.5
"""A database that takes longer than this to say what is new does not say it."""


class Lookout:
    """Keeps the followers of one process at what the database has."""

    def __init__(self, database: Database, *followings: Following) -> None:
        self._eyes: _Sqlite | _Postgresql = (_Sqlite if database.is_sqlite else _Postgresql)(database, followings)
        self._followings = followings
        self._task: asyncio.Task[None] | None = None

    async def look(self) -> bool:
        """Learn all that was committed before this call; False if the database does not say."""
        return await self._eyes.look()

    async def start(self) -> None:
        """Look for the first time, and go on; raises if the database does not answer."""
        for following in self._followings:
            await following.follow()
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._eyes.close()

    async def _loop(self) -> None:
        well = True
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            found = await self._eyes.look(probe=True)
            if well and not found:
                logger.warning("cannot follow what is committed; nothing that is cached is believed")
            well = found


class _Sqlite:
    """A connection of its own, used where it is awaited: it reads what is in memory or was just written."""

    def __init__(self, database: Database, followings: tuple[Following, ...]) -> None:
        self._path = database.reader.url.database or ""
        self._followings = followings
        self._driver = driver()
        self._connection: Any = None
        self._seen: int | None = None
        self._dialect = database.reader.dialect

    async def look(self, *, probe: bool = False) -> bool:  # noqa: ARG002 - it never waits
        try:
            if self._connection is None:
                self._connection = self._open()
            return self._look(self._connection)
        except self._driver.Error:
            logger.debug("the database cannot be looked at", exc_info=True)
            await self.close()
            return False

    def _open(self) -> Any:
        connection = self._driver.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        for pragma in ("query_only=ON", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _look(self, connection: Any) -> bool:
        begun = time.monotonic()
        ((version,),) = connection.execute("PRAGMA data_version").fetchall()
        if version == self._seen:
            for following in self._followings:
                following.nothing_new(begun)
            return True
        for following in self._followings:
            while not self._follow(connection, following):
                pass
        self._seen = version
        return True

    def _follow(self, connection: Any, following: Following) -> bool:
        look = following.begin()
        asked = following.statement.driven(self._dialect, since=following.position)
        return following.learn(look, asked.rows(connection.execute(asked.sql, asked.arguments).fetchall()))

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None


class _Postgresql:
    """A connection that asks once for all who wait; who comes while it asks waits for the next time.

    The first answer that is late or missing is the last one for requests, until the lookout's own looks are answered
    again: nobody waits for a server that hangs.
    """

    def __init__(self, database: Database, followings: tuple[Following, ...]) -> None:
        import asyncpg  # noqa: PLC0415 - not for SQLite

        self._errors = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
        self._database = database
        self._followings = followings
        self._connection: AsyncConnection | None = None
        self._raw: Any = None
        self._connecting: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Future[bool]] = []
        self._asking: asyncio.Task[None] | None = None
        self._well = True
        self._closed = False

    async def look(self, *, probe: bool = False) -> bool:
        if self._closed or not (self._well or probe):
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                found = False
                try:
                    found = await self._answered()
                finally:
                    self._well = found
                    for answer in waiting:
                        if not answer.done():
                            answer.set_result(self._well)
        finally:
            self._asking = None

    async def _answered(self) -> bool:
        try:
            if not await self._connected():
                return False
            asking = asyncio.ensure_future(self._follow_all())
            await asyncio.wait((asking,), timeout=PATIENCE_SECONDS)
            if not asking.done():
                # A statement that is cancelled may hang all the same; one whose connection is gone ends.
                self._raw.terminate()
            await asking
        except self._errors:
            logger.debug("the database cannot be looked at", exc_info=True)
            await self._leave()
            return False
        return True

    async def _connected(self) -> bool:
        """Tell whether there is a connection by now; one that takes longer goes on, for a cancelled one would leak."""
        if self._raw is not None:
            return True
        connecting = self._connecting = self._connecting or asyncio.create_task(self._connect())
        await asyncio.wait((connecting,), timeout=PATIENCE_SECONDS)
        if not connecting.done():
            return False
        self._connecting = None
        connecting.result()
        return True

    async def _connect(self) -> None:
        connection = await self._database.reader.connect()
        self._raw = (await connection.get_raw_connection()).driver_connection
        self._connection = connection

    async def _follow_all(self) -> None:
        for following in self._followings:
            while not await self._follow(following):
                pass

    async def _follow(self, following: Following) -> bool:
        look = following.begin()
        asked = following.statement.driven(self._database.reader.dialect, since=following.position)
        # Behind a pooler only a transaction stays with one server for the steps that a statement takes.
        async with self._raw.transaction() if self._database.pooled else contextlib.nullcontext():
            rows = await self._raw.fetch(asked.sql, *asked.arguments)
        return following.learn(look, asked.rows(rows))

    async def _leave(self) -> None:
        """Throw the connection away."""
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*self._errors):
                await connection.invalidate()
                await connection.close()

    async def close(self) -> None:
        """Let what is under way end, and give the connection back."""
        self._closed = True
        under_way = [task for task in (self._asking, self._connecting) if task is not None]
        await asyncio.gather(*under_way, return_exceptions=True)
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            await connection.close()
