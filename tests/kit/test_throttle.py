"""Buckets: what they let through, how they come to again, and that processes share them where there is Redis."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine
from redis.asyncio import Redis

from taskmanager.kit import redis_cache, throttle
from taskmanager.kit.cache import MemoryCache
from taskmanager.kit.ids import new_id
from taskmanager.kit.redis_cache import RedisCache
from taskmanager.kit.throttle import Bucket, Limit, Throttle
from tests.services import own_valkey


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a busy machine's Redis; what happens when it does not answer is a test of its own."""
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 5.0)


SECRET = b"of this installation"
FEW = Limit("few", quota=3, leak=0.2)
SLOWER = Limit("slower", quota=2, leak=100, first_wait=0.2, longest_wait=0.5)
FOREVER = Limit("forever", quota=2, leak=1000, first_wait=100, longest_wait=400)


@pytest.fixture(params=["in-process", "redis"])
async def throttled(request: pytest.FixtureRequest) -> AsyncIterator[Throttle]:
    if request.param == "in-process":
        yield Throttle(MemoryCache(), SECRET)
        return
    cache = RedisCache(request.getfixturevalue("redis_url"), bytes(32))
    yield Throttle(cache, SECRET)
    await cache.close()


def fresh(limit: Limit) -> Bucket:
    return Bucket(limit, new_id())


async def takes(throttled: Throttle, bucket: Bucket, count: int) -> list[bool]:
    """Take one after the other; tell which went through."""
    return [not (await throttled.take(bucket))[-1].wait for _ in range(count)]


async def test_a_quota_goes_through_and_comes_back_bit_by_bit(throttled: Throttle) -> None:
    bucket = fresh(FEW)
    verdicts = [(await throttled.take(bucket))[0] for _ in range(4)]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0]
    assert [bool(verdict.wait) for verdict in verdicts] == [False, False, False, True]
    assert 0 < verdicts[3].wait <= 0.2
    await asyncio.sleep(verdicts[3].wait + 0.02)
    assert await takes(throttled, bucket, 2) == [True, False]
    await asyncio.sleep(0.65)
    assert await takes(throttled, bucket, 4) == [True, True, True, False]
    # Nobody else's is touched.
    assert await takes(throttled, fresh(FEW), 3) == [True] * 3


async def test_each_further_take_doubles_the_wait_up_to_the_longest(throttled: Throttle) -> None:
    bucket = fresh(SLOWER)
    waits = []
    for _ in range(5):
        while wait := (await throttled.take(bucket))[0].wait:
            waits.append(wait)
            await asyncio.sleep(wait + 0.01)
    # The first two are free; the waits that follow are 0.2, 0.4, 0.5, 0.5 as far as they were met.
    assert [round(wait, 1) for wait in waits] == [0.2, 0.4, 0.5]


async def test_trying_while_refused_keeps_nobody_out_for_longer(throttled: Throttle) -> None:
    bucket = fresh(SLOWER)
    await takes(throttled, bucket, 2)
    until = time.monotonic() + 0.25
    while time.monotonic() < until:
        await throttled.take(bucket)
        await asyncio.sleep(0.01)
    assert (await throttled.take(bucket))[0].wait <= 0.4


async def test_a_hundred_at_once_are_a_hundred(throttled: Throttle) -> None:
    bucket = fresh(FOREVER)
    verdicts = await asyncio.gather(*(throttled.take(bucket) for _ in range(100)))
    assert sum(not verdict[0].wait for verdict in verdicts) == 2


async def test_takes_stop_at_the_first_that_refuses(throttled: Throttle) -> None:
    first, second, third = fresh(FEW), fresh(FOREVER), fresh(FEW)
    await takes(throttled, second, 2)
    verdicts = await throttled.take(first, second, third)
    assert [(verdict.limit.name, bool(verdict.wait)) for verdict in verdicts] == [("few", False), ("forever", True)]
    assert await takes(throttled, first, 3) == [True, True, False]
    assert await takes(throttled, third, 4) == [True, True, True, False]


async def test_what_is_given_back_or_emptied_can_be_taken_again(throttled: Throttle) -> None:
    bucket = fresh(FOREVER)
    assert await takes(throttled, bucket, 3) == [True, True, False]
    await throttled.give_back(bucket)
    assert await takes(throttled, bucket, 2) == [True, False]
    await throttled.empty(bucket)
    assert await takes(throttled, bucket, 3) == [True, True, False]
    await throttled.give_back(fresh(FOREVER))


async def test_the_first_refusal_of_a_window_is_news(throttled: Throttle) -> None:
    bucket = fresh(FOREVER)
    verdicts = [(await throttled.take(bucket))[0] for _ in range(6)]
    assert [verdict.news for verdict in verdicts] == [False, False, True, False, False, False]
    again = fresh(FEW)
    assert [(await throttled.take(again))[0].news for _ in range(5)] == [False, False, False, True, False]
    await asyncio.sleep(0.65)
    assert [(await throttled.take(again))[0].news for _ in range(4)] == [False, False, False, True]


