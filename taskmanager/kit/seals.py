"""Seals: what lies where strangers may write is believed only as we left it, in its place and in its time."""

import hashlib
import hmac
import struct
import time

_TAG_BYTES = 32
_TIMES = struct.Struct(">dd")
SKEW_SECONDS = 1.0


class Seals:
    """Puts a MAC over place, content, the moment and the life of what is kept, and opens only that."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def close(self, place: str, content: bytes, seconds: float) -> bytes:
        """Return ``content`` under a seal that holds for ``seconds``."""
        sealed = _TIMES.pack(time.time(), seconds) + content
        return self._tag(place, sealed) + sealed

    def open(self, place: str, kept: bytes) -> bytes | None:
        """Return the content; None if the seal is not ours, of another place or of another time."""
        tag, sealed = kept[:_TAG_BYTES], kept[_TAG_BYTES:]
        if len(sealed) < _TIMES.size or not hmac.compare_digest(tag, self._tag(place, sealed)):
            return None
        # A Redis that was stopped, or put back from a dump, keeps entries longer than it was told.
        since, seconds = _TIMES.unpack_from(sealed)
        return sealed[_TIMES.size :] if -SKEW_SECONDS < time.time() - since < seconds else None

    def _tag(self, place: str, sealed: bytes) -> bytes:
        return hmac.digest(self._key, place.encode() + b"\n" + sealed, hashlib.sha256)
