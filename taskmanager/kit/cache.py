"""The cache: in the process by default, in Redis when it is configured. Losing it costs speed, nothing else."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

SLOW_SECONDS = 0.15
"""A cache that takes longer than this to answer is worse than the database."""


class Cache(Protocol):
    """Bytes under a key for a while. Nothing waits for a write, and none is sure to arrive."""

    name: str
    shared: bool
    """Whether other processes see the same; only then is there a server to :meth:`run` anything."""

    async def get(self, *keys: str) -> list[bytes | None]:
        """Return what is kept under each key, in one round trip; an outage is a miss."""

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep ``value`` for at most ``seconds``."""

    def drop(self, *keys: str) -> None:
        """Forget."""

    async def run(self, command: Callable[[Any], Awaitable[Any]]) -> Any:
        """Return the answer of any other command; None if there is none."""

    async def healthy(self) -> bool:
        """Tell whether the cache answers."""

    async def close(self) -> None:
        """Give connections back."""


class MemoryCache:
    """The cache of one process: least recently used entries go first."""

    name = "in-process"
    shared = False

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, *keys: str) -> list[bytes | None]:
        now = time.monotonic()
        return [self._find(key, now) for key in keys]

    def _find(self, key: str, now: float) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] < now:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: str, value: bytes, seconds: float) -> None:
        self._entries[key] = (time.monotonic() + seconds, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def drop(self, *keys: str) -> None:
        for key in keys:
            self._entries.pop(key, None)

    async def run(self, command: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ARG002 - of the protocol
        return None

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        self._entries.clear()
