"""Backups of an installation: what goes into one, and what comes out of it again.

A backup is a copy of every table as of one moment (``kit/copies.py``) but for what is derived or of a day: the
full-text index, signing keys, the list of processes, the marks of revocations.
"""

import hmac
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

import taskmanager
from taskmanager.auth import audit
from taskmanager.auth.master import load_master, master_path, write_master
from taskmanager.auth.models import User
from taskmanager.auth.restored import (
    LEFT_OUT,
    continue_trail,
    end_credentials,
    open_connections,
    record_restore,
    running_nodes,
)
from taskmanager.journal.history import renew_epoch
from taskmanager.journal.models import Entry
from taskmanager.kit import clock, migrate
from taskmanager.kit.columns import instant_text
from taskmanager.kit.copies import Copy, CopyProblem, CopyWriter, Header, open_copy
from taskmanager.kit.copying import Progress, copy_in, copy_out, describe, empty
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.tables import metadata
from taskmanager.tasks.search.models import TaskWords
from taskmanager.tasks.search.rebuilding import rebuild

_LEFT_OUT = {*LEFT_OUT, TaskWords.__tablename__}
_MARK = 32


def copied_tables() -> list[Table]:
    """Return the tables of which a backup has every row."""
    return [table for table in metadata.sorted_tables if table.name not in _LEFT_OUT]


# -- making one --


async def back_up(settings: Settings, database: Database, path: Path, *, with_secret: bool, begin: Any) -> Header:
    """Write a backup to ``path``, which must not exist, and read it again; return what it says of itself.

    ``begin`` is called with the number of rows and returns what is told of the progress. Raises CopyProblem if the
    database is not at this program's revision, and OSError.
    """
    _refuse_existing(path)
    with _whole_file(path) as file:
        async with database.read(snapshot=True) as session:
            if not database.is_sqlite:
                await session.execute(text("SET LOCAL statement_timeout = 0"))
            await _require_newest(session)
            tables = copied_tables()
            also = {"mark": mark_of(settings), "secret": _secret(settings) if with_secret else None}
            described = await describe(session, tables)
            names = (migrate.newest(), clock.now(), taskmanager.__version__, session.get_bind().dialect.name)
            header = Header(*names, described, also)
            await copy_out(session, tables, described, CopyWriter(file, header), begin(header.rows))
        file.flush()
        os.fsync(file.fileno())
        verify(Path(file.name), lambda _: None)
        _refuse_existing(path)
    await audit.record_alone(database, audit.Event.BACKUP_MADE, rows=header.rows, with_secret=with_secret)
    return header


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise CopyProblem(f"{path} is there already; a backup replaces no file")
    if not path.parent.is_dir():
        raise CopyProblem(f"there is no folder {path.parent}")


@contextmanager
def _whole_file(path: Path) -> Iterator[Any]:
    """Yield a file for nobody else's eyes that reaches its place only as a whole."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            Path(file.name).rename(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


async def _require_newest(session: AsyncSession) -> None:
    connection = await session.connection()
    here = await connection.run_sync(migrate.current)
    if here != migrate.newest():
        raise CopyProblem(
            f"the database is at revision {here or 'none'}, this program works with {migrate.newest()}: "
            "back up with the version that serves it, or run `taskmanager migrate` first"
        )


def mark_of(settings: Settings) -> str:
    """Return what tells whether a master secret is the one of a backup, and nothing else about it."""
    return load_master(settings).derive("backup-mark").hex()[:_MARK]


def _secret(settings: Settings) -> str:
    return master_path(settings).read_bytes().decode("latin-1")


# -- reading one --


def verify(path: Path, progress: Progress) -> Header:
    """Read a backup from end to end; raises CopyProblem unless it is whole."""
    with open_copy(path) as copy:
        for table, lines in copy.tables():
            for _ in lines:
                pass
            progress(table.rows)
        return copy.header


# -- bringing one back --


async def find_accounts(settings: Settings) -> int | None:
    """Return how many accounts the database has; None: it is empty. Raises CopyProblem while a server uses it."""
    async with _looking(settings) as session:
        if session is None:
            return None
        running = await running_nodes(session)
        if running:
            raise CopyProblem(
                f"{running} server process(es) were seen within the last minute: stop them first "
                "(after a crash, wait for that minute)"
            )
        connections = await open_connections(session)
        if connections:
            raise CopyProblem(f"{connections} connection(s) of servers, workers or commands are open: stop them first")
        return int((await session.execute(select(func.count()).select_from(User))).scalar_one()) or None


@asynccontextmanager
async def _looking(settings: Settings) -> AsyncIterator[AsyncSession | None]:
    """Yield a session on the database as it is; None where it has no tables yet."""
    async with migrate.exclusively(settings) as connection, AsyncSession(connection) as session:
        yield session if await connection.run_sync(migrate.current) is not None else None


def settle_secret(settings: Settings, header: Header, *, lost: bool) -> bool:
    """See to it that the backup's master secret is in place; return whether another one takes its place.

    Raises CopyProblem unless the secret is there, in the backup, or said to be ``lost``.
    """
    path, secret = master_path(settings), header.also.get("secret")
    if not path.exists() and secret is not None and settings.master_secret_file is None:
        write_master(path, secret.encode("latin-1"))
    if path.exists() and hmac.compare_digest(mark_of(settings), str(header.also.get("mark"))):
        return False
    if lost:
        load_master(settings)
        return True
    wrong = f"{path} holds another master secret than the backup's" if path.exists() else f"there is no {path}"
    raise CopyProblem(
        f"{wrong}. Put the file of then in its place; if it is lost, --lost-secret begins with another one"
        + (" (the backup has its secret: move the other file away to have it written)" if secret else "")
    )


async def restore(settings: Settings, path: Path, *, anew: bool, progress: Progress) -> dict[str, int]:
    """Put a backup in the place of all that the database holds, all of it or nothing; return the rows of each table.

    ``anew`` seals the audit trail again, under the secret that took the place of a lost one. Nobody is signed in
    afterwards. Raises CopyProblem, RevisionUnknown or ForeignKeysBroken, having changed nothing.
    """
    with open_copy(path) as copy:
        async with migrate.exclusively(settings) as connection:
            return await _fill(connection, copy, anew=anew, progress=progress)


async def _fill(connection: AsyncConnection, copy: Copy, *, anew: bool, progress: Progress) -> dict[str, int]:
    header = copy.header
    ours = set(metadata.tables) | {table.name for table in header.tables}
    await empty(connection, ours)
    await connection.run_sync(migrate.go, header.revision)
    await empty(connection, ours)  # a migration may have written rows
    filled = await copy_in(connection, copy, _LEFT_OUT, progress)
    await connection.run_sync(migrate.go, migrate.newest())
    async with AsyncSession(connection, expire_on_commit=False) as session:
        await renew_epoch(session)
        if connection.dialect.name == "sqlite":
            await session.execute(Entry.__table__.update().values(xid=None))  # type: ignore[attr-defined]
        ended = await end_credentials(session)
        await continue_trail(session, anew=anew)
        await record_restore(session, anew=anew, made_at=instant_text(header.made_at), ended=ended)
        await rebuild(session)
    return filled
