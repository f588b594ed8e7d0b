"""API tokens: made, recognised, and what is remembered of their use.

``tmp_`` + 32 random characters (190 bits) + ``_`` + CRC-32 of all before it. The database holds a keyed digest, whose
key is not in the database. Every request with a token reads its row: there is no copy to forget, so what ends it or
narrows its account bites on the very next request, in every process.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import re
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from taskmanager.auth.api_token_repository import is_live
from taskmanager.auth.credentials import InsufficientScopeError, TokenInvalidError
from taskmanager.auth.models import ApiToken, User
from taskmanager.auth.refresh_tokens import checksum
from taskmanager.auth.roles import NEVER, Actor
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.http import caller

logger = logging.getLogger(__name__)

PREFIX = "tmp_"
SHOWN = 8
"""How many characters the owner is shown later; 166 random bits stay unknown."""
NOTED_EVERY = timedelta(minutes=1)
WRITTEN_EVERY_SECONDS = 20.0
_RANDOM = 32
_ALPHABET = string.ascii_letters + string.digits
_FORM = re.compile(r"(tmp_[A-Za-z0-9]{32}_)([0-9a-f]{8})")

_FIND = (
    select(ApiToken.id, ApiToken.scopes, ApiToken.last_used_at, User.id, User.username, User.role, User.timezone)
    .join(User, User.id == ApiToken.user_id)
    .where(ApiToken.digest == bindparam("digest"), is_live(bindparam("now")))
)
_TABLE = ApiToken.__table__
_WRITE_USE = (
    update(_TABLE)  # type: ignore[arg-type]
    .where(_TABLE.c.id == bindparam("token_id"))
    .where(_TABLE.c.last_used_at.is_(None) | (_TABLE.c.last_used_at < bindparam("used_at")))
    .values(last_used_at=bindparam("used_at"), last_used_ip=bindparam("used_from"))
)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; ``text`` is told once and kept nowhere."""

    text: str
    digest: bytes
    prefix: str


def is_api_token(token: str) -> bool:
    """Tell whether a bearer token means to be one of these."""
    return token.startswith(PREFIX)


class ApiTokens:
    """Makes and recognises API tokens; writes down later that they were used."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._used: dict[str, tuple[datetime, str]] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def make(self) -> NewToken:
        """Return a fresh token."""
        text = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM)) + "_"
        text += checksum(text)
        return NewToken(text, self._digest(text), text[:SHOWN])

    def _digest(self, token: str) -> bytes:
        return hmac.digest(self._key, token.encode(), hashlib.sha256)

    async def actor(self, request: Request, token: str) -> Actor:
        """Return who asks with a token, if it is live and opens the route; 401 and 403 otherwise."""
        form = _FORM.fullmatch(token)
        if form is None or checksum(form[1]) != form[2]:
            raise TokenInvalidError
        now = clock.now()
        async with self._database.read() as session:
            row = (await session.execute(_FIND, {"digest": self._digest(token), "now": now})).one_or_none()
        if row is None:
            raise TokenInvalidError
        token_id, scopes, last_used_at, user_id, username, role, timezone = row
        if last_used_at is None or now - last_used_at >= NOTED_EVERY:
            self._used[token_id] = (now, caller.current().address)
        # A request that reaches no declared route opens nothing.
        needed: frozenset[str] = getattr(request.state, "scopes", frozenset())
        if not needed or not needed.issubset(scopes):
            raise InsufficientScopeError(needed)
        return Actor(
            user_id=user_id,
            username=username,
            role=role,  # type: ignore[arg-type]
            timezone=timezone,
            session_id="",
            signed_in_at=NEVER,
            token_id=token_id,
            scopes=frozenset(scopes),
        )

    # -- remembering use --

    async def write_uses(self) -> None:
        """Write down when and from where tokens were last used, all in one transaction."""
        uses, self._used = self._used, {}
        if not uses:
            return
        # In one order: two processes that write the same rows must not wait for each other.
        rows = [{"token_id": key, "used_at": at, "used_from": ip} for key, (at, ip) in sorted(uses.items())]
        try:
            async with self._database.write() as session:
                await session.execute(_WRITE_USE, rows)
        except (SQLAlchemyError, OSError):
            self._used = {**uses, **self._used}
            logger.warning("the last use of API tokens is written down later", exc_info=True)

    async def start(self) -> None:
        self._stopping.clear()
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        """Write down what is left, then return."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), WRITTEN_EVERY_SECONDS)
            await self.write_uses()
