"""The two caches: what they keep, and what a Redis that is slow, silent, full or hostile costs."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from taskmanager.kit import redis_cache
from taskmanager.kit.cache import MemoryCache
from taskmanager.kit.redis_cache import PATIENCE_SECONDS, RedisCache
from taskmanager.kit.seals import Seals
from tests.services import Proxy, Server, own_valkey, slow_proxy

KEY = bytes(range(32))
EXTRA_SECONDS = 1.5
"""What an outage may cost all requests of a test together; most of it is for a machine at its limit."""


@pytest.fixture
def valkey() -> Iterator[Server]:
    """Yield a server that this test may break."""
    with own_valkey() as server:
        yield server


@pytest.fixture
def proxy(valkey: Server) -> Iterator[Proxy]:
    """Yield a way to that server that can be made slow."""
    with slow_proxy(valkey.port) as given:
        yield given


@pytest.fixture
async def cache(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RedisCache]:
    # So that a machine at its limit does not look like a slow server.
    monkeypatch.setattr(redis_cache, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(redis_cache, "PAUSE_SECONDS", 0.2)
    opened = RedisCache(f"redis://127.0.0.1:{proxy.port}", KEY)
    yield opened
    await opened.close()


@pytest.fixture
async def redis(valkey: Server) -> AsyncIterator[Any]:
    async with Redis.from_url(valkey.url) as client:
        yield client


async def got(cache: Any, key: str) -> bytes | None:
    (value,) = await cache.get(key)
    return value  # type: ignore[no-any-return]


async def kept(cache: RedisCache, key: str, value: bytes) -> None:
    """Wait until the server keeps ``value`` under ``key``."""
    for _ in range(100):
        cache.put(key, value, 60)
        if await cache.healthy() and await got(cache, key) == value:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the cache is not used")


async def test_the_embedded_cache_forgets_in_time_and_the_oldest_first() -> None:
    cache = MemoryCache(capacity=3)
    cache.put("short", b"", 0.01)
    await asyncio.sleep(0.02)
    assert await got(cache, "short") is None
    for number in range(4):
        cache.put(str(number), b"x", 60)
        assert await got(cache, "0") == b"x"  # the one in use stays
    assert await cache.get("0", "1", "2", "3") == [b"x", None, b"x", b"x"]
    cache.drop("0", "nothing")
    assert await cache.get("0", "2") == [None, b"x"]


async def test_redis_keeps_for_a_while_and_forgets(cache: RedisCache, redis: Any) -> None:
    await kept(cache, "a", b"1")
    await kept(cache, "b", b"2")
    assert await cache.get("a", "nothing", "b", "a") == [b"1", None, b"2", b"1"]
    assert 0 < await redis.pttl("a") <= 60_000
    cache.drop("a", "b")
    assert await cache.get("x") == [None]
    assert await cache.get("a", "b") == [None, None]
    assert await redis.exists("a", "b") == 0


async def test_what_strangers_write_is_a_miss(cache: RedisCache, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept(cache, "mine", b"guest")
    await kept(cache, "other", b"admin")
    own, other = await redis.get("mine"), await redis.get("other")
    seals, strangers = Seals(KEY), Seals(bytes(32))
    forgeries = [
        other, own[:32] + other[32:], own[:-1], own + b" ", own[:32], own[:47], own[32:], b"", b"x", bytes(1000),
        b"admin", json.dumps({"role": "admin"}).encode(), strangers.close("mine", b"admin", 60),
        seals.close("mine ", b"admin", 60), seals.close("mine", b"admin", 0), seals.close("mine", b"admin", -1),
        seals.close("mine", b"admin", float("nan")),
    ]  # fmt: skip
    for forged in forgeries:
        await redis.set("mine", forged)
        assert await got(cache, "mine") is None, forged
    # An entry of another type hides nothing that was asked for with it.
    await redis.delete("mine")
    await redis.lpush("mine", "x")
    assert await cache.get("mine", "other") == [None, b"admin"]
    # Nor is an entry believed before or after its time: a Redis that stood still, or came back from a dump.
    await redis.delete("mine")
    await redis.set("mine", own)
    now = time.time
    for shift, value in ((0.0, b"guest"), (59.0, b"guest"), (61.0, None), (3600.0, None), (-5.0, None)):
        monkeypatch.setattr(time, "time", lambda shift=shift: now() + shift)
        assert await got(cache, "mine") == value, shift
        monkeypatch.undo()


async def test_a_crowd_shares_few_round_trips(cache: RedisCache, redis: Any) -> None:
    await kept(cache, "key", b"value")
    await redis.config_resetstat()
    answers = await asyncio.gather(*(got(cache, "key") for _ in range(200)))
    assert set(answers) <= {b"value", None}
    stats = await redis.info("commandstats")
    assert stats["cmdstat_mget"]["calls"] < 20
    clients = [client for client in await redis.client_list() if client["name"] == "taskmanager"]
    assert len(clients) == 1


async def test_who_leaves_disturbs_nobody(cache: RedisCache) -> None:
    await kept(cache, "key", b"value")
    asking = [asyncio.ensure_future(got(cache, "key")) for _ in range(20)]
    await asyncio.sleep(0)
    for one in asking[::2]:
        one.cancel()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[::2])
    assert set(outcomes[1::2]) == {b"value"}


@pytest.mark.parametrize("how", ["stopped", "slow", "killed"])
async def test_an_outage_costs_one_wait_and_is_over_by_itself(
    cache: RedisCache, valkey: Server, proxy: Proxy, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "taskmanager.kit.redis_cache")
    await kept(cache, "key", b"value")
    with contextlib.ExitStack() as later:
        if how == "slow":
            proxy.delay = 0.25
        else:
            os.kill(valkey.process.pid, signal.SIGSTOP if how == "stopped" else signal.SIGKILL)
        begun = time.monotonic()
        for _ in range(100):
            await cache.get("key")
        assert time.monotonic() - begun < EXTRA_SECONDS
        # Meanwhile this process has a cache of its own, and writing waits for nothing either.
        begun = time.monotonic()
        assert not await cache.healthy()
        assert await got(cache, "key") is None
        cache.put("key", b"own", 60)
        assert await got(cache, "key") == b"own"
        cache.drop("key")
        assert await got(cache, "key") is None
        cache.put("key", b"own", 60)
        assert time.monotonic() - begun < 0.1
        if how == "slow":
            proxy.delay = 0.0
        elif how == "stopped":
            os.kill(valkey.process.pid, signal.SIGCONT)
        else:
            later.enter_context(own_valkey(port=valkey.port))
        for _ in range(100):
            if await cache.healthy():
                break
            await asyncio.sleep(0.05)
        # What was kept meanwhile is not taken along.
        assert await got(cache, "key") != b"own"
        await kept(cache, "key", b"value")
    assert [record.getMessage().split(" (")[0] for record in caplog.records][:2] == [
        "the cache is left alone",
        "the cache is used again",
    ]


async def test_nobody_queues_behind_a_late_answer(cache: RedisCache, proxy: Proxy) -> None:
    await kept(cache, "key", b"value")
    proxy.delay = 0.15
    first = asyncio.ensure_future(got(cache, "key"))
    await asyncio.sleep(PATIENCE_SECONDS + 0.03)
    begun = time.monotonic()
    assert await got(cache, "key") is None
    assert time.monotonic() - begun < 0.05
    assert await first == b"value"


@pytest.mark.parametrize("fault", ["full", "read only", "another password"])
async def test_a_server_that_refuses_is_left_alone(cache: RedisCache, redis: Any, fault: str) -> None:
    await kept(cache, "key", b"value")
    broken: dict[str, list[tuple[str, Any]]] = {
        "full": [("maxmemory-policy", "noeviction"), ("maxmemory", 1)],
        "read only": [("min-replicas-to-write", 1)],
        "another password": [("requirepass", "other")],
    }
    mended = {
        "full": ("maxmemory", 0),
        "read only": ("min-replicas-to-write", 0),
        "another password": ("requirepass", ""),
    }
    for name, value in broken[fault]:
        await redis.config_set(name, value)
    # Connections that were let in stay so.
    await redis.client_kill_filter(_type="normal", skipme=True)
    for number in range(100):
        cache.put(f"other {number}", b"x", 60)
        if not await cache.healthy():
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.5)
    assert not await cache.healthy()
    await redis.config_set(*mended[fault])
    await kept(cache, "key", b"new value")
