"""The order of revocations: what was read before a change is not believed after it, wherever it was kept."""

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import delete, text

from taskmanager.auth.models import Revocation
from taskmanager.auth.revocations import AccessChanged, Revocations, write_down
from taskmanager.auth.snapshots import PACKING, Snapshots
from taskmanager.kit import following
from taskmanager.kit.cache import MemoryCache
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus, record
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from tests.auth.tokens import code
from tests.factories import Api, Client, nodes

SESSION, USER, SOMEBODY = new_id(), new_id(), new_id()
CHANGE = AccessChanged(session_id=SESSION)


@pytest.fixture
async def feed(database: Database) -> Revocations:
    """Return a follower that follows when it is told to."""
    feed = Revocations(database)
    await feed.follow()
    return feed


async def change(database: Database, *changes: AccessChanged) -> None:
    """Commit changes of access as another process does."""
    async with database.write() as session:
        for one in changes:
            await record(session, one)


async def test_what_was_read_before_a_change_is_not_believed_after_it(database: Database, feed: Revocations) -> None:
    before = feed.position
    assert feed.allow(before, SESSION, "user")
    await change(database, CHANGE, AccessChanged(user_id=USER))
    await feed.follow()
    for name in (SESSION, USER):
        assert not feed.allow(before, name)
        assert not feed.allow(before, SOMEBODY, name)
        # What is read from now on has seen it.
        assert feed.allow(feed.position, name)
    assert feed.allow(before, SOMEBODY)
    # Nobody may claim to have read in the future.
    assert not feed.allow(feed.position + 1, SOMEBODY)


async def test_the_own_process_knows_before_it_reads(database: Database, feed: Revocations) -> None:
    await change(database, CHANGE)
    feed.hear(*CHANGE.names)
    assert not feed.allow(feed.position, SESSION)
    assert feed.allow(feed.position, SOMEBODY)
    before = feed.position
    await feed.follow()
    assert not feed.allow(before, SESSION)
    assert feed.allow(feed.position, SESSION)


async def test_a_change_that_commits_late_is_not_missed(database: Database, feed: Revocations, backend: str) -> None:
    """On PostgreSQL transactions commit in another order than they were numbered in, however long that takes."""
    if backend == "sqlite":
        return
    slow = database.writer.connect()
    async with slow as connection:
        await connection.execute(text("SELECT pg_current_xact_id()"))
        for _ in range(3):
            await change(database, AccessChanged(user_id=SOMEBODY))
            await feed.follow()
        filled = feed.position  # of a reader that still finds the session alive
        statement = text("INSERT INTO revocations (session_id, at, xid) VALUES (:id, now(), :xid)")
        xid = await connection.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
        await connection.execute(statement, {"id": SESSION, "xid": xid})
        await feed.follow()
        assert feed.allow(filled, SESSION)
        await connection.commit()
    await feed.follow()
    assert not feed.allow(filled, SESSION)
    assert feed.allow(feed.position, SESSION)


