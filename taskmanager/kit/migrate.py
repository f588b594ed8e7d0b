"""Migrations: all steps in one transaction, safe when several processes start at once."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from taskmanager.kit import sqlite
from taskmanager.kit.settings import Settings

logger = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
_LOCK = 7_236_110_541


class ForeignKeysBroken(Exception):  # noqa: N818 - stops a migration before it is committed
    """A migration would leave rows that refer to nothing."""


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Bring the database to a revision; an older or newer one is reached through each step between."""
    connect_for_migration(settings, lambda connection: _run(connection, command.upgrade, revision))


def downgrade(settings: Settings, revision: str) -> None:
    """Take the database back to a revision."""
    connect_for_migration(settings, lambda connection: _run(connection, command.downgrade, revision))


def newest() -> str:
    """Return the revision that this version of the program works with."""
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""


def current(connection: Connection) -> str | None:
    """Return the revision that the database is at."""
    return MigrationContext.configure(connection).get_current_revision()


def comparison(connection: Connection, metadata: MetaData) -> dict[str, Any]:
    """Return Alembic's options for comparing the models with a database.

    Tables marked ``virtual_on_sqlite`` are left out there, with those in which SQLite keeps their content: they have
    neither types nor keys that could be compared.
    """
    virtual = [table.name for table in metadata.tables.values() if table.info.get("virtual_on_sqlite")]
    if connection.dialect.name != "sqlite":
        virtual = []

    def is_compared(name: str | None) -> bool:
        return not any(name == one or str(name).startswith(f"{one}_") for one in virtual)

    return {
        "target_metadata": metadata,
        "compare_type": True,
        "include_name": lambda name, kind, _: kind != "table" or is_compared(name),
        "include_object": lambda _thing, name, kind, *_: kind != "table" or is_compared(name),
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
        asyncio.run(_on_postgresql(settings.database, work))


def _on_sqlite(path: str, work: Callable[[Connection], None]) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
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


async def _on_postgresql(url: str, work: Callable[[Connection], None]) -> None:
    engine = create_async_engine(url, connect_args={"timeout": 10})
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(work)
    finally:
        await engine.dispose()
