"""SQLite as a server's database: WAL, full durability, and statements that make few trips to a thread."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from types import ModuleType
from typing import Any

import aiosqlite
from sqlalchemy import URL, Connection, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from taskmanager.kit.shield import undisturbed
from taskmanager.kit.statements import Watch

BUSY_SECONDS = 5
READERS = 8
LOOP_SECONDS = 0.01
"""So long a unit may keep the loop before its next statement goes to the thread and lets others run."""
_SHORT = ("SELECT", "INSERT", "UPDATE", "SAVEPOINT", "RELEASE", "ROLLBACK TO")


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

    def __init__(self, connection: "_Connection", cursor: Any) -> None:
        super().__init__(connection, cursor)
        self._reach = connection.reach
        self._rows: Iterator[Any] = iter(())

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "_Cursor":
        await self._reach(sql, self._run, sql, parameters or ())
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

    async def reach(self, sql: str, work: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ARG002 - see Writer
        """Do the work of a statement in the connection's thread."""
        return await self._execute(work, *arguments)  # type: ignore[no-untyped-call]


class Writer(_Connection):
    """The connection that writes. A unit's short statements run where they are awaited, without a trip to the thread.

    They wait for nothing: the unit holds the write lock, and what they touch was read or will be written by the
    commit, which is done in the thread. So is whatever may take long: deletions with all that hangs on them, many rows
    at once, and the next statement of a unit that has kept the loop for :data:`LOOP_SECONDS`.
    """

    _here = False
    _until = 0.0

    @contextmanager
    def unit(self) -> Iterator[None]:
        """Run short statements here."""
        self._here, self._until = True, time.perf_counter() + LOOP_SECONDS
        try:
            yield
        finally:
            self._here = False

    async def run(self, sql: str, arguments: Sequence[Any] = ()) -> tuple[list[Any], int]:
        """Run a statement; return its rows, and how many it changed. Raises the driver's errors."""
        found: tuple[list[Any], int] = await self.reach(sql, self._run, sql, arguments)
        return found

    async def run_many(self, sql: str, many: Sequence[Sequence[Any]]) -> None:
        """Run a statement once for each of these arguments, in the thread."""
        await self._execute(self._conn.executemany, sql, many)

    def _run(self, sql: str, arguments: Sequence[Any]) -> tuple[list[Any], int]:
        cursor = self._conn.execute(sql, arguments)
        return cursor.fetchall(), cursor.rowcount

    async def reach(self, sql: str, work: Callable[..., Any], *arguments: Any) -> Any:
        if self._here and sql.startswith(_SHORT) and time.perf_counter() < self._until:
            return work(*arguments)
        return await self._execute(work, *arguments)

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = await undisturbed(super()._execute(fn, *args, **kwargs))  # type: ignore[no-untyped-call]
        self._until = time.perf_counter() + LOOP_SECONDS
        return result


def _watched(reach: Callable[..., Any], watch: Watch) -> Callable[..., Any]:
    async def watched(sql: str, *rest: Any) -> Any:
        begun = time.perf_counter()
        try:
            return await reach(sql, *rest)
        finally:
            watch(sql, time.perf_counter() - begun)

    return watched


def create_engine(url: URL, *, writable: bool, watch: Watch | None = None) -> AsyncEngine:
    """Return the engine of the one writer, or of the readers (which cannot write).

    ``watch`` is told of each statement, except for rows that are written many at once.
    """
    module = driver()
    path = url.database or ""

    async def connect(*_: Any, **__: Any) -> aiosqlite.Connection:
        def open_file() -> Any:
            return module.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)

        connection = (Writer if writable else _Connection)(open_file, iter_chunk_size=256)
        if watch is not None:
            connection.reach = _watched(connection.reach, watch)  # type: ignore[method-assign]
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
        # Sessions have rolled back before they give their connection back, and a shared commit has ended.
        pool_reset_on_return=None,
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
