"""One writer on SQLite, whose COMMIT requests share.

Measured: several connections that write collapse to a few hundred commits a second with a long tail; one
connection with shared commits does thousands, each acknowledged only after its data is on disk.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from taskmanager.kit.prepared import Found, translated
from taskmanager.kit.shield import to_the_end
from taskmanager.kit.sqlite import Writer, driver


class WriteInterrupted(OSError):  # noqa: N818 - answered like any outage: try again
    """The transaction ended before its COMMIT; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__("the write was interrupted")


class _Door:
    """The way of prepared statements to the writer."""

    few = 20

    def __init__(self, writer: Writer, dialect: Dialect) -> None:
        self._writer = writer
        self.dialect = dialect
        self._error: type[Exception] = driver().Error

    async def run(self, sql: str, arguments: Sequence[Any], *, returns: bool) -> Found:  # noqa: ARG002 - all the same here
        try:
            return Found(*await self._writer.run(sql, arguments))
        except self._error as error:
            raise translated(sql, error, self.dialect) from error

    async def run_many(self, sql: str, many: Sequence[Sequence[Any]]) -> None:
        try:
            await self._writer.run_many(sql, many)
        except self._error as error:
            raise translated(sql, error, self.dialect) from error


class _Group:
    """Requests whose writes become durable by one COMMIT."""

    def __init__(self, connection: AsyncConnection, writer: Writer) -> None:
        self.connection = connection
        self.writer = writer
        self.door = _Door(writer, connection.dialect)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # A group whose members all failed is awaited by nobody.
        self.done.add_done_callback(lambda done: done.cancelled() or done.exception())


class SharedCommit:
    """The one write path of SQLite.

    A unit takes the lock, works in a savepoint and releases the lock; whoever queued meanwhile joins the same
    transaction, and one COMMIT ends it. Leaving a unit means that its data is on disk; if the COMMIT fails, every
    unit in it fails.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._lock = asyncio.Lock()
        self._group: _Group | None = None
        self._committers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Yield a session; leave with its writes on disk, or with an error and no trace of them."""
        async with self._lock:
            group = self._group
            if group is None:
                group = await to_the_end(self._begin())
            session = AsyncSession(group.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
            try:
                with group.writer.unit():
                    session.info["door"] = group.door
                    await group.writer.run("SAVEPOINT unit")
                    yield session
                    await session.commit()
                    await group.writer.run("RELEASE unit")
            except BaseException as error:
                await to_the_end(self._undo(group, session, error))
                raise
            await session.close()
        await asyncio.shield(group.done)

    async def _begin(self) -> _Group:
        connection = await self._engine.connect()
        try:
            await connection.begin()
            raw = await connection.get_raw_connection()
        except BaseException:
            await connection.close()
            raise
        group = self._group = _Group(connection, cast("Writer", raw.driver_connection))
        # The lock is fair: the commit waits behind those who queued before it, and they join this group.
        task = asyncio.create_task(self._commit(group))
        self._committers.add(task)
        task.add_done_callback(self._committers.discard)
        return group

    async def _undo(self, group: _Group, session: AsyncSession, cause: BaseException) -> None:
        """Take one unit back; if the whole transaction went with it (disk full, cancelled), fail the whole group."""
        try:
            await session.rollback()
            await session.close()
            await group.writer.run("ROLLBACK TO unit")
            await group.writer.run("RELEASE unit")
            whole = await _is_open(group.connection)
        except Exception:  # noqa: BLE001 - whatever it was, the transaction cannot be trusted any more
            whole = False
        if not whole:
            self._group = None
            if not group.done.done():
                group.done.set_exception(cause if isinstance(cause, Exception) else WriteInterrupted())
            await group.connection.invalidate()

    async def _commit(self, group: _Group) -> None:
        async with self._lock:
            if group.done.done():
                await group.connection.close()
                return
            self._group = None
            try:
                if not await _is_open(group.connection):
                    raise WriteInterrupted  # noqa: TRY301 - told to every member like a failing COMMIT
                await group.connection.commit()
            except Exception as error:  # noqa: BLE001 - handed to every member of the group
                group.done.set_exception(error)
                await group.connection.invalidate()
            else:
                group.done.set_result(None)
            finally:
                await group.connection.close()

    async def stop(self) -> None:
        """Wait until the writes under way are on disk."""
        if self._committers:
            await asyncio.gather(*self._committers, return_exceptions=True)


async def _is_open(connection: AsyncConnection) -> bool:
    """Tell whether the transaction is still there: SQLite may have rolled it back by itself (a full disk).

    Python's COMMIT does nothing outside a transaction, and would look like success.
    """
    if connection.invalidated:
        return False
    raw = await connection.get_raw_connection()
    return bool(raw.driver_connection is not None and raw.driver_connection.in_transaction)
