"""Where the statements of a write on SQLite run: short ones where they are awaited, what may take long in a thread."""

import shutil
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit import clock, sqlite
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus
from taskmanager.kit.jobs import enqueue
from taskmanager.kit.settings import Settings
from taskmanager.kit.sqlite import Writer


@pytest.fixture
async def session(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncSession]:
    """Yield a write in which SQL can ask for the thread that it runs in, and which may keep the loop for long."""
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", 60.0)
    shutil.copytree(sqlite_template, tmp_path / "data")
    database = Database(Settings(data_dir=tmp_path / "data"), EventBus())
    async with database.write() as session:
        raw = await (await session.connection()).get_raw_connection()
        assert isinstance(raw.driver_connection, Writer)
        raw.driver_connection._conn.create_function("thread", 0, threading.get_ident)
        yield session
    await database.stop()


async def _is_here(session: AsyncSession, statement: str) -> bool:
    thread: int = (await session.execute(text(statement))).scalar_one()
    return thread == threading.get_ident()


async def test_short_statements_run_where_they_are_awaited(session: AsyncSession) -> None:
    await enqueue(session, "job", clock.now())
    assert await _is_here(session, "SELECT thread()")
    assert await _is_here(session, "UPDATE jobs SET attempts = 1 RETURNING thread()")


async def test_what_may_take_long_runs_in_the_thread(session: AsyncSession) -> None:
    await enqueue(session, "job", clock.now())
    assert not await _is_here(session, "WITH one(n) AS (SELECT thread()) SELECT n FROM one")
    assert not await _is_here(session, "DELETE FROM jobs RETURNING thread()")
    await session.execute(text("CREATE TEMP TABLE seen (one, thread)"))
    await session.execute(text("INSERT INTO seen VALUES (:one, thread())"), [{"one": 1}, {"one": 2}])
    assert not await _is_here(session, "SELECT max(thread) FROM seen")


async def test_who_kept_the_loop_for_long_lets_others_run(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _is_here(session, "SELECT thread()")
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", 0.05)
    await session.execute(text("DELETE FROM jobs"))  # another turn begins after it
    time.sleep(0.1)  # noqa: ASYNC251 - the loop is kept on purpose
    assert not await _is_here(session, "SELECT thread()")
    monkeypatch.setattr(sqlite, "LOOP_SECONDS", 60.0)
    await session.execute(text("DELETE FROM jobs"))
    assert await _is_here(session, "SELECT thread()")
