"""All that lies in Redis, for tests that look for what must not be there."""

from typing import Any

from redis.asyncio import Redis

READERS = {
    b"string": "GET {}",
    b"hash": "HGETALL {}",
    b"set": "SMEMBERS {}",
    b"list": "LRANGE {} 0 -1",
    b"zset": "ZRANGE {} 0 -1 WITHSCORES",
    b"stream": "XRANGE {} - +",
}


async def redis_dump(url: str) -> bytes:
    """Return every key and value, of whatever type."""
    found: list[bytes] = []
    redis: Any = Redis.from_url(url)
    async for key in redis.scan_iter():
        words = READERS[await redis.type(key)].split()
        found += [key, repr(await redis.execute_command(*(key if word == "{}" else word for word in words))).encode()]
        if words[0] == "GET":
            found.append(await redis.get(key) or b"")
    await redis.aclose()
    return b"\n".join(found)
