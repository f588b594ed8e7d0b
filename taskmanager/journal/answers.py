"""Answers kept as they were sent, and given again until the journal tells of a change in what they show.

In this process, and in Redis for the others. Whatever is found there is believed only as :class:`Freshness` allows: a
kept answer names the account and the projects that it depends on, and the position before which it was read.
"""

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from taskmanager.journal.freshness import Freshness
from taskmanager.kit.cache import Cache

LIFE_SECONDS = 30.0
"""A bound for what no journal tells, such as a newer time zone database."""
MOST_BYTES = 32 * 1024 * 1024
OWN_BYTES = 1024
"""What keeping an answer takes beside its parts; most lists that strangers could think of are empty."""
NAME_BYTES = 100
LARGEST_BYTES = 256 * 1024
MOST_NAMES = 1000
_PREFIX = "tm:answer:1:"

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer of status 200 and what it depends on."""

    position: int
    names: tuple[str, ...]
    headers: Headers
    body: bytes
    until: float = field(default_factory=lambda: time.monotonic() + LIFE_SECONDS)

    @property
    def weight(self) -> int:
        """About how many bytes of memory this takes."""
        return len(self.body) + NAME_BYTES * len(self.names) + OWN_BYTES

    def pack(self) -> bytes:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]
        return json.dumps((self.position, self.names, headers)).encode() + b"\n" + self.body

    @classmethod
    def unpack(cls, content: bytes) -> "Kept":
        head, _, body = content.partition(b"\n")
        position, names, headers = json.loads(head)
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return cls(position, tuple(names), raw, body)


class Answers:
    """The kept answers of one process, and those of the others where there is Redis."""

    def __init__(self, freshness: Freshness, cache: Cache) -> None:
        self._freshness = freshness
        self._shared = cache if cache.shared else None
        self._here: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0

    @property
    def position(self) -> int:
        """What is read from now on has seen every change before this."""
        return self._freshness.position

    async def find(self, key: str) -> Kept | None:
        """Return the answer kept under ``key`` if it is still true as of the last look at the database."""
        kept = self._here.get(key)
        if kept is not None:
            if self._holds(kept):
                self._here.move_to_end(key)
                return kept
            self._forget(key)
        if self._shared is None:
            return None
        (content,) = await self._shared.get(_place(key))
        kept = Kept.unpack(content) if content is not None else None
        if kept is None or not self._holds(kept):
            return None
        self._remember(key, kept)
        return kept

    def keep(self, key: str, kept: Kept) -> None:
        """Keep an answer that is neither large nor depends on very much."""
        if len(kept.body) > LARGEST_BYTES or len(kept.names) > MOST_NAMES:
            return
        self._remember(key, kept)
        if self._shared is not None:
            self._shared.put(_place(key), kept.pack(), LIFE_SECONDS)

    def _holds(self, kept: Kept) -> bool:
        return time.monotonic() < kept.until and self._freshness.allow(kept.position, *kept.names)

    def _remember(self, key: str, kept: Kept) -> None:
        self._forget(key)
        self._here[key] = kept
        self._bytes += kept.weight
        while self._bytes > MOST_BYTES:
            _, oldest = self._here.popitem(last=False)
            self._bytes -= oldest.weight

    def _forget(self, key: str) -> None:
        kept = self._here.pop(key, None)
        if kept is not None:
            self._bytes -= kept.weight


def _place(key: str) -> str:
    return _PREFIX + hashlib.sha256(key.encode()).hexdigest()
