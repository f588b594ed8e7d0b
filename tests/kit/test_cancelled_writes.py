"""Whoever is cancelled in the middle of a write leaves all of it or nothing, and a connection that works."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus, record
from taskmanager.kit.ids import new_id
from taskmanager.kit.jobs import Job
from taskmanager.kit.settings import Settings

ROWS = 40
WRITERS = 60
LANES = 3


class Written:
    """A fact."""


@pytest.fixture
def heard(events: EventBus) -> list[Written]:
    """Return a list of the facts that were told after a commit."""
    facts: list[Written] = []

    async def hear(fact: Written) -> None:
        await asyncio.sleep(0)
        facts.append(fact)

    events.after(Written, hear)
    return facts


@pytest.fixture
def events() -> EventBus:
    return EventBus()


@pytest.fixture
async def database(settings: Settings, events: EventBus) -> AsyncIterator[Database]:
    opened = Database(settings, events)
    yield opened
    await asyncio.wait_for(opened.stop(), 10)


def _rows(kind: str) -> list[dict[str, object]]:
    return [{"id": new_id(), "kind": kind, "payload": {}, "due_at": clock.now(), "attempts": 0} for _ in range(ROWS)]


async def _write(database: Database, kind: str) -> None:
    async with database.write() as session:
        await record(session, Written())
        await session.execute(insert(Job), _rows(kind)[: ROWS // 2])
        await session.execute(text("SELECT count(*) FROM jobs"))
        await session.execute(insert(Job), _rows(kind)[ROWS // 2 :])


async def _found(database: Database) -> Counter[str]:
    async with database.read() as session:
        return Counter((await session.execute(select(Job.kind))).scalars())


async def test_a_cancelled_write_is_there_as_a_whole_or_not_at_all(database: Database, heard: list[Written]) -> None:
    moments = random.Random(7)  # noqa: S311 - repeatable
    begun = time.monotonic()
    for _ in range(3):
        await _write(database, "warm")
    usual = (time.monotonic() - begun) / 3

    async def interrupted(kind: str) -> bool:
        task = asyncio.ensure_future(_write(database, kind))
        await asyncio.sleep(moments.uniform(0, 2 * LANES * usual))
        # Twice, as a server does that will not wait any longer.
        for _ in range(moments.choice((1, 2))):
            task.cancel()
            await asyncio.sleep(0)
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        return outcome is None

    lanes = asyncio.Semaphore(LANES)

    async def in_lane(kind: str) -> tuple[str, bool]:
        async with lanes:
            return kind, await interrupted(kind)

    outcomes = dict(await asyncio.wait_for(asyncio.gather(*(in_lane(f"job {n}") for n in range(WRITERS))), 30))
    found = await _found(database)
    assert found.pop("warm") == 3 * ROWS
    assert set(found.values()) == {ROWS}
    assert {kind for kind, done in outcomes.items() if done} <= set(found)
    # Both came about, else the test shows nothing.
    assert 0 < len(found) < WRITERS
    # Whatever was committed was told, also when nobody was left to be answered.
    assert len(heard) == len(found) + 3
    # Nothing is held by those who left.
    await asyncio.wait_for(_write(database, "later"), 5)
    await _all_returned(database)


async def _all_returned(database: Database) -> None:
    """Wait until every connection is back in its pool; it is said to be durable a moment before."""
    pools: list[Any] = [database.writer.pool, database.reader.pool]
    for _ in range(500):
        if not any(pool.checkedout() for pool in pools):
            return
        await asyncio.sleep(0.01)
    pytest.fail("a connection is held by someone who left")


async def test_a_cancelled_statement_leaves_its_connection_in_order(database: Database, backend: str) -> None:
    slow = "SELECT pg_sleep(0.3)"
    if backend == "sqlite":
        slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n"

    async def read() -> None:
        async with database.read() as session:
            await session.execute(text(slow))

    for _ in range(3):
        task = asyncio.ensure_future(read())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 5)
        async with database.read() as session:
            assert await session.scalar(text("SELECT 1")) == 1
    await _all_returned(database)
