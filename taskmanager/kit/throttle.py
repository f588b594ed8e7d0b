"""How often something may happen: leaking buckets, shared by all processes where there is Redis.

Each take adds one to its bucket, and one leaks out every ``leak`` seconds. A bucket that holds its quota refuses until
there is room again. A bucket with a ``longest_wait`` punishes instead: from its quota on, each take closes it for twice
as long as the one before. What is refused adds nothing, so nobody is kept out for longer by trying.
"""

import hashlib
import hmac
import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from taskmanager.kit.cache import Cache

CAPACITY = 20_000
"""Buckets of one limit that a process remembers; those not asked for the longest go first."""
MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Limit:
    """``quota`` takes at once, and one more every ``leak`` seconds; times are seconds."""

    name: str
    quota: int
    leak: float
    first_wait: float = 0.0
    longest_wait: float = 0.0

    @property
    def window(self) -> float:
        """After so long an emptied quota is whole again."""
        return self.quota * self.leak


class Bucket(NamedTuple):
    """One limit for one account, address or whatever ``of`` names."""

    limit: Limit
    of: str = ""


class Verdict(NamedTuple):
    """What came of a take: refused for ``wait`` seconds, or taken (0).

    ``news`` is true for the first refusal of a bucket within its window: that one is worth writing down.
    """

    limit: Limit
    wait: float
    remaining: int
    reset: float
    news: bool = False


@dataclass(slots=True)
class _State:
    level: float
    at: float
    closed_until: float = 0.0
    told_at: float = -math.inf


class LocalBuckets:
    """The buckets of one process, by a clock that nobody can set."""

    def __init__(self) -> None:
        self._states: dict[str, OrderedDict[str, _State]] = defaultdict(OrderedDict)

    def take(self, bucket: Bucket) -> Verdict:
        limit, now = bucket.limit, time.monotonic()
        state = self._open(bucket, now)
        state.level = max(0.0, state.level - (now - state.at) / limit.leak)
        state.at = now
        full = state.level + 1 - limit.quota
        wait = state.closed_until - now if limit.longest_wait else full * limit.leak
        if wait > 0:
            news = now - state.told_at >= limit.window
            state.told_at = now if news else state.told_at
            return _verdict(limit, state.level, wait, news=news)
        state.level += 1
        if limit.longest_wait and full + 1 > 0:
            doubled = limit.first_wait * 2.0 ** min(math.ceil(full), MOST_DOUBLINGS)
            state.closed_until = now + min(limit.longest_wait, doubled)
        return _verdict(limit, state.level)

    def _open(self, bucket: Bucket, now: float) -> _State:
        states = self._states[bucket.limit.name]
        state = states.get(bucket.of)
        if state is None:
            state = states[bucket.of] = _State(0.0, now)
            if len(states) > CAPACITY:
                states.popitem(last=False)
        else:
            states.move_to_end(bucket.of)
        return state

    def give_back(self, bucket: Bucket) -> None:
        state = self._states[bucket.limit.name].get(bucket.of)
        if state is not None:
            state.level, state.closed_until = max(0.0, state.level - 1), 0.0

    def empty(self, bucket: Bucket) -> None:
        self._states[bucket.limit.name].pop(bucket.of, None)


def _verdict(limit: Limit, level: float, wait: float = 0.0, *, news: bool = False) -> Verdict:
    remaining = 0 if wait > 0 else max(0, math.floor(limit.quota - level))
    return Verdict(limit, max(0.0, wait), remaining, wait if wait > 0 else level * limit.leak, news)


