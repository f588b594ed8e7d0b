"""Fixtures: the real application on SQLite with the embedded cache, and on PostgreSQL with Redis."""

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from nacl.pwhash import argon2id
from xdist.scheduler.loadscope import LoadScopeScheduling

from taskmanager.auth import passwords
from taskmanager.kit import migrate
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from taskmanager.tables import metadata
from tests.compiled import share_compiled_statements
from tests.factories import Api
from tests.services import postgres_server, valkey_server

BACKENDS = ("sqlite", "postgresql")


class Units(LoadScopeScheduling):  # type: ignore[misc]
    """What one worker is given at a time: the journeys of a file, which share a browser; else one test."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith("tests/e2e/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Units:
    return Units(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what breaks servers: what takes a minute by itself must not be what all wait for at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/faults/"))


def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's rounds: it stays to the end."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever touches the database on both databases, but for what only one of them can do."""
    if "backend" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("only_on")
        metafunc.parametrize("backend", only.args if only else BACKENDS, indirect=True)


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share_compiled_statements(patch)
        yield


@pytest.fixture(autouse=True)
def hashes_are_cheap(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hash passwords with the least parameters; tests of what a hash costs are marked ``real_hashes``."""
    # Not with the fixture of that name: what a test undoes is its own.
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("real_hashes") is None:
            operations, memory_bytes = argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN
            patch.setattr(passwords, "OPERATIONS", operations)
            patch.setattr(passwords, "MEMORY_BYTES", memory_bytes)
            patch.setattr(passwords, "_NOBODY", argon2id.str(b"nobody", operations, memory_bytes).decode())
        yield


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a migrated, empty SQLite database."""
    folder = tmp_path_factory.mktemp("template")
    migrate.upgrade(Settings(data_dir=folder))
    return folder


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> Iterator[str]:
    """Yield a Redis database of this worker's own."""
    with valkey_server() as url:
        yield f"{url.rstrip('/').rsplit('/', 1)[0] if url.count('/') > 2 else url}/{_number(worker_id)}"


@pytest.fixture(scope="session")
def postgresql_url(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield a migrated PostgreSQL database of this worker's own; tests find it empty."""
    name = f"taskmanager_{_number(worker_id)}"
    with postgres_server() as url:
        _execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _execute(url, f"CREATE DATABASE {name}")
        own = f"{url.rsplit('/', 1)[0]}/{name}"
        migrate.upgrade(Settings(data_dir=tmp_path_factory.mktemp("postgresql"), database_url=own))
        yield own
        _execute(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _number(worker_id: str) -> int:
    return int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0


def _execute(url: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(_plain(url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


def _plain(url: str) -> str:
    return url.replace("postgresql+asyncpg", "postgresql")


@pytest.fixture(scope="session")
def empty_postgresql(postgresql_url: str) -> Iterator[Callable[[], None]]:
    """Yield what empties the database: one round trip, ten times as fast as TRUNCATE where there is next to nothing."""
    deletions = "\n".join(f"DELETE FROM {table.name};" for table in reversed(metadata.sorted_tables))  # noqa: S608 - our names
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(_plain(postgresql_url)))
        yield lambda: runner.run(connection.execute(deletions))
        runner.run(connection.close())


@pytest.fixture
def settings(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Return settings of an empty installation without limits; tests of limits switch them on by themselves.

    What a server does by itself is left to workers, of which there are none: it is half of the work of starting and
    stopping, and nothing to most tests. Those marked ``with_jobs`` have it.
    """
    if backend == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copytree(template, tmp_path / "data")
        urls = {}
    else:
        fixtures = {"database_url": "postgresql_url", "redis_url": "redis_url"}
        urls = {name: request.getfixturevalue(fixture) for name, fixture in fixtures.items()}
        request.getfixturevalue("empty_postgresql")()
    with_jobs = request.node.get_closest_marker("with_jobs") is not None
    # Not checked again: that takes long, and a server on SQLite, which is alone, may not leave its jobs to others.
    return _defaults().model_copy(update={"data_dir": tmp_path / "data", "run_jobs": with_jobs, **urls})


@cache
def _defaults() -> Settings:
    return Settings(rate_limits=False)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database without a server, as the command line has it."""
    opened = open_database(settings)
    yield opened
    await opened.stop()


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """Yield the running application."""
    application = create_app(settings)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[Api]:
    """Yield the API as its clients use it."""
    async with Api(app) as given:
        yield given
