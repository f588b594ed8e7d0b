"""The form of refresh tokens: one row a session, every generation recognisable, nothing usable in the database.

``tmr_`` + base64url(version, key id, session id, generation, HMAC) + ``_`` + CRC-32 of all before it. The HMAC needs
the server's key (not in the database) and the session's salt (not in the token): a dump of the database or the key
alone forges nothing. The CRC lets secret scanners and cheap refusals work; it proves nothing.
"""

import base64
import hashlib
import hmac
import re
import struct
import uuid
import zlib
from dataclasses import dataclass

PREFIX = "tmr_"
_VERSION = 1
_LAYOUT = struct.Struct(">B4s16sI32s")
_FORM = re.compile(r"tmr_([A-Za-z0-9_-]{76})_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Presented:
    """The fields of a token in good form; whether it is genuine, only :meth:`RefreshTokens.is_genuine` tells."""

    session_id: str
    generation: int
    mac: bytes
    digest: bytes


class RefreshTokens:
    """Derives and recognises refresh tokens."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._key_id = hashlib.sha256(b"tm-rt-key-id" + key).digest()[:4]

    def derive(self, session_id: str, generation: int, salt: bytes) -> str:
        """Return the token of one generation of a session; the same arguments give the same token."""
        mac = self._mac(session_id, generation, salt)
        raw = _LAYOUT.pack(_VERSION, self._key_id, uuid.UUID(session_id).bytes, generation, mac)
        text = f"{PREFIX}{base64.urlsafe_b64encode(raw).decode()}_"
        return text + checksum(text)

    def read(self, token: str) -> Presented | None:
        """Return the fields of a token in good form, else None."""
        match = _FORM.fullmatch(token)
        if match is None or checksum(token.removesuffix(match[2])) != match[2]:
            return None
        raw = base64.urlsafe_b64decode(match[1])  # 76 characters are 57 bytes, in one spelling only
        version, key_id, session_id, generation, mac = _LAYOUT.unpack(raw)
        if version != _VERSION or key_id != self._key_id:
            return None
        return Presented(str(uuid.UUID(bytes=session_id)), generation, mac, digest(token))

    def is_genuine(self, presented: Presented, salt: bytes) -> bool:
        """Tell whether this server made the token, for whichever generation."""
        expected = self._mac(presented.session_id, presented.generation, salt)
        return hmac.compare_digest(presented.mac, expected)

    def _mac(self, session_id: str, generation: int, salt: bytes) -> bytes:
        message = b"tm-rt-v1" + uuid.UUID(session_id).bytes + struct.pack(">I", generation) + salt
        return hmac.digest(self._key, message, hashlib.sha256)

    def key_digest(self, idempotency_key: str) -> bytes:
        """Return the keyed digest under which a rotation remembers its Idempotency-Key."""
        return hmac.digest(self._key, b"tm-rt-idempotency" + idempotency_key.encode(), hashlib.sha256)


def checksum(text: str) -> str:
    """Return the CRC-32 that ends our tokens, in 8 hexadecimal digits."""
    return f"{zlib.crc32(text.encode()):08x}"


def digest(token: str) -> bytes:
    """Return the SHA-256 that the session row keeps of its current token."""
    return hashlib.sha256(token.encode()).digest()
