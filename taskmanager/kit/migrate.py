"""Migrations: all steps in one transaction, safe when several processes start at once.

Most starts find the database as it should be. That is seen without loading Alembic and without checking
every row.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Column, Connection, MetaData, create_engine, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from taskmanager.kit import postgresql, sqlite
from taskmanager.kit.settings import Settings

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
_VERSIONS = "alembic_version"
_LOCK = 7_236_110_541


class ForeignKeysBroken(Exception):  # noqa: N818 - stops a migration before it is committed
    """A migration would leave rows that refer to nothing."""


class RevisionUnknown(Exception):  # noqa: N818 - says what to do
    """A database or backup of a newer version of the program."""

    def __init__(self, revision: str) -> None:
        super().__init__(f"revision {revision} is of a newer version of the program than this one; use that version")


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database to a revision; an older or newer one is reached through each step between.

    Raises :class:`RevisionUnknown` for a database that a newer version of the program has used.
    """
    wanted = newest() if revision == "head" else revision
    connect_for_migration(settings, lambda connection: _run(connection, "upgrade", wanted), wanted)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to a revision."""
    connect_for_migration(settings, lambda connection: _run(connection, "downgrade", revision))


def newest() -> str:
    """Return the revision that this version of the program works with."""
    return known()[-1]


def known() -> list[str]:
    """Return all revisions that this version of the program knows, the oldest first."""
    # Each file is named by its date, its revision and what it does.
    return [file.name.split("_")[3] for file in sorted(FOLDER.glob("versions/[0-9]*.py"))]


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
    _run(connection, "downgrade" if down else "upgrade", revision)


def current(connection: Connection) -> str | None:
    """Return the revision that the database is at."""
    if not inspect(connection).has_table(_VERSIONS):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608
    return revision


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


def _run(connection: Connection, step: Literal["upgrade", "downgrade"], revision: str) -> None:
    before = current(connection)
    if before is not None and before not in known():
        raise RevisionUnknown(before)
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    (command.upgrade if step == "upgrade" else command.downgrade)(config, revision)
    after = current(connection)
    if after != before:
        logger.info("the database went from revision %s to %s", before or "nothing", after or "nothing")


def connect_for_migration(settings: Settings, work: Callable[[Connection], None], unless_at: str | None = None) -> None:
    """Run ``work`` in one transaction on a connection of its own, one process at a time; not if nothing is to do."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        _on_sqlite(url.database or "", work, unless_at)
    else:
        asyncio.run(_on_postgresql(settings, work, unless_at))


def _on_sqlite(path: str, work: Callable[[Connection], None], unless_at: str | None) -> None:
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(
        f"sqlite:///{path}",
        module=sqlite.driver(),
        connect_args={"timeout": 60, "isolation_level": None},
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            if unless_at is not None and current(connection) == unless_at:
                return
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
    finally:
        engine.dispose()


def _refuse_broken_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        message = f"rows refer to nothing: {broken[:5]}"
        raise ForeignKeysBroken(message)


async def _on_postgresql(settings: Settings, work: Callable[[Connection], None], unless_at: str | None) -> None:
    engine = postgresql.create_patient_engine(settings)
    try:
        async with engine.begin() as connection:
            if unless_at is not None and await connection.run_sync(current) == unless_at:
                return
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
