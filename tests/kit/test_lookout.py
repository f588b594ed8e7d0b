"""A look knows of all that was committed before it, and says so when the database does not answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from taskmanager.auth.revocations import AccessChanged, Revocations
from taskmanager.kit.db import Database
from taskmanager.kit.events import record
from taskmanager.kit.ids import new_id
from taskmanager.kit.lookout import Lookout, _Postgresql
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database


@pytest.fixture
async def followed(database: Database) -> AsyncIterator[tuple[Lookout, Revocations]]:
    revocations = Revocations(database)
    lookout = Lookout(database, revocations)
    await lookout.start()
    yield lookout, revocations
    await lookout.stop()


async def change(database: Database, session_id: str) -> None:
    async with database.write() as session:
        await record(session, AccessChanged(session_id=session_id))


async def test_a_look_knows_what_another_process_committed(
    settings: Settings, followed: tuple[Lookout, Revocations]
) -> None:
    lookout, revocations = followed
    other = open_database(settings)
    for _ in range(20):
        name, before = new_id(), revocations.position
        assert await lookout.look()
        assert revocations.allow(before, name)
        await change(other, name)
        assert await lookout.look()
        assert not revocations.allow(before, name)
        assert revocations.allow(revocations.position, name)
    await other.stop()


async def test_a_crowd_that_looks_while_others_write_misses_nothing(
    database: Database, followed: tuple[Lookout, Revocations]
) -> None:
    lookout, revocations = followed

    async def one() -> None:
        for _ in range(5):
            name, before = new_id(), revocations.position
            await change(database, name)
            assert await lookout.look()
            assert not revocations.allow(before, name)

    await asyncio.gather(*(one() for _ in range(16)))


async def test_nothing_is_believed_when_the_database_does_not_say(
    database: Database, followed: tuple[Lookout, Revocations], backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout, _ = followed
    assert await lookout.look()
    if backend == "sqlite":
        await lookout._eyes.close()
        monkeypatch.setattr(lookout._eyes, "_path", "/nowhere/at/all")
    else:
        assert isinstance(lookout._eyes, _Postgresql)
        await lookout._eyes._leave()

        def refuse() -> None:
            raise OSError

        monkeypatch.setattr(database, "reader", type("Away", (), {"connect": staticmethod(refuse)}))
    assert not await lookout.look()
    monkeypatch.undo()
    for _ in range(100):
        if await lookout.look():
            return
        await asyncio.sleep(0.05)
    pytest.fail("it looks no more")


async def test_one_that_ends_while_it_connects_leaves_nothing_open(database: Database, backend: str) -> None:
    """Whatever is under way ends before the pool does; a slow server makes nobody wait for it."""
    if backend == "sqlite":
        return
    for _ in range(5):
        lookout = Lookout(database, Revocations(database))
        looks = [asyncio.create_task(lookout.look()) for _ in range(3)]
        await asyncio.sleep(0)
        await lookout.stop()
        assert all(isinstance(found, bool) for found in await asyncio.gather(*looks))
        assert not await lookout.look()
    assert "Current Checked out connections: 0" in database.reader.pool.status()
