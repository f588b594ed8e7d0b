"""Telling the other processes to look: no more than that. What there is to see is in the database."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from redis.exceptions import RedisError

from taskmanager.kit.redis_connection import connect

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
PAUSE_SECONDS = 1.0

CHANNEL = "tm:look"
# A server that says nothing for so long is asked whether it is there.
SILENCE_SECONDS = 15


class Wakeups(Protocol):
    """A bell that all processes hear. A call may be lost: whoever waits for one looks now and then anyway."""

    async def call(self) -> None:
        """Wake the others; never raises for an outage."""

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` for every call, until cancelled."""

    async def close(self) -> None:
        """Give connections back."""


class OneProcess:
    """The bell where nobody else is there."""

    async def call(self) -> None:
        return

    async def listen(self, heard: Callable[[], None]) -> None:  # noqa: ARG002 - of the protocol
        return

    async def close(self) -> None:
        return


class RedisWakeups:
    """The bell over Redis, as short of patience as the cache: a stopped server is left alone for a second."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._redis: Any = connect(url, TIMEOUT_SECONDS)
        self._ask_again_at = 0.0

    async def call(self) -> None:
        now = time.monotonic()
        if now < self._ask_again_at:
            return
        try:
            await self._redis.publish(CHANNEL, b"")
        except (RedisError, OSError):
            self._ask_again_at = now + PAUSE_SECONDS

    async def listen(self, heard: Callable[[], None]) -> None:
        while True:
            try:
                await self._follow(heard)
            except (RedisError, OSError) as error:
                logger.info("not woken by Redis (%s); looking every so often", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self, heard: Callable[[], None]) -> None:
        listening: Any = connect(self._url, TIMEOUT_SECONDS, listening=True, health_check_interval=SILENCE_SECONDS)
        async with listening as redis, redis.pubsub() as channel:
            await channel.subscribe(CHANNEL)
            while True:
                if await channel.get_message(timeout=SILENCE_SECONDS) is not None:
                    heard()

    async def close(self) -> None:
        await self._redis.aclose()


def open_wakeups(redis_url: str) -> Wakeups:
    """Return the bell that the settings ask for."""
    return RedisWakeups(redis_url) if redis_url else OneProcess()
