"""Z9: what is written is sealed in the order in which it counts, by one node at a time, whoever writes meanwhile."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event as engine_events

from taskmanager.auth import audit
from taskmanager.auth.audit_chain import BATCH
from taskmanager.kit.settings import Settings
from tests.auth.trail import Event, Trail

WRITERS = 40


@pytest.fixture
async def nodes(settings: Settings) -> AsyncIterator[list[Trail]]:
    """Yield the same trail as two nodes have it."""
    nodes = [Trail(settings), Trail(settings)]
    yield nodes
    for node in nodes:
        await node.database.stop()


async def holds_all(node: Trail, count: int) -> None:
    """Assert that each record has its place, in the order of the feed."""
    await node.seal()
    found = await node.verify()
    assert (found.broken, found.checked, found.unsealed) == (None, count, 0)
    records = await node.records()
    assert [record.position for record in records] == list(range(1, count + 1))
    keys = [(record.xid or 0, record.id) for record in records]
    assert keys == sorted(keys)


async def test_z9_concurrent_writers_lose_and_misorder_nothing(nodes: list[Trail]) -> None:
    done = asyncio.Event()

    async def write(node: Trail) -> None:
        for _ in range(5):
            async with node.database.write() as session:
                await audit.record(session, Event.LOGIN)
                await asyncio.sleep(random.random() / 100)  # noqa: S311 - any spread does
                await audit.record(session, Event.SESSION_ENDED)

    async def seal(node: Trail) -> None:
        while not done.is_set():
            await node.sealer.seal()
            await asyncio.sleep(0)

    sealing = [asyncio.create_task(seal(node)) for node in nodes]
    # PostgreSQL: more writers than connections; SQLite: one after the other.
    await asyncio.gather(*(write(nodes[number % 2]) for number in range(WRITERS)))
    done.set()
    await asyncio.gather(*sealing)
    await holds_all(nodes[0], WRITERS * 10)


async def test_z9_a_record_that_commits_late_finds_its_place(nodes: list[Trail], backend: str) -> None:
    one, other = nodes
    async with one.database.write() as session:
        await audit.record(session, Event.LOGIN, number=1)
        writing = asyncio.create_task(other.write(3))
        await asyncio.sleep(0.5)
        assert await other.sealer.seal() == 0, "sealed past a transaction that is under way"
        # On SQLite writers come one after the other.
        assert (await other.verify()).unsealed == (0 if backend == "sqlite" else 3)
    await writing
    assert await other.seal() == 4
    assert (await one.records())[0].detail == {"number": 1}
    await holds_all(one, 4)


async def test_z9_one_node_seals_at_a_time(nodes: list[Trail]) -> None:
    await nodes[0].write(25)
    counts = await asyncio.gather(*(node.sealer.seal() for node in nodes for _ in range(4)))
    assert sum(counts) + await nodes[0].seal() == 25
    await holds_all(nodes[0], 25)


async def test_batches_are_bounded_and_nothing_is_left(nodes: list[Trail]) -> None:
    count = 2 * BATCH + 3
    async with nodes[0].database.write() as session:
        for _ in range(count):
            await audit.record(session, Event.LOGIN)
    assert await nodes[0].seal() == count
    await holds_all(nodes[1], count)


async def test_nothing_is_written_while_nothing_is_unsealed(nodes: list[Trail]) -> None:
    await nodes[0].write()
    await nodes[0].seal()
    statements: list[str] = []
    for engine in (nodes[0].database.writer, nodes[0].database.reader):
        engine_events.listen(
            engine.sync_engine, "before_cursor_execute", lambda *said: statements.append(str(said[2]).split()[0])
        )
    for _ in range(5):
        assert await nodes[0].sealer.seal() == 0
    assert set(statements) == {"SELECT"}
