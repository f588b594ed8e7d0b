"""Sessions as requests see them: read from the database, kept for half a minute, dropped at once on any change.

Every change of access writes a revocation row in its own transaction. Each process follows those rows and believes no
cached snapshot of what they name until every older copy has expired; a process that cannot follow them stops
trusting its cache. So a revocation bites at once here and within a second on every other process, and a cache that
is slow, flushed or written to by strangers can only cost time.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import time
from collections import deque
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Revocation, Session, User
from taskmanager.kit import clock
from taskmanager.kit.cache import Cache
from taskmanager.kit.db import Database

logger = logging.getLogger(__name__)

LIFE_SECONDS = 30.0
MARK_SECONDS = 60.0
FOLLOW_SECONDS = 0.4
TRUST_SECONDS = 0.9
# Rows become visible in the order of commits, not of their numbers: a row is looked for again for as long as a
# transaction may take. Nodes need not agree on the time for this.
LOOK_BACK_SECONDS = 45.0
# More changes than this at once are not followed; the database is asked instead until it is quiet again.
MOST_FOLLOWED = 10_000
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class AccessChanged:
    """A fact: what a session or all sessions of an account may do is not what it was."""

    user_id: str | None = None
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A live session and its account, as of the read. Times are seconds since 1970."""

    session_id: str
    user_id: str
    username: str
    role: str
    timezone: str
    expires: float

    @property
    def alive(self) -> bool:
        return self.expires > clock.now().timestamp()


class Snapshots:
    """Answers which session a token belongs to."""

    def __init__(self, database: Database, cache: Cache, seal_key: bytes) -> None:
        self._database = database
        self._cache = cache
        self._seal_key = seal_key
        self._marks: dict[str, float] = {}
        self._followed_at = float("-inf")
        self._seen: deque[tuple[float, int]] = deque()
        self._settled = 0
        self._task: asyncio.Task[None] | None = None

    async def get(self, session_id: str) -> Snapshot | None:
        """Return the live session, or None when it has ended."""
        snapshot = await self._cached(session_id)
        if snapshot is None:
            # What is read may be as old as the moment before the reading: its life begins there.
            begun = time.time()
            snapshot = await self._read(session_id)
            if snapshot is not None and self._trusted():
                await self._cache.put(_key(session_id), self._seal(snapshot, begun), LIFE_SECONDS)
        return snapshot if snapshot is not None and snapshot.alive else None

    async def _cached(self, session_id: str) -> Snapshot | None:
        if not self._trusted() or self._is_marked(session_id):
            return None
        sealed = await self._cache.get(_key(session_id))
        snapshot = self._open(session_id, sealed) if sealed is not None else None
        if snapshot is None or not snapshot.alive:
            return None
        # Asked after the wait: a revocation may have come meanwhile.
        marked = self._is_marked(session_id) or self._is_marked(snapshot.user_id)
        return snapshot if self._trusted() and not marked else None

    async def _read(self, session_id: str) -> Snapshot | None:
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
        return Snapshot(session_id, user_id, username, role, timezone, min(idle, absolute).timestamp())

    def _seal(self, snapshot: Snapshot, filled: float) -> bytes:
        content = json.dumps({**asdict(snapshot), "filled": filled}).encode()
        return self._tag(snapshot.session_id, content) + content

    def _open(self, session_id: str, sealed: bytes) -> Snapshot | None:
        tag, content = sealed[:32], sealed[32:]
        if not hmac.compare_digest(tag, self._tag(session_id, content)):
            return None
        values: dict[str, Any] = json.loads(content)
        age = time.time() - values.pop("filled")
        # A Redis that was stopped keeps entries longer than it was told.
        return Snapshot(**values) if -1 < age < LIFE_SECONDS else None

    def _tag(self, session_id: str, content: bytes) -> bytes:
        return hmac.digest(self._seal_key, f"{_key(session_id)}\n{_SHAPE}\n".encode() + content, hashlib.sha256)

    # -- following revocations --

    @staticmethod
    async def write_down(session: AsyncSession, change: AccessChanged) -> None:
        """Write the revocation row, in the transaction of the change."""
        values = {"user_id": change.user_id, "session_id": change.session_id, "at": clock.now()}
        await session.execute(insert(Revocation).values(values))

    async def forget(self, change: AccessChanged) -> None:
        """Stop believing cached snapshots of what changed; called once the change is committed."""
        for name in (change.user_id, change.session_id):
            if name is not None:
                self._mark(name)
        if change.session_id is not None:
            await self._cache.drop(_key(change.session_id))

    def _mark(self, name: str) -> None:
        self._marks[name] = time.monotonic() + MARK_SECONDS

    def _is_marked(self, name: str) -> bool:
        return self._marks.get(name, 0.0) > time.monotonic()

    def _trusted(self) -> bool:
        return time.monotonic() - self._followed_at < TRUST_SECONDS

    async def start(self) -> None:
        await self._follow()
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self._follow()
            except (SQLAlchemyError, OSError):
                logger.warning("cannot follow revocations; sessions are read from the database", exc_info=True)

    async def _follow(self) -> None:
        begun = time.monotonic()
        statement = (
            select(Revocation.id, Revocation.user_id, Revocation.session_id)
            .where(Revocation.id > self._settled)
            .order_by(Revocation.id.desc())
            .limit(MOST_FOLLOWED)
        )
        async with self._database.read() as session:
            rows = (await session.execute(statement)).all()
        for _, *names in rows:
            for name in names:
                if name is not None:
                    self._mark(name)
        if rows:
            self._seen.append((begun, rows[0].id))
        while self._seen and self._seen[0][0] < begun - LOOK_BACK_SECONDS:
            self._settled = self._seen.popleft()[1]
        if len(rows) < MOST_FOLLOWED:
            self._followed_at = begun
        self._marks = {name: until for name, until in self._marks.items() if until > begun}


async def purge(session: AsyncSession, limit: int = 1000) -> int:
    """Remove up to ``limit`` revocation rows that no process can need any more."""
    old = select(Revocation.id).where(Revocation.at < clock.now() - KEPT).limit(limit)
    result: Any = await session.execute(delete(Revocation).where(Revocation.id.in_(old)))
    return int(result.rowcount)


# Another version of the program may keep another set of fields under the same key; its entries are a miss.
_SHAPE = ",".join(field.name for field in fields(Snapshot))


def _key(session_id: str) -> str:
    return f"tm:session:{session_id}"
