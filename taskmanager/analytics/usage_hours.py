"""Counts of the last hours, short-lived: in Redis, where all processes add to the same ones, or in the process."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from taskmanager.kit.cache import Cache
from taskmanager.kit.ids import is_id, new_id

HOUR_SECONDS = 3600
LIFE_SECONDS = 48 * HOUR_SECONDS
_SOURCE = "source"
_COUNT = re.compile(r"[0-9]{1,15}")


class HourCounts(NamedTuple):
    """What was counted of one hour, and where: another source has counted other things of the same hour."""

    source: str
    counts: dict[str, int]


class Hours(Protocol):
    """Adds up what happens, by hours since 1970."""

    async def add(self, hour: int, counts: Mapping[str, int]) -> bool:
        """Add to an hour; False if that was not possible now."""

    async def read(self, hour: int) -> HourCounts | None:
        """Return what was added to an hour so far; None if nothing is known."""


def hours_of(cache: Cache) -> Hours:
    """Return where hours are kept: with the cache, if processes share one."""
    return _SharedHours(cache) if cache.shared else _OwnHours()


class _OwnHours:
    """The hours of one process."""

    def __init__(self) -> None:
        self._source = new_id()
        self._hours: dict[int, defaultdict[str, int]] = {}

    async def add(self, hour: int, counts: Mapping[str, int]) -> bool:
        known = self._hours.setdefault(hour, defaultdict(int))
        for kind, n in counts.items():
            known[kind] += n
        for old in [one for one in self._hours if one < hour - LIFE_SECONDS // HOUR_SECONDS]:
            del self._hours[old]
        return True

    async def read(self, hour: int) -> HourCounts | None:
        counts = self._hours.get(hour)
        return None if counts is None else HourCounts(self._source, dict(counts))


class _SharedHours:
    """Hours in Redis. One that forgets an hour begins it again under another source, so nothing is counted twice."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def add(self, hour: int, counts: Mapping[str, int]) -> bool:
        key = _key(hour)

        async def write(redis: Any) -> bool:
            pipeline = redis.pipeline(transaction=False)
            pipeline.hsetnx(key, _SOURCE, new_id())
            for kind, n in counts.items():
                pipeline.hincrby(key, kind, n)
            pipeline.expire(key, LIFE_SECONDS)
            await pipeline.execute()
            return True

        return await self._cache.run(write) is True

    async def read(self, hour: int) -> HourCounts | None:
        found = await self._cache.run(lambda redis: redis.hgetall(_key(hour)))
        if not found:
            return None
        # Strangers may be able to write there.
        texts = {_text(name): _text(value) for name, value in found.items()}
        source = texts.pop(_SOURCE, "")
        counts = {name: int(value) for name, value in texts.items() if _COUNT.fullmatch(value)}
        return HourCounts(source, counts) if is_id(source) else None


def _key(hour: int) -> str:
    return f"tm:usage:{hour}"


def _text(value: bytes) -> str:
    return value.decode("ascii", "replace")
