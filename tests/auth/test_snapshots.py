"""Snapshots of sessions in the cache: forged ones are a miss, outages cost time only, nothing revoked is accepted."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import update

from taskmanager.auth.accounts import Accounts
from taskmanager.auth.models import User
from taskmanager.auth.revocations import Revocations
from taskmanager.auth.schemas import UserUpdate
from taskmanager.auth.snapshots import LIFE_SECONDS, PACKING
from taskmanager.kit import redis_cache
from taskmanager.kit.following import REMEMBERED_SECONDS
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from tests.auth.tokens import code, start_sessions
from tests.factories import Api, Client
from tests.services import Server, own_valkey

HEADER_BYTES = 48
"""What a seal puts before the content."""
EXTRA_SECONDS = 2.0
"""What an outage may cost all requests of a test together; most of it is for a machine at its limit."""


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Yield a server that this test may break; a machine at its limit must not look like a slow one."""
    monkeypatch.setattr(redis_cache, "SLOW_SECONDS", 0.5)
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 0.5)
    with own_valkey() as server:
        yield server


@pytest.fixture
async def cached(settings: Settings, valkey: Server) -> AsyncIterator[Api]:
    app = create_app(settings.model_copy(update={"redis_url": valkey.url}))
    async with app.router.lifespan_context(app), Api(app) as api:
        yield api


@pytest.fixture
async def redis(valkey: Server) -> AsyncIterator[Any]:
    client = Redis.from_url(valkey.url)
    yield client
    await client.aclose()


async def seen(api: Api, redis: Any, username: str, role: str = "user") -> Client:
    """Return someone who was at work a moment ago, and so is in the cache."""
    client = await api.user(username, role)
    for _ in range(100):
        assert (await client.get("/me")).status_code == 200
        if await redis.exists(PACKING.place(client.session_id)):
            return client
        await asyncio.sleep(0.02)  # a machine at its limit may not have followed in time
    raise AssertionError("the cache is not used")


def forget(api: Api) -> None:
    """Let the process be one that has seen no token yet, as any other one is."""
    api.app.state.auth.checks._remembered.clear()


async def set_role(api: Api, user_id: str, role: str) -> None:
    """Change a role behind the application's back, so that only a cached snapshot can still say the old one."""
    async with api.database.write() as session:
        await session.execute(update(User).where(User.id == user_id).values(role=role))


async def test_a_snapshot_is_kept_for_a_while_and_used(cached: Api, redis: Any) -> None:
    anna = await seen(cached, redis, "anna", "admin")
    place = PACKING.place(anna.session_id)
    assert 0 < await redis.pttl(place) <= LIFE_SECONDS * 1000
    content = json.loads((await redis.get(place))[HEADER_BYTES:])
    assert content[:5] == [anna.session_id, anna.user_id, "anna", "admin", "UTC"]
    # What changed behind the application's back is not seen yet. A busy machine may need some tries.
    for _ in range(20):
        await set_role(cached, anna.user_id, "admin")
        await redis.delete(place)
        forget(cached)
        assert (await anna.get("/admin")).status_code == 200
        await set_role(cached, anna.user_id, "user")
        if (await anna.get("/admin")).status_code == 200:
            break
    else:
        pytest.fail("the cache is not used")
    forget(cached)
    if (await anna.get("/admin")).status_code == 200:  # from Redis
        await redis.delete(place)
        forget(cached)
    assert code(await anna.get("/admin")) == (403, "forbidden")


async def test_forged_entries_are_a_miss(cached: Api, redis: Any) -> None:
    chief, anna = await seen(cached, redis, "chief", "admin"), await seen(cached, redis, "anna")
    place = PACKING.place(anna.session_id)
    own, foreign = await redis.get(place), await redis.get(PACKING.place(chief.session_id))
    as_admin = own[HEADER_BYTES:].replace(b'"user"', b'"admin"')
    assert as_admin != own[HEADER_BYTES:]
    forgeries = [
        own[:HEADER_BYTES] + as_admin, bytes(HEADER_BYTES) + as_admin, as_admin, foreign,
        foreign[:HEADER_BYTES] + as_admin, own[:-1], own + b" ", b"", b"x" * 31, b"\xff" * 1000, b"null",
        own[:HEADER_BYTES] + b"{}",
    ]  # fmt: skip
    for forged in forgeries:
        await redis.set(place, forged)
        forget(cached)
        assert code(await anna.get("/admin")) == (403, "forbidden"), forged
        assert (await anna.get("/me")).json()["username"] == "anna"
    # An entry of another type stops nothing either.
    await redis.delete(place)
    await redis.lpush(place, "x")
    assert (await anna.get("/me")).status_code == 200