# The same steps as above, in one round trip and by the clock of the server, in milliseconds. Where that clock was set
# back, what lies in its future is cut to what could lie there, so a bucket is never closed for longer than it should.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
for i, key in ipairs(KEYS) do
  local quota, leak = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
  local first, longest = tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i])
  local kept = redis.call('HMGET', key, 'level', 'at', 'closed', 'told')
  local at = math.min(tonumber(kept[2]) or now, now)
  local closed = math.min(tonumber(kept[3]) or 0, now + longest)
  local told = math.min(tonumber(kept[4]) or 0, now)
  local level = math.max(0, (tonumber(kept[1]) or 0) - (now - at) / leak)
  local full = level + 1 - quota
  local wait, news = full * leak, 0
  if longest > 0 then wait = closed - now end
  if wait > 0 then
    if now - told >= quota * leak then news, told = 1, now end
  else
    wait, level, full = 0, level + 1, full + 1
    if longest > 0 and full > 0 then closed = now + math.min(longest, first * 2 ^ (math.ceil(full) - 1)) end
  end
  local shown = string.format('%.6f', level)
  redis.call('HSET', key, 'level', shown, 'at', now, 'closed', closed, 'told', told)
  redis.call('PEXPIRE', key, math.ceil(math.max(level * leak, closed - now)) + 1000)
  answers[i] = {shown, math.ceil(wait), news}
  if wait > 0 then break end
end
return answers
"""
_GIVE_BACK = """
for _, key in ipairs(KEYS) do
  local level = tonumber(redis.call('HGET', key, 'level'))
  if level then
    redis.call('HSET', key, 'level', string.format('%.6f', math.max(0, level - 1)), 'closed', 0)
  end
end
"""


class Throttle:
    """Takes from buckets: those of all processes in Redis, those of this one without it or while it is away."""

    def __init__(self, cache: Cache, secret: bytes, *, on: bool = True) -> None:
        self._shared = cache if cache.shared else None
        self._secret = secret
        self._on = on
        self._local = LocalBuckets()

    def take_here(self, bucket: Bucket) -> Verdict | None:
        """Take from a bucket of this process alone, without waiting for anything; None where limits are off."""
        return self._local.take(bucket) if self._on else None

    async def take(self, *buckets: Bucket) -> list[Verdict]:
        """Take from each bucket in turn, up to the first that refuses; return what came of each.

        What was taken before a refusal stays taken.
        """
        if not self._on:
            return []
        arguments = [
            number
            for limit in (bucket.limit for bucket in buckets)
            for number in (limit.quota, limit.leak * 1000, limit.first_wait * 1000, limit.longest_wait * 1000)
        ]
        answers = await self._run(_TAKE, buckets, *arguments)
        if answers is not None:
            return [
                _verdict(bucket.limit, float(level), wait / 1000, news=bool(news))
                for bucket, (level, wait, news) in zip(buckets, answers, strict=False)
            ]
        verdicts: list[Verdict] = []
        for bucket in buckets:
            verdicts.append(self._local.take(bucket))
            if verdicts[-1].wait:
                break
        return verdicts

    async def give_back(self, *buckets: Bucket) -> None:
        """Take back one take of each bucket, with the wait it caused."""
        for bucket in buckets:
            self._local.give_back(bucket)
        if self._on and buckets:
            await self._run(_GIVE_BACK, buckets)

    async def empty(self, *buckets: Bucket) -> None:
        """Forget all that was taken from these buckets."""
        for bucket in buckets:
            self._local.empty(bucket)
        if self._on and self._shared is not None:
            keys = self._keys(buckets)
            await self._shared.run(lambda redis: redis.delete(*keys))

    async def _run(self, script: str, buckets: tuple[Bucket, ...], *arguments: float) -> Any:
        """Return what a script of the server says, None without one that answers."""
        if self._shared is None:
            return None
        return await self._shared.run(_command(script, self._keys(buckets), arguments))

    def _keys(self, buckets: tuple[Bucket, ...]) -> list[str]:
        """Return names that tell nothing of whom they count; the braces keep them on one node of a cluster."""
        return [f"{{throttle}}:{self._digest(bucket)}" for bucket in buckets]

    def _digest(self, bucket: Bucket) -> str:
        subject = f"{bucket.limit.name}\n{bucket.of}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, subject, hashlib.sha256)[:16].hex()


def _command(script: str, keys: list[str], arguments: tuple[float, ...]) -> Callable[[Any], Awaitable[Any]]:
    async def run(redis: Any) -> Any:
        return await redis.register_script(script)(keys, arguments)

    return run
