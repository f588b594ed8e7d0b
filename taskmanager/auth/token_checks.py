"""Who is behind an access token: its signature is checked once, its time, key and session on every request."""

import hashlib
import time
from collections import OrderedDict
from typing import NamedTuple

from taskmanager.auth.access_tokens import AccessTokens, Claims, TokenRefusedError, session_of
from taskmanager.auth.roles import Actor
from taskmanager.auth.snapshots import LIFE_SECONDS, Snapshot, Snapshots
from taskmanager.auth.snapshots import PACKING as SESSION
from taskmanager.kit import clock
from taskmanager.kit.cache import Cache
from taskmanager.kit.lookout import Lookout
from taskmanager.kit.packing import Packing

PACKING = Packing(Claims, "token")
MOST_REMEMBERED = 20_000


class _Checked(NamedTuple):
    """What was found out about one token."""

    claims: Claims
    snapshot: Snapshot
    actor: Actor
    until: float


class TokenChecks:
    """Checks access tokens; one that was seen before costs a look-up instead of a signature check."""

    def __init__(self, access: AccessTokens, snapshots: Snapshots, cache: Cache, lookout: Lookout) -> None:
        self._access = access
        self._snapshots = snapshots
        self._cache = cache
        self._lookout = lookout
        # By the digest of all characters of a token, as in the shared cache.
        self._remembered: OrderedDict[bytes, _Checked] = OrderedDict()

    async def look(self) -> bool:
        """Learn what has been committed up to now; False if the database does not say."""
        return await self._lookout.look()

    def recall(self, token: str) -> Actor | None:
        """Return who is behind a token that this process has checked before, None if that must be found out again.

        Believed as far as the last look at the database: ask for one before.
        """
        checked = self._remembered.get(hashlib.sha256(token.encode()).digest())
        if checked is None:
            return None
        claims, snapshot, actor, until = checked
        holds = time.monotonic() < until and self._access.still_good(claims) and self._snapshots.still_good(snapshot)
        return actor if holds else None

    async def check(self, token: str) -> Actor | None:
        """Return who is behind a valid token, None if its session has ended; else raise TokenRefusedError."""
        await self._lookout.look()
        actor = self.recall(token)
        if actor is not None:
            return actor
        claims, snapshot = await self._check(token)
        if snapshot is None:
            return None
        actor = Actor(
            user_id=snapshot.user_id,
            username=snapshot.username,
            role=snapshot.role,  # type: ignore[arg-type]
            timezone=snapshot.timezone,
            session_id=snapshot.session_id,
            signed_in_at=claims.signed_in_at,
        )
        self._remembered[hashlib.sha256(token.encode()).digest()] = _Checked(
            claims, snapshot, actor, time.monotonic() + LIFE_SECONDS
        )
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return actor

    async def _check(self, token: str) -> tuple[Claims, Snapshot | None]:
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
