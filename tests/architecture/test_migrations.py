"""Migrations: up and down a step at a time, and at the top exactly what the models say, on both databases."""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from taskmanager.kit import migrate
from taskmanager.kit.settings import Settings
from taskmanager.tables import metadata

numbers = itertools.count()


@pytest.fixture
def empty(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Yield settings of a database without a table."""
    if backend == "sqlite":
        yield Settings(data_dir=tmp_path)
        return
    own: str = request.getfixturevalue("postgresql_url")
    server, _, name = own.rpartition("/")
    name = f"{name}_migrations_{next(numbers)}"
    asyncio.run(_execute(own, f"CREATE DATABASE {name}"))
    yield Settings(data_dir=tmp_path, database_url=f"{server}/{name}")
    asyncio.run(_execute(own, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(url: str, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def look(settings: Settings, question: Any) -> Any:
    """Ask something of the database's connection."""
    answers: list[Any] = []
    migrate.connect_for_migration(settings, lambda connection: answers.append(question(connection)))
    return answers[0]


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_server_default": True, **migrate.comparison(connection, metadata)}
    )
    return list(compare_metadata(context, metadata))


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def revisions() -> list[str]:
    script = ScriptDirectory(str(migrate.FOLDER))
    return [one.revision for one in reversed(list(script.walk_revisions()))]


def test_each_step_goes_up_and_down(empty: Settings) -> None:
    before = look(empty, tables) - {"alembic_version"}
    for revision in revisions():
        migrate.upgrade(empty, revision)
        migrate.downgrade(empty, "-1")
        assert look(empty, tables) - {"alembic_version"} == before
        migrate.upgrade(empty, revision)
        assert look(empty, migrate.current) == revision
        before = look(empty, tables) - {"alembic_version"}
    migrate.downgrade(empty, "base")
    assert look(empty, tables) <= {"alembic_version"}


def test_names_of_files_tell_the_revisions() -> None:
    assert migrate.known() == revisions()
    assert ScriptDirectory(str(migrate.FOLDER)).get_current_head() == migrate.newest()


def test_a_database_that_is_as_it_should_be_is_not_waited_for(empty: Settings) -> None:
    migrate.upgrade(empty)
    alive = "import sys; from taskmanager.kit import migrate; from taskmanager.kit.settings import Settings; "
    program = f"{alive}migrate.upgrade(Settings(database_url=sys.argv[1])); print('alembic' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program, empty.database], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
    migrate.downgrade(empty, "-1")
    found = subprocess.run([sys.executable, "-c", program, empty.database], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "True"
    assert look(empty, migrate.current) == migrate.newest()


def test_a_database_of_a_newer_version_is_left_as_it_is(empty: Settings) -> None:
    migrate.upgrade(empty)
    before = look(empty, tables)
    look(empty, lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(migrate.RevisionUnknown, match="revision 9999 is of a newer version"):
        migrate.upgrade(empty)
    assert look(empty, tables) == before
    assert look(empty, migrate.current) == "9999"


def test_the_newest_revision_is_what_the_models_say(empty: Settings) -> None:
    migrate.upgrade(empty)
    assert look(empty, migrate.current) == migrate.newest()
    assert look(empty, differences) == []

    def spoil(connection: Connection) -> list[Any]:
        connection.execute(text("ALTER TABLE labels ADD COLUMN surprise INTEGER"))
        return differences(connection)

    assert len(look(empty, spoil)) == 1


def test_revisions_are_one_line() -> None:
    script = ScriptDirectory(str(migrate.FOLDER))
    assert len(script.get_heads()) == len(script.get_bases()) == 1


def test_a_migration_that_breaks_references_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    migrate.upgrade(settings)

    def orphan(connection: Connection) -> None:
        connection.execute(
            text(
                "INSERT INTO labels (id, user_id, name, name_key, created_at, version) VALUES ('x', 'y', '', '', '', 1)"
            )
        )

    with pytest.raises(migrate.ForeignKeysBroken):
        migrate.connect_for_migration(settings, orphan)
    assert look(settings, lambda connection: connection.execute(text("SELECT count(*) FROM labels")).scalar()) == 0
