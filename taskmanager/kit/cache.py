"""The cache: in the process by default, in Redis when it is configured. Losing it costs speed, nothing else."""

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import MaxConnectionsError, RedisError

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
PAUSE_SECONDS = 1.0


class Cache(Protocol):
    """Bytes under a key for a while. Nothing in it is believed without a seal of its writer."""

    name: str

    async def get(self, key: str) -> bytes | None:
        """Return what is kept, or None; never raises for an outage."""

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep ``value`` for at most ``seconds``."""

    async def drop(self, *keys: str) -> None:
        """Forget."""

    async def healthy(self) -> bool:
        """Tell whether the cache answers."""

    async def close(self) -> None:
        """Give connections back."""


class MemoryCache:
    """The cache of one process: least recently used entries go first."""

    name = "in-process"

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] < time.monotonic():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[1]

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        self._entries[key] = (time.monotonic() + seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    async def drop(self, *keys: str) -> None:
        for key in keys:
            self._entries.pop(key, None)

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        self._entries.clear()


class RedisCache:
    """The cache in Redis or Valkey, shared by all processes.

    Short timeouts and no retries: a stopped server costs a quarter of a second once, then it is left alone and one
    request a second asks whether it is back (the client's own defaults would hang every request for 20 s).
    """

    name = "redis"

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            max_connections=128,
            client_name="taskmanager",
        )
        self._down = False
        self._ask_again_at = 0.0

    async def get(self, key: str) -> bytes | None:
        value = await self._ask(lambda: self._redis.get(key))
        return None if value is None else bytes(value)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._ask(lambda: self._redis.set(key, value, px=max(1, int(seconds * 1000))))

    async def drop(self, *keys: str) -> None:
        if keys:
            await self._ask(lambda: self._redis.delete(*keys))

    async def run(self, command: Callable[[Redis], Awaitable[Any]]) -> Any:
        """Return the answer of any other command, or None while the server is down."""
        return await self._ask(lambda: command(self._redis))

    async def _ask(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Return the server's answer; None while it is down, but for the one request that tries it."""
        now = time.monotonic()
        if self._down and now < self._ask_again_at:
            return None
        self._ask_again_at = now + PAUSE_SECONDS
        try:
            answer = await command()
        except MaxConnectionsError:
            return None  # a crowd here, not an outage there
        except (RedisError, OSError) as error:
            if not self._down:
                logger.warning("the cache does not answer (%s); the database does its work", type(error).__name__)
            self._down = True
            self._ask_again_at = time.monotonic() + PAUSE_SECONDS
            return None
        if self._down:
            logger.warning("the cache answers again")
        self._down = False
        return answer

    async def healthy(self) -> bool:
        try:
            await self._redis.ping()
        except (RedisError, OSError):
            return False
        return True

    async def close(self) -> None:
        await self._redis.aclose()


def open_cache(redis_url: str) -> Cache:
    """Return the cache that the settings ask for."""
    return RedisCache(redis_url) if redis_url else MemoryCache()
