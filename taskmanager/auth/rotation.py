"""How signing keys come and go: next, active, verify-only, gone.

There is always a next key, published and loaded everywhere long before it signs; so a rotation is one short
transaction, by schedule or when asked for. Tokens of the key before stay valid until they expire.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.access_tokens import LEEWAY_SECONDS
from taskmanager.auth.accounts import require_recent
from taskmanager.auth.keys import ALGORITHMS, make, unwrap
from taskmanager.auth.master import Master
from taskmanager.auth.models import SigningKey
from taskmanager.auth.ring import RingChanged, is_loaded_everywhere, purge_silent
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock, events
from taskmanager.kit.jobs import Jobs, enqueue
from taskmanager.kit.settings import Settings

logger = logging.getLogger(__name__)

# A process may sign with the key of before until it has followed the ring; clocks differ a little.
MARGIN = timedelta(seconds=60)
INTERVAL = timedelta(minutes=5)
AGAIN = timedelta(seconds=1)
_ASKED = "rotate_keys_asked"


class Rotation:
    """Changes of the ring, each within one transaction; two at once take turns."""

    def __init__(self, master: Master, settings: Settings) -> None:
        self._master = master
        self._algorithm = settings.jwt_algorithm
        self._every = timedelta(days=settings.key_rotation_days)
        self._kept = timedelta(minutes=settings.access_token_minutes, seconds=LEEWAY_SECONDS) + MARGIN

    async def prepare(self, session: AsyncSession) -> None:
        """Make sure of a key that signs and a next one; where the setting has another algorithm, ask for a rotation."""
        others = SigningKey.state.in_(("active", "next")) & (SigningKey.algorithm != self._algorithm)
        if await session.scalar(select(SigningKey.kid).where(others).limit(1)) is not None:
            await self._ask(session)
        active, coming = await self._locked(session)
        if coming.algorithm != self._algorithm:
            # Nothing was ever signed with it.
            await session.delete(coming)
            await session.flush()
            coming = await self._add(session, self._algorithm, "next")
        if active.algorithm != self._algorithm:
            coming.asked_at = clock.now()

    async def rotate(self, session: AsyncSession, actor: Actor | None, *, emergency: bool = False) -> bool:
        """Sign with another key from now on; False means as soon as every process has loaded it.

        In an emergency all keys are gone at once, and with them all access tokens; refresh tokens serve on.
        """
        if actor is not None:
            require_recent(actor)
        return await (self._replace(session, actor) if emergency else self._advance(session, actor))

    async def _advance(self, session: AsyncSession, actor: Actor | None) -> bool:
        await self._ask(session)
        active, coming = await self._locked(session)
        coming.asked_at = clock.now()
        done = await self._promote(session, active, coming)
        await _record(session, audit.Event.KEY_ROTATED, coming, actor, waiting=not done)
        return done

    async def _replace(self, session: AsyncSession, actor: Actor | None) -> bool:
        rows = await self._rows(session)
        wanted = {row.state: row.algorithm for row in rows if row.algorithm in ALGORITHMS}
        algorithm = wanted.get("next") or wanted.get("active") or self._algorithm
        await session.execute(delete(SigningKey))
        active = await self._add(session, algorithm, "active", clock.now())
        await self._add(session, algorithm, "next")
        await events.record(session, RingChanged())
        await _record(session, audit.Event.KEY_ROTATED_EMERGENCY, active, actor, removed=len(rows))
        return True

    # -- by itself --

    def schedule(self, jobs: Jobs) -> None:
        """Register the upkeep of the ring, and the second try of a rotation that had to wait."""
        jobs.every(INTERVAL, "rotate_keys", self._keep)
        jobs.handle(_ASKED, self._try_again)

    async def _keep(self, session: AsyncSession, _: dict[str, Any]) -> None:
        await purge_silent(session)
        active, coming = await self._locked(session)
        over = SigningKey.retired_at < clock.now() - self._kept
        await session.execute(delete(SigningKey).where(SigningKey.state == "verify-only", over))
        since = active.activated_at or active.created_at
        if coming.asked_at is not None or since + self._every <= clock.now():
            await self._promote_unasked(session, active, coming)

    async def _try_again(self, session: AsyncSession, _: dict[str, Any]) -> None:
        active, coming = await self._locked(session)
        if coming.asked_at is not None and not await self._promote_unasked(session, active, coming):
            await enqueue(session, _ASKED, clock.now() + AGAIN, unique_key=_ASKED)

    async def _promote_unasked(self, session: AsyncSession, active: SigningKey, coming: SigningKey) -> bool:
        done = await self._promote(session, active, coming)
        if done:
            await _record(session, audit.Event.KEY_ROTATED, coming, None)
        return done

    # -- within a transaction --

    @staticmethod
    async def _ask(session: AsyncSession) -> None:
        # Before the table is locked: the job, too, takes first its own row and then the table.
        await enqueue(session, _ASKED, clock.now(), unique_key=_ASKED)

    async def _rows(self, session: AsyncSession) -> list[SigningKey]:
        """Return all keys, which nobody else changes until the transaction ends."""
        if session.get_bind().dialect.name == "postgresql":
            await session.execute(text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE"))
        rows = list((await session.execute(select(SigningKey).order_by(SigningKey.state))).scalars())
        for row in rows:
            # With another master, new keys would be such that no server can open them.
            unwrap(self._master, row)
        return rows

    async def _locked(self, session: AsyncSession) -> tuple[SigningKey, SigningKey]:
        """Return the active key and the next one, made where there is none."""
        found = {row.state: row for row in await self._rows(session)}
        active = found.get("active") or await self._add(session, self._algorithm, "active", clock.now())
        return active, found.get("next") or await self._add(session, active.algorithm, "next")

    async def _promote(self, session: AsyncSession, active: SigningKey, coming: SigningKey) -> bool:
        if not await is_loaded_everywhere(session, coming.kid):
            return False
        now = clock.now()
        active.state, active.retired_at = "verify-only", now
        await session.flush()  # one after the other: never are two active
        coming.state, coming.activated_at, coming.asked_at = "active", now, None
        await session.flush()
        await self._add(session, coming.algorithm, "next")
        await events.record(session, RingChanged())
        logger.info("the signing key is %s now (%s)", coming.kid, coming.algorithm)
        return True

    async def _add(
        self, session: AsyncSession, algorithm: str, state: str, activated_at: datetime | None = None
    ) -> SigningKey:
        row = await make(self._master, algorithm)
        row.state, row.activated_at = state, activated_at
        session.add(row)
        await session.flush()
        return row


async def _record(
    session: AsyncSession, event: audit.Event, key: SigningKey, actor: Actor | None, **detail: Any
) -> None:
    await audit.record(session, event, actor=actor, kid=key.kid, algorithm=key.algorithm, **detail)
