"""The cache in Redis or Valkey, shared by all processes; a slow, silent or hostile one costs time, and little of it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import MaxConnectionsError, RedisError

from taskmanager.kit.cache import SLOW_SECONDS, MemoryCache
from taskmanager.kit.redis_connection import connect
from taskmanager.kit.seals import Seals

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
PATIENCE_SECONDS = 0.05
"""Nobody queues behind a question that has been out for longer than this."""
PAUSE_SECONDS = 1.0
MOST_AT_ONCE = 500
MOST_WRITES = 10_000
_PROBE = "tm:probe"

Answer = asyncio.Future[list[Any]]
Write = Callable[[Any], Any]


class RedisCache:
    """One conversation with the server, which all requests share.

    What they ask while a question is out goes together with the next one, so that a crowd costs a few round trips and
    one connection. The first answer that is late, wrong or missing ends the conversation: until a probe in the
    background finds the server well again, this process keeps a cache of its own, and no request waits.
    """

    name = "redis"
    shared = True

    def __init__(self, url: str, seal_key: bytes) -> None:
        self._redis: Any = connect(url, TIMEOUT_SECONDS, max_connections=128)
        self._seals = Seals(seal_key)
        self._asked: list[tuple[tuple[str, ...], Answer]] = []
        self._writes: list[Write] = []
        self._sent_at = float("inf")
        self._conversation: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None
        self._closed = False
        self._meanwhile = MemoryCache()

    async def get(self, *keys: str) -> list[bytes | None]:
        if self._probing is not None:
            return await self._meanwhile.get(*keys)
        if time.monotonic() - self._sent_at > PATIENCE_SECONDS:
            return [None] * len(keys)
        answer: Answer = asyncio.get_running_loop().create_future()
        self._asked.append((keys, answer))
        self._converse()
        kept = await answer
        return [None if one is None else self._seals.open(key, one) for key, one in zip(keys, kept, strict=True)]

    def put(self, key: str, value: bytes, seconds: float) -> None:
        if self._probing is not None:
            self._meanwhile.put(key, value, seconds)
            return
        sealed = self._seals.close(key, value, seconds)
        self._write(lambda pipeline: pipeline.set(key, sealed, px=max(1, int(seconds * 1000))))

    def drop(self, *keys: str) -> None:
        self._meanwhile.drop(*keys)
        if self._probing is None:
            self._write(lambda pipeline: pipeline.delete(*keys))

    async def run(self, command: Callable[[Any], Awaitable[Any]]) -> Any:
        """Return the answer of any other command, asked beside the conversation; None if the server is left alone."""
        if self._probing is not None:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await command(self._redis)
        except MaxConnectionsError:
            return None  # a crowd here, not an outage there
        except (RedisError, OSError) as error:
            self._give_up(type(error).__name__)
            return None

    def _write(self, write: Write) -> None:
        if len(self._writes) < MOST_WRITES:
            self._writes.append(write)
            self._converse()

    def _converse(self) -> None:
        if self._conversation is None:
            self._conversation = asyncio.create_task(self._talk())

    async def _talk(self) -> None:
        """Ask and write what has gathered until nothing is left."""
        asked: list[tuple[tuple[str, ...], Answer]] = []
        try:
            while (self._asked or self._writes) and self._probing is None:
                asked, self._asked = self._asked[:MOST_AT_ONCE], self._asked[MOST_AT_ONCE:]
                if asked:
                    kept = iter(await self._timed(self._read([key for keys, _ in asked for key in keys])))
                    for keys, answer in asked:
                        found = [next(kept) for _ in keys]
                        if not answer.done():  # else the one who asked has left
                            answer.set_result(found)
                writes, self._writes = self._writes[:MOST_AT_ONCE], self._writes[MOST_AT_ONCE:]
                if writes:
                    pipeline = self._redis.pipeline(transaction=False)
                    for write in writes:
                        write(pipeline)
                    await self._timed(pipeline.execute())
        except (RedisError, OSError) as error:
            self._give_up(type(error).__name__)
        finally:
            self._conversation = None
            self._sent_at = float("inf")
            for keys, answer in (*asked, *self._asked):
                if not answer.done():
                    answer.set_result([None] * len(keys))
            self._asked.clear()

    def _read(self, keys: list[str]) -> Awaitable[list[Any]]:
        if not isinstance(self._redis, RedisCluster):
            return self._redis.mget(keys)  # type: ignore[no-any-return]
        pipeline = self._redis.pipeline()  # sorts by node what one MGET could not name together
        for key in keys:
            pipeline.get(key)
        return pipeline.execute()

    async def _timed(self, command: Awaitable[Any]) -> Any:
        """Return the server's answer; if it was slow, it is the last one for now."""
        self._sent_at, used = time.monotonic(), time.thread_time()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer = await command
        # What this process did meanwhile is not the server's fault.
        waited = time.monotonic() - self._sent_at - (time.thread_time() - used)
        if waited > SLOW_SECONDS:
            self._give_up(f"it took {waited * 1000:.0f} ms")
        return answer

    def _give_up(self, reason: str) -> None:
        logger.warning("the cache is left alone (%s); the database does its work", reason)
        self._writes.clear()
        if self._probing is None and not self._closed:
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        """Ask now and then, beside all requests, until the server takes a value and returns it in time."""
        well = False
        while not well:
            await asyncio.sleep(PAUSE_SECONDS)
            try:
                async with asyncio.timeout(SLOW_SECONDS):
                    pipeline = self._redis.pipeline(transaction=False)
                    pipeline.set(_PROBE, b"", px=1000)
                    pipeline.get(_PROBE)
                    well = (await pipeline.execute())[-1] is not None
            except (RedisError, OSError):
                # The client may turn being cancelled into an error of its own.
                if self._closed:
                    return
        logger.warning("the cache is used again")
        self._probing = None
        await self._meanwhile.close()

    async def healthy(self) -> bool:
        await self.get(_PROBE)
        return self._probing is None

    async def close(self) -> None:
        """End the conversation; what was not written yet is not needed."""
        self._closed = True
        tasks = [task for task in (self._conversation, self._probing) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()
