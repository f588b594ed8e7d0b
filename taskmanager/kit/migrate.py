"""Migrations: all steps in one transaction, safe when several processes start at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from taskmanager.kit import postgresql, sqlite
from taskmanager.kit.settings import Settings

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
_LOCK = 7_236_110_541


class ForeignKeysBroken(Exception):  # noqa: N818 - stops a migration before it is committed
    """A migration would leave rows that refer to nothing."""


class RevisionUnknown(Exception):  # noqa: N818 - says what to do
    """A database or backup of a newer version of the program."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"revision {revision} is of a newer version of the program than this one; use that version")


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database to a revision; an older or newer one is reached through each step between."""
    connect_for_migration(settings, lambda connection: _run(connection, command.upgrade, revision))


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to a revision."""
    connect_for_migration(settings, lambda connection: _run(connection, command.downgrade, revision))


def newest() -> str:
    """Return the revision that this version of the program works with."""
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""


def known() -> list[str]:
    """Return all revisions that this version of the program knows, the oldest first."""
    return [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]


def go(connection: Connection, revision: str) -> None:
    """Take the database of ``connection`` to a revision, up or down, in its transaction.

    Raises :class:`RevisionUnknown` if this version of the program knows either end of the way not.
    """
    order = known()
    here = current(connection)
    for one in (revision, here):
        if one is not None and one not in order:
            raise RevisionUnknown(one)
    down = here is not None and order.index(revision) < order.index(here)
    _run(connection, command.downgrade if down else command.upgrade, revision)


def current(connection: Connection) -> str | None:
    """Return the revision that the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def comparison(connection: Connection, metadata: MetaData) -> dict[str, Any]:
    """Return Alembic's options for comparing the models with a database.

    Tables marked ``virtual_on_sqlite`` are left out there, with those in which SQLite keeps their content: they have
    neither types nor keys that could be compared. So are indexes with a descending column there: SQLite does not tell
    which one that is.
    """
    tables = metadata.tables.values() if connection.dialect.name == "sqlite" else ()
    virtual = [table.name for table in tables if table.info.get("virtual_on_sqlite")]
    mixed = {
        index.name
        for table in tables
        for index in table.indexes
        if not all(isinstance(column, Column) for column in index.expressions)
    }

    def is_compared(name: str | None) -> bool:
        return not any(name == one or str(name).startswith(f"{one}_") for one in virtual)

    return {
        "target_metadata": metadata,
        "compare_type": True,
        "include_name": lambda name, kind, _: kind != "table" or is_compared(name),
        "include_object": lambda _thing, name, kind, *_: (
            is_compared(name) if kind == "table" else kind != "index" or name not in mixed
        ),
    }


def _run(connection: Connection, step: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    before = current(connection)
    step(config, revision)
    after = current(connection)
    if after != before:
        logger.info("the database went from revision %s to %s", before or "nothing", after or "nothing")


def connect_for_migration(settings: Settings, work: Callable[[Connection], None]) -> None:
    """Run ``work`` in one transaction on a connection of its own, one process at a time."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        _on_sqlite(url.database or "", work)
    else:
        asyncio.run(_on_postgresql(settings, work))


def _on_sqlite(path: str, work: Callable[[Connection], None]) -> None:
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}",
        module=sqlite.driver(),
        connect_args={"timeout": 60, "isolation_level": None},
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        # With keys on, rebuilding a parent table would delete every child row with it.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        try:
            work(connection)
            _refuse_broken_keys(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
    engine.dispose()


def _refuse_broken_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        message = f"rows refer to nothing: {broken[:5]}"
        raise ForeignKeysBroken(message)


async def _on_postgresql(settings: Settings, work: Callable[[Connection], None]) -> None:
    engine = postgresql.create_patient_engine(settings)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(work)
    finally:
        await engine.dispose()


@asynccontextmanager
async def exclusively(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """Yield a connection with one transaction around the block, which keeps other processes from migrating.

    On SQLite no key is checked within, on the way out all are: raises :class:`ForeignKeysBroken` and takes all back.
    """
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite":
        engine = postgresql.create_patient_engine(settings)
        statement = f"SELECT pg_advisory_xact_lock({_LOCK})"
    else:
        Path(url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = sqlite.create_engine(url, writable=True)
        statement = "PRAGMA defer_foreign_keys"
    try:
        async with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                # Before the transaction: within one this changes nothing.
                raw: Any = (await connection.get_raw_connection()).driver_connection
                await raw.execute("PRAGMA foreign_keys=OFF")
            async with connection.begin():
                await connection.exec_driver_sql(statement)
                yield connection
                if engine.dialect.name == "sqlite":
                    await connection.run_sync(_refuse_broken_keys)
    finally:
        await engine.dispose()