async def test_off_means_that_nothing_is_counted() -> None:
    throttled = Throttle(MemoryCache(), SECRET, on=False)
    bucket = fresh(FOREVER)
    for _ in range(5):
        assert await throttled.take(bucket) == []
        assert throttled.take_here(bucket) is None
    await throttled.give_back(bucket)
    await throttled.empty(bucket)


async def test_a_clock_that_jumps_opens_and_shuts_nothing_in_the_process() -> None:
    throttled = Throttle(MemoryCache(), SECRET)
    bucket = fresh(FOREVER)
    with time_machine.travel("2026-06-01T12:00:00Z", tick=True) as clock:
        assert await takes(throttled, bucket, 3) == [True, True, False]
        before = (await throttled.take(bucket))[0].wait
    del clock
    for jump in ("2020-01-01T00:00:00Z", "2031-01-01T00:00:00Z"):
        with time_machine.travel(jump, tick=True):
            assert before - 5 < (await throttled.take(bucket))[0].wait <= before
    assert await takes(throttled, fresh(FOREVER), 3) == [True, True, False]


async def test_a_clock_of_redis_that_was_set_back_shuts_nobody_out(redis_url: str) -> None:
    cache = RedisCache(redis_url, bytes(32))
    throttled = Throttle(cache, SECRET)
    slow, plain = fresh(SLOWER), fresh(FEW)
    async with Redis.from_url(redis_url) as redis:
        tomorrow = int((await redis.time())[0]) * 1000 + 24 * 3_600_000
        for bucket in (slow, plain):
            left: dict[Any, Any] = {"level": 3, "at": tomorrow, "closed": tomorrow, "told": tomorrow}
            await redis.hset(throttled._keys((bucket,))[0], mapping=left)  # type: ignore[misc, unused-ignore]
        for bucket, longest in ((slow, 0.5), (plain, 0.2)):
            verdict = (await throttled.take(bucket))[0]
            assert 0 < verdict.wait <= longest
            await asyncio.sleep(verdict.wait + 0.02)
            assert await takes(throttled, bucket, 1) == [True]
    await cache.close()


async def test_buckets_in_redis_name_nobody_and_expire(redis_url: str) -> None:
    cache = RedisCache(redis_url, bytes(32))
    throttled = Throttle(cache, SECRET)
    named = Bucket(FEW, "anna@example.org\n203.0.113.9")
    async with Redis.from_url(redis_url) as redis:
        before = set(await redis.keys("*"))
        await takes(throttled, named, 4)
        (key,) = set(await redis.keys("*")) - before
        told = f"{key!r} {await redis.hgetall(key)}"  # type: ignore[misc, unused-ignore]
        assert "anna" not in told
        assert "203.0" not in told
        assert Throttle(cache, b"of another one")._keys((named,)) != throttled._keys((named,))
        assert 0 < await redis.pttl(key) <= FEW.window * 1000 + 1000
        await throttled.take(slow := fresh(FOREVER))
        assert await redis.pttl(throttled._keys((slow,))[0]) <= FOREVER.window * 1000 + 1000
    await cache.close()


async def test_two_processes_share_a_bucket_through_redis(redis_url: str) -> None:
    caches = [RedisCache(redis_url, bytes(32)) for _ in range(2)]
    one, other = (Throttle(cache, SECRET) for cache in caches)
    bucket = fresh(FOREVER)
    assert await takes(one, bucket, 1) + await takes(other, bucket, 2) == [True, True, False]
    await one.empty(bucket)
    assert await takes(other, bucket, 1) == [True]
    for cache in caches:
        await cache.close()


async def test_without_redis_each_process_counts_for_itself_and_goes_on_when_it_is_back() -> None:
    with own_valkey() as server:
        cache = RedisCache(server.url, bytes(32))
        throttled = Throttle(cache, SECRET)
        bucket = fresh(FOREVER)
        assert await takes(throttled, bucket, 3) == [True, True, False]
        server.process.kill()
        server.process.wait()
        assert await takes(throttled, bucket, 3) == [True, True, False]
        await throttled.empty(bucket)
        assert await takes(throttled, bucket, 3) == [True, True, False]
        with own_valkey(port=server.port):
            await asyncio.sleep(1.1)
            # Empty, and it does not know the scripts either.
            assert await takes(throttled, bucket, 3) == [True, True, False]
        await cache.close()


async def test_a_process_remembers_a_bounded_number_of_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "CAPACITY", 10)
    throttled = Throttle(MemoryCache(), SECRET)
    kept = fresh(FOREVER)
    other = fresh(FEW)
    await takes(throttled, kept, 2)
    await takes(throttled, other, 3)
    for _ in range(100):
        await throttled.take(fresh(FEW))
        assert await takes(throttled, kept, 1) == [False]
    assert {name: len(states) for name, states in throttled._local._states.items()} == {"few": 10, "forever": 1}
    # The one that was forgotten is as new; those of another limit are not pushed out.
    assert await takes(throttled, other, 1) == [True]
