"""Redis behind sentinels and as a cluster: the same cache, counters and bell, and a failover without hands."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from taskmanager.kit import redis_cache
from taskmanager.kit.redis_cache import RedisCache
from taskmanager.kit.redis_connection import connect
from taskmanager.kit.redis_wakeups import RedisWakeups
from taskmanager.kit.settings import Settings
from taskmanager.kit.throttle import Bucket, Limit, Throttle
from taskmanager.main import create_app
from tests.factories import Api
from tests.services import own_cluster, own_sentinels


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with own_cluster() as url:
        yield url


async def _serves(url: str) -> None:
    """Have every part that uses Redis use it."""
    cache, other = RedisCache(url, bytes(32)), RedisCache(url, bytes(32))
    keys = [f"tm:test:{number}" for number in range(60)]
    for key in keys:
        cache.put(key, key.encode(), 30)
    async with asyncio.timeout(10):
        while None in (found := await other.get(*keys, "tm:test:none"))[:-1]:  # noqa: ASYNC110 - arrives by itself
            await asyncio.sleep(0.01)
    assert found == [*(key.encode() for key in keys), None]
    assert await cache.healthy()
    # Counted together: two buckets in one script, from two processes.
    limits = [Bucket(Limit("few", 2, 100)), Bucket(Limit("more", 5, 100))]
    throttles = [Throttle(one, b"secret") for one in (cache, other, cache)]
    assert [(await one.take(*limits))[0].wait > 0 for one in throttles] == [False, False, True]
    await throttles[0].give_back(*limits)
    assert (await throttles[1].take(*limits))[0].wait == 0
    await throttles[0].empty(*limits)
    assert (await throttles[1].take(*limits))[0].remaining == 1
    bell, heard = RedisWakeups(url), asyncio.Event()
    listening = asyncio.create_task(bell.listen(heard.set))
    async with asyncio.timeout(10):
        await heard.wait()
        heard.clear()
        await bell.call()
        await heard.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    for part in (cache, other, bell):
        await part.close()


async def test_a_cluster_keeps_counts_and_calls(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 5.0)
    monkeypatch.setattr(redis_cache, "SLOW_SECONDS", 5.0)
    await _serves(cluster)
    client: Any = connect(cluster, 5)
    assert len(client.get_primaries()) == 0  # nothing is asked before it is needed
    await client.initialize()
    assert len(client.get_primaries()) == 2
    await client.aclose()


async def test_the_application_runs_on_a_cluster(
    cluster: str, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 5.0)
    monkeypatch.setattr(redis_cache, "SLOW_SECONDS", 5.0)
    data = shutil.copytree(sqlite_template, tmp_path / "data")
    application = create_app(Settings(data_dir=data, redis_url=cluster))
    async with application.router.lifespan_context(application), Api(application) as api:
        anna = await api.user()
        for _ in range(3):
            assert (await anna.get("/tasks")).status_code == 200
        assert (await anna.get("/health/ready")).json() == {"status": "ok"}
        assert (await anna.post("/logout")).status_code == 204
        assert (await anna.get("/tasks")).status_code == 401


async def test_a_replica_takes_over_without_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    with own_sentinels() as servers:
        with monkeypatch.context() as patch:
            patch.setattr(redis_cache, "TIMEOUT_SECONDS", 5.0)
            patch.setattr(redis_cache, "SLOW_SECONDS", 5.0)
            await _serves(servers.url)
        monkeypatch.setattr(redis_cache, "PAUSE_SECONDS", 0.1)
        cache = RedisCache(servers.url, bytes(32))
        cache.put("tm:a", b"1", 30)
        while await cache.get("tm:a") != [b"1"]:  # noqa: ASYNC110 - arrives by itself
            await asyncio.sleep(0.01)
        servers.first.process.kill()
        begun = time.monotonic()
        longest = 0.0
        async with asyncio.timeout(20):
            while cache._probing is not None or not await _kept(cache, servers.second.port):
                await asyncio.sleep(0.02)
                asked = time.monotonic()
                await cache.get("tm:a")
                longest = max(longest, time.monotonic() - asked)
        print(f"the replica took over after {time.monotonic() - begun:.1f} s; longest answer {longest * 1000:.0f} ms")
        assert longest < 1
        await cache.close()


async def _kept(cache: RedisCache, port: int) -> bool:
    """Tell whether what is put now lies on that server."""
    cache.put("tm:b", b"2", 30)
    await cache.get("tm:b")
    client: Any = connect(f"redis://127.0.0.1:{port}/3", 5)
    try:
        return await client.get("tm:b") is not None
    finally:
        await client.aclose()
