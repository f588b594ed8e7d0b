"""The ring of signing keys as one process knows it, kept up with the database second by second.

Each process also tells which coming key it has loaded. A key becomes the signing one only once all of them have it,
so that no process ever meets a token whose key it does not know.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.keys import Key, load
from taskmanager.auth.master import KeyProblem, Master
from taskmanager.auth.models import Node, SigningKey
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.ids import new_id

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
# A process that has nothing new to tell says so seldom: each time is a write.
BEAT_SECONDS = 20.0
# Silent for longer than this, a process counts as gone, and nobody waits for it.
SILENT = timedelta(seconds=60)


@dataclass(frozen=True)
class RingChanged:
    """A fact: the signing keys in the database are not what they were."""


class KeyRing:
    """The signing keys in force, by ``kid``; exactly one of them signs."""

    active: Key

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def replace(self, keys: Iterable[Key], active: Key) -> None:
        """Have other keys in force from now on."""
        self._keys = {key.kid: key for key in keys}
        self.active = active

    def find(self, kid: str) -> Key | None:
        return self._keys.get(kid)

    def published(self) -> list[dict[str, str]]:
        """Return the public keys as JWKs (RFC 7517), in a settled order; shared secrets have none."""
        return [key.jwk for _, key in sorted(self._keys.items()) if key.jwk is not None]


async def load_keys(session: AsyncSession, master: Master, known: KeyRing | None = None) -> dict[Key, str]:
    """Return all keys with their states; raises :class:`KeyProblem` if one of them must not be used.

    Those that are ``known`` are not read again.
    """
    rows = (await session.execute(select(SigningKey))).scalars()
    return {(known and known.find(row.kid)) or load(master, row): row.state for row in rows}


class Follower:
    """Keeps this process's ring up with the database, and tells the others how far it is."""

    def __init__(self, database: Database, master: Master) -> None:
        self.ring = KeyRing()
        self._database = database
        self._master = master
        self._node = new_id()
        self._known: dict[str, str] = {}
        self._said: str | None = None
        self._said_at = 0.0
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the ring, which the database must have, and follow it until :meth:`stop`."""
        # Seen by the others before anything is read: from now on they wait for this process.
        await self._tell(None)
        await self.follow()
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        with contextlib.suppress(SQLAlchemyError, OSError):
            async with self._database.write() as session:
                await session.execute(delete(Node).where(Node.id == self._node))

    async def follow(self, _fact: RingChanged | None = None) -> None:
        """Load what has changed, then tell; called each second, and at once after a change made here."""
        async with self._lock:
            async with self._database.read() as session:
                rows = (await session.execute(select(SigningKey.kid, SigningKey.state))).all()
            if {row.kid: row.state for row in rows} != self._known:
                await self._load()
            coming = next((kid for kid, state in self._known.items() if state == "next"), None)
            if coming != self._said or time.monotonic() - self._said_at > BEAT_SECONDS:
                await self._tell(coming)

    async def _load(self) -> None:
        async with self._database.read() as session:
            states = await load_keys(session, self._master, self.ring)
        active = next((key for key, state in states.items() if state == "active"), None)
        if active is None:
            raise KeyProblem("the database has no signing key any more; a server that starts makes one")
        self.ring.replace(states, active)
        self._known = {key.kid: state for key, state in states.items()}

    async def _tell(self, coming: str | None) -> None:
        values = {"next_kid": coming, "seen_at": clock.now()}
        async with self._database.write() as session:
            insert: Any = sqlite.insert if self._database.is_sqlite else postgresql.insert
            row = insert(Node).values(id=self._node, **values)
            await session.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
        self._said, self._said_at = coming, time.monotonic()

    async def _loop(self) -> None:
        well = True
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self.follow()
            except (SQLAlchemyError, OSError, KeyProblem) as error:
                if well:
                    logger.warning("cannot follow the signing keys; those of before serve on: %s", error)
                well = False
            else:
                well = True


async def is_loaded_everywhere(session: AsyncSession, kid: str) -> bool:
    """Tell whether every process that is not silent has loaded the coming key ``kid``."""
    behind = (Node.seen_at > clock.now() - SILENT) & Node.next_kid.is_distinct_from(kid)
    return not await session.scalar(select(select(Node.id).where(behind).exists()))


async def purge_silent(session: AsyncSession) -> None:
    """Remove processes that ended without a word."""
    await session.execute(delete(Node).where(Node.seen_at < clock.now() - 10 * SILENT))