async def test_one_who_cannot_follow_believes_nothing(feed: Revocations, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its database is away, or the process itself was suspended: both are a clock that went on."""
    position, now = feed.position, time.monotonic
    assert feed.allow(position, SESSION)
    for seconds in (1, 60):
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: now() + seconds)
        assert not feed.allow(position, SESSION)
        monkeypatch.undo()


async def test_what_is_older_than_what_is_remembered_is_not_believed(
    database: Database, feed: Revocations, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = feed.position
    await change(database, CHANGE)
    monkeypatch.setattr(following, "REMEMBERED_SECONDS", 0.0)
    for _ in range(3):
        await change(database, AccessChanged(user_id=USER))
        await feed.follow()
    assert feed._changed.keys() <= {USER}
    for name in (SESSION, USER, SOMEBODY):
        assert not feed.allow(old, name)
        assert feed.allow(feed.position, name)


async def test_a_flood_is_answered_by_believing_nothing_older(
    database: Database, feed: Revocations, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = feed.position
    monkeypatch.setattr(following, "MOST_FOLLOWED", 10)
    feed.statement = feed.changes()
    await change(database, *(AccessChanged(session_id=new_id()) for _ in range(12)), CHANGE)
    await feed.follow()
    await feed.follow()
    assert not feed.allow(old, SESSION)
    assert not feed.allow(old, SOMEBODY)
    assert feed.allow(feed.position, SESSION)


async def test_another_database_in_the_place_of_the_former(database: Database, feed: Revocations) -> None:
    """After a restored backup positions begin lower: nothing that was cached over the former one is believed."""
    await change(database, CHANGE)
    await feed.follow()
    feed.position += 1000
    feed._oldest = feed.position - 10
    former = feed.position
    await feed.follow()
    assert feed.position < former
    assert not feed.allow(former, SOMEBODY)
    assert not feed.allow(former - 5, SOMEBODY)
    assert feed.allow(feed.position, SOMEBODY)


async def test_positions_never_fall_when_old_changes_are_removed(database: Database, feed: Revocations) -> None:
    await change(database, CHANGE)
    await feed.follow()
    position = feed.position
    async with database.write() as session:
        await session.execute(delete(Revocation))
    await feed.follow()
    assert feed.position >= position
    late = Revocations(database)
    await late.follow()
    assert late.position >= position


async def test_a_rollback_revokes_nothing(database: Database, feed: Revocations) -> None:
    before = feed.position

    async def fail() -> None:
        async with database.write() as session:
            await write_down(session, CHANGE)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    await feed.follow()
    assert feed.allow(before, SESSION)


class Late(MemoryCache):
    """A cache whose writes arrive when they are let through."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[tuple[str, bytes, float]] = []

    def put(self, key: str, value: bytes, seconds: float) -> None:
        self.held.append((key, value, seconds))

    def let_through(self) -> None:
        for key, value, seconds in self.held:
            super().put(key, value, seconds)


async def test_a_fill_that_began_before_a_revocation_never_wins(api: Api, settings: Settings) -> None:
    """Neither in the process that revokes nor in another one, though it arrives long after."""
    anna = await api.user("anna")
    own, cache = Database(settings, EventBus()), Late()
    feeds = [Revocations(own), Revocations(own)]
    for feed in feeds:
        await feed.follow()
    nodes = [Snapshots(own, cache, feed) for feed in feeds]
    for node in nodes:
        assert await node.read(anna.session_id) is not None
    assert (await anna.post("/logout")).status_code == 204
    for feed in feeds:
        await feed.follow()
    cache.let_through()
    for _, value, _ in cache.held:
        for node in nodes:
            assert node.believe(anna.session_id, value) is None
    assert await nodes[0].read(anna.session_id) is None
    await own.stop()


# -- two processes, and a Redis that comes back with what it should have forgotten --


async def kept_in_redis(redis: Any, client: Client, session_id: str) -> tuple[str, bytes]:
    """Use a session until its snapshot is in Redis; return its place and the entry."""
    place = PACKING.place(session_id)
    for _ in range(200):
        assert (await client.get("/me")).status_code == 200
        if (entry := await redis.get(place)) is not None:
            return place, entry
        await asyncio.sleep(0.02)
    raise AssertionError("the cache is not used")


async def test_Z5_a_redis_that_comes_back_from_an_old_dump_is_not_believed(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if the clocks were put back to the time of the dump, after everybody has forgotten the change."""
    monkeypatch.setattr(following, "REMEMBERED_SECONDS", 0.5)
    async with (
        nodes(settings.model_copy(update={"redis_url": redis_url})) as (first, second),
        Redis.from_url(redis_url) as redis,
    ):
        anna, ben = await first.user("anna"), await first.user("ben")
        elsewhere = await second.client(Authorization=anna.headers["Authorization"])
        place, entry = await kept_in_redis(redis, anna, anna.session_id)
        filled = time.time()
        assert (await anna.post("/logout")).status_code == 204
        await asyncio.sleep(1.2)
        # Something else changes, so that the change is behind everything that is remembered.
        assert (await ben.post("/logout")).status_code == 204
        await asyncio.sleep(1.2)
        assert not any(anna.session_id in feed._changed for feed in _feeds(first, second))
        monkeypatch.setattr(time, "time", lambda: filled + 1)
        await redis.flushdb()
        for client in (anna, elsewhere) * 3:
            await redis.set(place, entry)
            assert code(await client.get("/me")) == (401, "session_ended")


def _feeds(*given: Api) -> list[Revocations]:
    return [api.app.state.auth.checks._snapshots._revocations for api in given]


async def test_Z5_nodes_need_not_agree_on_the_time(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the second node's clock says, what it filled is believed by nobody who has heard of a change."""
    now = time.time
    async with (
        nodes(settings.model_copy(update={"redis_url": redis_url})) as (first, second),
        Redis.from_url(redis_url) as redis,
    ):
        chief, anna = await first.user("chief", "admin"), await first.user("anna", "admin")
        path = f"/admin/users/{anna.user_id}"
        elsewhere = await second.client(Authorization=anna.headers["Authorization"])
        (feed,) = _feeds(second)
        for skew in (-3600, -20, -0.9, 0.9, 20, 3600):
            with monkeypatch.context() as second_clock:
                second_clock.setattr(time, "time", lambda skew=skew: now() + skew)
                place, entry = await kept_in_redis(redis, elsewhere, anna.session_id)
                assert (await elsewhere.get("/admin")).status_code == 200
            assert (await chief.patch(path, json={"role": "user"})).status_code == 200
            for _ in range(3):
                await redis.set(place, entry)
                assert code(await anna.get("/admin")) == (403, "forbidden"), skew
            await feed.follow()
            with monkeypatch.context() as second_clock:
                second_clock.setattr(time, "time", lambda skew=skew: now() + skew)
                for _ in range(3):
                    await redis.set(place, entry)
                    assert code(await elsewhere.get("/admin")) == (403, "forbidden"), skew
            assert (await chief.patch(path, json={"role": "admin"})).status_code == 200
            await feed.follow()
            await redis.delete(place)
