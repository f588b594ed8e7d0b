"""Calls from process to process over Redis' publish and subscribe."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from taskmanager.kit.redis_connection import connect

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
PAUSE_SECONDS = 1.0

CHANNEL = "tm:look"
# A server that says nothing for so long is asked whether it is there.
SILENCE_SECONDS = 15


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
