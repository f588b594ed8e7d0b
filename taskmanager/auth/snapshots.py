"""Sessions as requests see them: read from the database, kept for half a minute, dropped at once on any change."""

import time
from dataclasses import dataclass

from sqlalchemy import select

from taskmanager.auth.models import Session, User
from taskmanager.auth.revocations import AccessChanged, Revocations
from taskmanager.kit import clock
from taskmanager.kit.cache import Cache
from taskmanager.kit.db import Database
from taskmanager.kit.packing import Packing

LIFE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A live session and its account, as the database had them at ``position`` or later. Times are since 1970."""

    session_id: str
    user_id: str
    username: str
    role: str
    timezone: str
    expires: float
    position: int

    @property
    def alive(self) -> bool:
        return self.expires > clock.timestamp()


PACKING = Packing(Snapshot, "session")


class Snapshots:
    """Answers which live session a token belongs to."""

    def __init__(self, database: Database, cache: Cache, revocations: Revocations) -> None:
        self._database = database
        self._cache = cache
        self._revocations = revocations

    def believe(self, session_id: str, kept: bytes | None) -> Snapshot | None:
        """Return the cached snapshot if nothing has changed since it was read."""
        if kept is None:
            return None
        snapshot = PACKING.unpack(kept)
        return snapshot if snapshot.session_id == session_id and self.still_good(snapshot) else None

    def still_good(self, snapshot: Snapshot) -> bool:
        """Tell whether the session lives and nothing has changed since it was read."""
        return snapshot.alive and self._revocations.allow(snapshot.position, snapshot.session_id, snapshot.user_id)

    async def read(self, session_id: str) -> Snapshot | None:
        """Return the session as the database has it now, or None when it has ended."""
        # Both are taken before the reading: what is read may be as old as this moment.
        position, begun = self._revocations.position, time.monotonic()
        snapshot = await self._read(session_id, position)
        if snapshot is None or not snapshot.alive:
            return None
        left = LIFE_SECONDS - (time.monotonic() - begun)
        if left > 0:
            self._cache.put(PACKING.place(session_id), PACKING.pack(snapshot), left)
        return snapshot

    async def _read(self, session_id: str, position: int) -> Snapshot | None:
        columns = (
            User.id,
            User.username,
            User.role,
            User.timezone,
            Session.idle_expires_at,
            Session.absolute_expires_at,
        )
        statement = (
            select(*columns)
            .join(User, User.id == Session.user_id)
            .where(
                Session.id == session_id,
                Session.revoked_at.is_(None),
                User.active,
                User.auth_epoch == Session.auth_epoch,
            )
        )
        async with self._database.read() as session:
            row = (await session.execute(statement)).one_or_none()
        if row is None:
            return None
        user_id, username, role, timezone, idle, absolute = row
        return Snapshot(session_id, user_id, username, role, timezone, min(idle, absolute).timestamp(), position)

    async def forget(self, change: AccessChanged) -> None:
        """Stop believing what was cached of whom this names; called once the change is committed."""
        self._revocations.hear(*change.names)
        if change.session_id is not None:
            self._cache.drop(PACKING.place(change.session_id))