async def test_an_entry_older_than_its_life_is_a_miss(cached: Api, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that was stopped, or put back from a dump, shows entries that should be gone."""
    anna = await seen(cached, redis, "anna", "admin")
    place = PACKING.place(anna.session_id)
    kept = await redis.get(place)
    await set_role(cached, anna.user_id, "user")
    now = time.time
    for shift in (LIFE_SECONDS + 1, 3600, -5):
        monkeypatch.setattr(time, "time", lambda shift=shift: now() + shift)
        await redis.set(place, kept)
        forget(cached)
        assert code(await anna.get("/admin")) == (403, "forbidden")
        monkeypatch.undo()


async def test_an_entry_put_back_after_a_revocation_is_not_believed(cached: Api, redis: Any) -> None:
    """Also what a fill that began before the revocation writes after it."""
    anna = await seen(cached, redis, "anna")
    place = PACKING.place(anna.session_id)
    kept = await redis.get(place)
    assert (await anna.post("/logout")).status_code == 204
    for _ in range(20):
        await redis.set(place, kept)
        forget(cached)
        assert code(await anna.get("/me")) == (401, "session_ended")
        await asyncio.sleep(0.05)
    assert REMEMBERED_SECONDS > LIFE_SECONDS


async def test_what_ends_leaves_the_cache(cached: Api, redis: Any) -> None:
    anna = await seen(cached, redis, "anna")
    assert (await anna.post("/logout")).status_code == 204
    for _ in range(100):
        if not await redis.exists(PACKING.place(anna.session_id)):
            return
        await asyncio.sleep(0.02)
    pytest.fail("the snapshot is still there")


async def test_a_process_that_cannot_follow_changes_stops_trusting_its_cache(
    cached: Api, redis: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await seen(cached, redis, "anna", "admin")

    async def fail(_: Revocations) -> None:
        raise OSError("the database does not answer")

    monkeypatch.setattr(Revocations, "follow", fail)
    other = open_database(settings)
    async with other.write() as session:
        await Accounts(session).add("chief", "admin", None)
        await Accounts(session).update(anna.user_id, UserUpdate(role="user"), None)
    await other.stop()
    await asyncio.sleep(1.0)
    assert code(await anna.get("/admin")) == (403, "forbidden")
    # The entry is still there; what was missed is made up for before it is believed.
    monkeypatch.undo()
    for _ in range(20):
        assert code(await anna.get("/admin")) == (403, "forbidden")
        await asyncio.sleep(0.05)


async def test_a_process_that_starts_hears_of_what_was_revoked_before(
    settings: Settings, valkey: Server, redis: Any
) -> None:
    """Its Redis may still hold what another process was told to forget."""
    given = settings.model_copy(update={"redis_url": valkey.url})
    first = create_app(given)
    async with first.router.lifespan_context(first), Api(first) as api:
        anna = await seen(api, redis, "anna")
        place = PACKING.place(anna.session_id)
        kept: Any = await redis.get(place)
        await anna.delete(f"/sessions/{anna.session_id}")
    await redis.set(place, kept)
    second = create_app(given)
    async with second.router.lifespan_context(second), Api(second) as api:
        late = await api.client(Authorization=f"Bearer {anna.access_token}")
        for _ in range(3):
            await redis.set(place, kept)
            assert code(await late.get("/me")) == (401, "session_ended")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_Z5_without_redis_requests_are_served_and_no_revoked_token_is_accepted(
    cached: Api, redis: Any, valkey: Server, how: signal.Signals
) -> None:
    anna = await seen(cached, redis, "anna", "admin")
    ended = await start_sessions(cached, anna.user_id, 4)
    clients = [await cached.client(Authorization=f"Bearer {grant.access_token}") for grant in ended]
    for client in clients:
        assert (await client.get("/me")).status_code == 200
    assert (await clients[0].delete(f"/sessions/{ended[0].session_id}")).status_code == 204
    usual = await _seconds_for(anna, 40)

    os.kill(valkey.process.pid, how)
    # One request waits for the cache; if each did, it would be ten seconds.
    assert await _seconds_for(anna, 40) < 2 * usual + EXTRA_SECONDS
    # All at once find it gone only once.
    begun = time.monotonic()
    answers = await asyncio.gather(*(anna.get("/tasks") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert time.monotonic() - begun < 5
    for number, ending in enumerate(("/logout", "/sessions", "/admin")):
        client = clients[number + 1]
        if ending == "/logout":
            assert (await client.post("/logout")).status_code == 204
        elif ending == "/sessions":
            assert (await anna.delete(f"/sessions/{ended[number + 1].session_id}")).status_code == 204
        else:
            assert (await anna.delete("/sessions")).status_code == 204
    ready = await cached.anonymous.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "degraded"})
    await _all_refused(clients)
    if how == signal.SIGSTOP:
        os.kill(valkey.process.pid, signal.SIGCONT)
        begun = time.monotonic()
        while time.monotonic() - begun < 2:
            await _all_refused(clients)
            assert (await anna.get("/me")).status_code == 200
        for _ in range(50):
            if await cached.app.state.cache.healthy():
                return
            await asyncio.sleep(0.1)
        pytest.fail("the cache is not used again")


async def _seconds_for(client: Any, count: int) -> float:
    begun = time.monotonic()
    for _ in range(count):
        assert (await client.get("/me")).status_code == 200
    return time.monotonic() - begun


async def _all_refused(clients: list[Any]) -> None:
    for client in clients:
        assert code(await client.get("/me")) == (401, "session_ended")
