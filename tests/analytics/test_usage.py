"""What administrators are told of the use of the installation: counted once, whatever happens to Redis or a process."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from redis.asyncio import Redis

from taskmanager.analytics.usage import ADD_SECONDS, Usage, hour_of, purge, read
from taskmanager.analytics.usage_hours import hours_of
from taskmanager.kit import clock
from taskmanager.kit.cache import Cache, MemoryCache
from taskmanager.kit.redis_cache import RedisCache
from taskmanager.kit.settings import Settings
from tests.auth.tokens import code
from tests.factories import Api


@pytest.fixture(autouse=True)
async def _forgotten(settings: Settings) -> None:
    """Let Redis, which tests share, know of no hour."""
    if settings.redis_url:
        async with Redis.from_url(settings.redis_url) as redis:
            for key in await redis.keys("tm:usage:*"):
                await redis.delete(key)


@pytest.fixture
async def cache(settings: Settings) -> AsyncIterator[Cache]:
    """Yield the cache of another process."""
    opened = RedisCache(settings.redis_url, b"x" * 32) if settings.redis_url else MemoryCache()
    yield opened
    await opened.close()


class Process:
    """A process that counts, told what it has counted since its start."""

    def __init__(self, api: Api, cache: Cache) -> None:
        self.totals: Counter[str] = Counter()
        self.usage = Usage(api.database, hours_of(cache), lambda: self.totals)

    async def work(self, **counts: int) -> None:
        self.totals.update(counts)
        await self.usage.add()
        await self.usage.roll_up()


async def known(api: Api) -> dict[str, int]:
    async with api.database.read() as session:
        return (await read(session, 0)).get(hour_of(clock.now()), {})


async def test_what_happened_is_told_to_administrators_only(api: Api, settings: Settings) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    assert (await api.anonymous.post("/login", json={"username": "anna", "password": "wrong"})).status_code == 401
    await api.sign_in("anna")
    answer = await api.anonymous.post("/refresh", json={"refresh_token": anna.refresh_token})
    assert answer.status_code == 200
    assert (await api.anonymous.post("/refresh", json={"refresh_token": "x"})).status_code == 401
    process = Process(api, api.app.state.cache)
    await process.work(**{f"answers_{digit}": n for digit, n in api.app.state.counted.answers().items()})
    await process.work(**api.app.state.counters.totals())
    told = (await chief.get("/admin/analytics", params={"days": 2})).json()
    today = told["days"][-1]
    assert (today["sign_ins"], today["sign_ins_refused"]) == (1, 1)
    assert (today["refreshes"], today["refreshes_refused"]) == (1, 1)
    assert (today["requests"], today["refused"], today["failed"], today["active_accounts"]) == (5, 2, 0, 2)
    assert (len(told["hours"]), len(told["days"])) == (48, 2)
    assert told["hours"][-1]["requests"] == 5
    assert told["hours"][0]["requests"] == told["days"][0]["requests"] == 0
    assert code(await anna.get("/admin/analytics")) == (403, "forbidden")
    for days in ("0", "367", "x"):
        assert (await chief.get("/admin/analytics", params={"days": days})).status_code == 422


async def test_nothing_is_counted_twice_or_lost_by_several_processes(api: Api, cache: Cache) -> None:
    one, other = Process(api, api.app.state.cache), Process(api, cache)
    for _ in range(3):
        await one.work(login_success=2)
        await other.work(login_success=3, login_refused=1)
        await one.usage.roll_up()
    assert await known(api) | {"active": 0} == {"login_success": 15, "login_refused": 3, "active": 0}
    # One that begins again counts from nothing.
    await Process(api, cache).work(login_success=1)
    assert (await known(api))["login_success"] == 16


async def test_a_redis_that_forgets_or_is_away_costs_nothing_that_was_rolled_up(api: Api, settings: Settings) -> None:
    if not settings.redis_url:
        return
    process = Process(api, api.app.state.cache)
    async with Redis.from_url(settings.redis_url) as redis:
        await process.work(login_success=5)
        await redis.flushdb()
        await process.work(login_success=2)
        assert (await known(api))["login_success"] == 7
        api.app.state.cache._give_up("a test says so")
        await process.work(login_success=4)  # kept until it can be added
        other = RedisCache(settings.redis_url, b"x" * 32)
        process.usage._hours = hours_of(other)
        await process.work()
        assert (await known(api))["login_success"] == 11
        # What strangers write there is no count.
        key = f"tm:usage:{hour_of(clock.now())}"
        for field, value in (("login_success", "-5"), ("login_refused", "9" * 40), ("x", "\u0663"), ("source", "me")):
            await redis.hset(key, field, value)
            await process.usage.roll_up()
        assert (await known(api))["login_success"] == 11
        assert 0 < await redis.ttl(key) <= 48 * 3600
        await other.close()


async def test_hours_end_and_old_ones_are_forgotten(api: Api, cache: Cache) -> None:
    process, now = Process(api, cache), clock.now().replace(minute=58)
    found: list[Any] = []
    for minutes in (0, 4):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=True):
            await process.work(login_success=1)
            found.append(await known(api))
    assert [one["login_success"] for one in found] == [1, 1]
    async with api.database.write() as session:
        await purge(session, now + timedelta(hours=1))
    async with api.database.read() as session:
        assert [hour for hour, counts in (await read(session, 0)).items() if counts.get("login_success")] == [
            hour_of(now) + 1
        ]


async def test_a_server_that_ends_has_kept_what_it_counted(api: Api, settings: Settings) -> None:
    from taskmanager.main import create_app

    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as second:
        await second.anonymous.post("/login", json={"username": "nobody", "password": "wrong"})
        assert ADD_SECONDS > 1
    assert (await known(api))["login_refused"] == 1
