"""SQLite as a server's database: WAL, full durability, and one writer whose COMMIT requests share.

Measured: several connections that write collapse to a few hundred commits a second with a long tail; one
connection with shared commits does thousands, each acknowledged only after its data is on disk.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from types import ModuleType
from typing import Any

import aiosqlite
from sqlalchemy import URL, Connection, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from taskmanager.kit.shield import WriteSession, to_the_end

BUSY_SECONDS = 5
READERS = 8


def driver() -> ModuleType:
    """Return the newest SQLite at hand: pysqlite3 where it has a wheel, else Python's own."""
    try:
        import pysqlite3.dbapi2 as newest  # noqa: PLC0415 - optional by platform
    except ImportError:
        return sqlite3
    return newest  # type: ignore[no-any-return]


def has_reset_bug(version: tuple[int, int, int]) -> bool:
    """Tell whether this SQLite can damage a WAL that one connection resets while another one checkpoints it.

    Fixed in 3.51.3, and in 3.50.7 and 3.44.6 (https://sqlite.org/wal.html#walresetbug); ours has one connection that
    checkpoints in each process, so it takes two processes.
    """
    fixed_at = {(3, 44): 6, (3, 50): 7, (3, 51): 3}
    return version[2] < fixed_at.get(version[:2], 1_000) if version < (3, 52) else False


class SearchMissing(Exception):  # noqa: N818 - says what to do
    """The SQLite at hand was built without FTS5, which full-text search needs."""

    def __init__(self) -> None:
        message = "This SQLite has no full-text search (FTS5). Install the package pysqlite3, or use PostgreSQL."
        super().__init__(message)


def require_fts5(connection: Connection) -> None:
    """Raise :class:`SearchMissing` unless this SQLite can keep a full-text index."""
    found = connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'")
    if found.first() is None:
        raise SearchMissing


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite over whichever SQLite module :func:`driver` found, with that module's exceptions."""

    def _init_dbapi_attributes(self) -> None:
        super()._init_dbapi_attributes()
        names = (
            "DatabaseError",
            "Error",
            "IntegrityError",
            "NotSupportedError",
            "OperationalError",
            "ProgrammingError",
        )
        for name in (*names, "sqlite_version", "sqlite_version_info"):
            setattr(self, name, getattr(self.sqlite, name))


class _Cursor(aiosqlite.Cursor):
    """A cursor that goes to its connection's thread once a statement instead of four times.

    Rows are fetched on the trip that finds them, so nothing is left open that would need another one to be closed.
    """

    def __init__(self, connection: aiosqlite.Connection, cursor: Any) -> None:
        super().__init__(connection, cursor)
        self._rows: Iterator[Any] = iter(())

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "_Cursor":
        await self._execute(self._run, sql, parameters or ())  # type: ignore[no-untyped-call]
        return self

    def _run(self, sql: str, parameters: Any) -> None:
        self._cursor.execute(sql, parameters)
        self._rows = iter(self._cursor.fetchall() if self._cursor.description else ())

    async def fetchone(self) -> Any:
        return next(self._rows, None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        return list(islice(self._rows, size or self.arraysize))

    async def fetchall(self) -> list[Any]:
        return list(self._rows)

    async def close(self) -> None:
        self._rows = iter(())


class _Connection(aiosqlite.Connection):
    """A connection whose cursors are :class:`_Cursor`; a trip to the thread costs more than most statements."""

    def cursor(self) -> Any:
        return _Cursor(self, self._conn.cursor())


def create_engine(url: URL, *, writable: bool) -> AsyncEngine:
    """Return the engine of the one writer, or of the readers (which cannot write)."""
    module = driver()
    path = url.database or ""

    async def connect(*_: Any, **__: Any) -> aiosqlite.Connection:
        def open_file() -> Any:
            return module.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)

        connection = _Connection(open_file, iter_chunk_size=256)
        connection._thread.daemon = True  # noqa: SLF001 - a hung disk must not keep the process alive
        return await connection

    engine = create_async_engine(
        url,
        hide_parameters=True,  # errors are logged; names, addresses and digests are not
        module=_Driver(aiosqlite, module),
        connect_args={"async_creator_fn": connect},
        pool_size=1 if writable else READERS,
        max_overflow=0,
        pool_timeout=30,
        # A session that reads has rolled back before it gives its connection back; once is enough.
        pool_reset_on_return="rollback" if writable else None,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(dbapi_connection: Any, _record: Any) -> None:
        cursor = dbapi_connection.cursor()
        pragmas = ["journal_mode=WAL"] if writable else ["query_only=ON", "wal_autocheckpoint=0"]
        for pragma in (*pragmas, "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    if writable:

        @event.listens_for(engine.sync_engine, "begin")
        def _begin(connection: Any) -> None:
            # A deferred BEGIN that later writes fails at once when another process wrote meanwhile.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class WriteInterrupted(OSError):  # noqa: N818 - answered like any outage: try again
    """The transaction ended before its COMMIT; nothing of it was kept."""

    def __init__(self) -> None:
        super().__init__("the write was interrupted")


class _Group:
    """Requests whose writes become durable by one COMMIT."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
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
            session = WriteSession(group.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
            try:
                yield session
                await session.commit()
            except BaseException as error:
                await to_the_end(self._undo(group, session, error))
                raise
            await session.close()
        await asyncio.shield(group.done)

    async def _begin(self) -> _Group:
        connection = await self._engine.connect()
        try:
            await connection.begin()
        except BaseException:
            await connection.close()
            raise
        group = self._group = _Group(connection)
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
