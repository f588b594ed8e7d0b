"""Who is behind an access token: its signature is checked once, its time, key and session on every request."""

import hashlib

from taskmanager.auth.access_tokens import AccessTokens, Claims, TokenRefusedError, session_of
from taskmanager.auth.snapshots import PACKING as SESSION
from taskmanager.auth.snapshots import Snapshot, Snapshots
from taskmanager.kit import clock
from taskmanager.kit.cache import Cache
from taskmanager.kit.packing import Packing

PACKING = Packing(Claims, "token")


class TokenChecks:
    """Checks access tokens; one that was seen before costs a look-up instead of a signature check."""

    def __init__(self, access: AccessTokens, snapshots: Snapshots, cache: Cache) -> None:
        self._access = access
        self._snapshots = snapshots
        self._cache = cache

    async def check(self, token: str) -> tuple[Claims, Snapshot | None]:
        """Return what a valid token says and its session, None once that has ended; else raise TokenRefusedError.

        The record of a token lies under the digest of all its characters, signature included: whoever finds it
        has shown exactly what was verified. It is asked for together with the session, in one round trip.
        """
        session_id = session_of(token)
        place = PACKING.place(hashlib.sha256(token.encode()).hexdigest())
        record, kept = await self._cache.get(place, SESSION.place(session_id))
        claims = PACKING.unpack(record) if record is not None else None
        if claims is None or not self._access.still_good(claims):
            claims = self._access.verify(token)
            left = claims.expires - clock.now().timestamp()
            if left > 0:
                self._cache.put(place, PACKING.pack(claims), left)
        if claims.session_id != session_id:
            raise TokenRefusedError
        snapshot = self._snapshots.believe(session_id, kept) or await self._snapshots.read(session_id)
        return claims, snapshot if snapshot is not None and snapshot.user_id == claims.user_id else None
