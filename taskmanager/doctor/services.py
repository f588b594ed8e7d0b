"""The checks of the cache and of the mail server."""

import time
from collections.abc import AsyncIterator
from statistics import median
from typing import Any

from taskmanager.doctor.findings import Finding, Findings
from taskmanager.kit.cache import SLOW_SECONDS
from taskmanager.kit.settings import PREFIX, Settings

LEAST_VERSION = (6, 2)
TIMEOUT_SECONDS = 2.0
FAR_SECONDS = 0.01


async def check_cache(settings: Settings) -> AsyncIterator[Finding]:
    say = Findings("cache")
    if not settings.redis_url:
        yield say.ok("in the process; one process at a time counts tries to sign in")
        return
    # A server without Redis needs no library for it, nor does its doctor.
    from redis.exceptions import RedisError  # noqa: PLC0415

    from taskmanager.kit.redis_connection import connect  # noqa: PLC0415

    redis = connect(settings.redis_url, TIMEOUT_SECONDS)
    try:
        latency = await _latency(redis)
        info: dict[str, Any] = await redis.info()
    except (RedisError, OSError) as error:
        advice = "is it running, are address and password right? Requests go on with the database, more slowly"
        yield say.fail(f"cannot be used: {error}", advice)
        return
    finally:
        await redis.aclose()
    if any(
        isinstance(one, dict) and "redis_version" in one for one in info.values()
    ):  # a cluster answers for each node
        info = next(one for one in info.values() if isinstance(one, dict))
    for finding in _judge(say, info, latency):
        yield finding


async def _latency(redis: Any) -> float:
    await redis.ping()
    taken = []
    for _ in range(9):
        begun = time.monotonic()
        await redis.get("tm:probe")
        taken.append(time.monotonic() - begun)
    return median(taken)


def _judge(say: Findings, info: dict[str, Any], latency: float) -> list[Finding]:
    kind, number = info.get("server_name", "redis"), info.get("valkey_version", info.get("redis_version", "0"))
    words = f"{kind} {number}, {latency * 1000:.1f} ms away"
    found = []
    version = tuple(int(part) for part in str(info.get("redis_version", "0.0")).split(".")[:2])
    if version < LEAST_VERSION:
        found.append(say.fail(words, "Redis 6.2, Valkey or KeyDB of that age or newer is needed"))
    elif latency > SLOW_SECONDS:
        found.append(say.fail(words, "slower than the database: requests leave it alone"))
    elif latency > FAR_SECONDS:
        found.append(say.warn(words, "each request asks it: keep it near"))
    else:
        found.append(say.ok(words))
    policy, limit = info.get("maxmemory_policy", ""), int(info.get("maxmemory", 0))
    if limit and policy == "noeviction":
        found.append(say.warn("refuses writes when it is full", "maxmemory-policy allkeys-lru: it is only a cache"))
    elif not limit:
        found.append(say.warn("has no limit of memory", "maxmemory 256mb with maxmemory-policy allkeys-lru"))
    else:
        found.append(say.ok(f"{policy} at {limit / 1024**2:,.0f} MB"))
    return found


async def check_mail(settings: Settings) -> AsyncIterator[Finding]:
    say = Findings("mail")
    if not settings.sends_mail:
        yield say.ok("none is sent; links to choose a password are handed over by hand")
        return
    # The libraries of mail are imported where it is set up only.
    import aiosmtplib  # noqa: PLC0415

    from taskmanager.kit.mail import Mailer  # noqa: PLC0415

    try:
        await Mailer(settings).greet()
    except (aiosmtplib.SMTPException, OSError) as error:
        yield say.fail(f"cannot be sent: {error}", f"check {PREFIX}SMTP_URL; what must be sent waits in the database")
    else:
        yield say.ok("the server takes our name and password")
