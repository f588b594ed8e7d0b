"""``Idempotency-Key``: the same request sent again gets the same answer and is carried out once.

The key is claimed first and the 2xx answer stored last, both in the write's own transaction, so neither can exist
without the other. A refusal stores nothing. A concurrent twin waits for the first one and replays.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import LargeBinary, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response

from taskmanager.kit import clock
from taskmanager.kit.columns import Id, Instant, Json, Model
from taskmanager.kit.errors import AppError, ConflictError, InvalidError

KEPT = timedelta(hours=24)
MAX_KEY = 255
METHODS = frozenset({"POST", "PATCH", "DELETE"})
_HEADERS = ("content-type", "location", "etag", "x-operation-id")


class IdempotencyKey(Model):
    """One answered request: who sent which key to which path, and what was answered."""

    __tablename__ = "idempotency_keys"

    id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    body: Mapped[bytes | None]
    operation_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class KeyInvalidError(AppError):
    status = 400
    code = "invalid_idempotency_key"
    title = "Send one Idempotency-Key of 1 to 255 visible ASCII characters."


class KeyReusedError(InvalidError):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for another request."


class TwinRunningError(ConflictError):
    code = "idempotency_conflict"
    title = "The same request is still being carried out."


@dataclass(frozen=True)
class Stored:
    """An answer given before."""

    status: int
    headers: dict[str, str]
    body: bytes
    operation_id: str | None

    def response(self) -> Response:
        """Return the answer again, marked as a replay."""
        headers = {**self.headers, "Idempotency-Replayed": "true"}
        return Response(self.body or None, status_code=self.status, headers=headers)


class Replay(Exception):  # noqa: N818 - not an error: it carries a stored answer past the handler
    def __init__(self, stored: Stored) -> None:
        super().__init__()
        self.stored = stored


def read_key(request: Request) -> str | None:
    """Return the request's key, or None; raises :class:`KeyInvalidError` for one out of form."""
    keys = request.headers.getlist("idempotency-key")
    for key in keys:
        if len(keys) > 1 or not (1 <= len(key) <= MAX_KEY and all("!" <= character <= "~" for character in key)):
            raise KeyInvalidError
    return keys[0] if keys else None


async def claim(session: AsyncSession, request: Request) -> Stored | None:
    """Claim the request's key for this transaction, or return the answer stored under it."""
    account_id: str | None = getattr(request.state, "account_id", None)
    if account_id is None or request.method not in METHODS or getattr(request.state, "carries_secret", False):
        return None
    key = read_key(request)
    if key is None:
        return None
    secret: bytes = request.app.state.idempotency_secret
    place = f"{account_id}\n{request.method}\n{request.url.path}\n{key}"
    identity = hmac.digest(secret, b"key\n" + place.encode(), hashlib.sha256)
    body = await request.body()
    fingerprint = hmac.digest(secret, b"body\n" + request.url.query.encode() + b"\n" + body, hashlib.sha256)
    if await _insert(session, identity, account_id, fingerprint):
        request.state.idempotency = identity
        return None
    row = (await session.execute(select(IdempotencyKey).where(IdempotencyKey.id == identity))).scalar_one()
    if not hmac.compare_digest(row.fingerprint, fingerprint):
        raise KeyReusedError
    if row.status is None:
        raise TwinRunningError
    if row.body:
        # An empty answer shows nothing, so it may always be given again.
        await request.app.state.may_replay(session, account_id, row.operation_id, request.path_params)
    return Stored(row.status, row.headers or {}, row.body or b"", row.operation_id)


async def _insert(session: AsyncSession, identity: bytes, account_id: str, fingerprint: bytes) -> bool:
    now = clock.now()
    old = (IdempotencyKey.id == identity) & (IdempotencyKey.created_at < now - KEPT)
    await session.execute(delete(IdempotencyKey).where(old))
    values = {"id": identity, "account_id": account_id, "fingerprint": fingerprint, "created_at": now}
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(IdempotencyKey).values(values).on_conflict_do_nothing(index_elements=["id"])
    try:
        # On PostgreSQL this waits for a twin that has not committed yet, as long as lock_timeout says.
        result: Any = await session.execute(statement)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise TwinRunningError from error
        raise
    return bool(result.rowcount)


async def store(session: AsyncSession, request: Request, response: Response) -> None:
    """Keep the answer under the claimed key; a refusal that is returned gives the key free again."""
    identity: bytes | None = getattr(request.state, "idempotency", None)
    if identity is None:
        return
    mine = IdempotencyKey.id == identity
    if not 200 <= response.status_code < 300:  # noqa: PLR2004 - the 2xx class
        await session.execute(delete(IdempotencyKey).where(mine))
        return
    headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    body = bytes(response.body)
    operation_id = session.info.get("operation_id")
    await session.execute(
        update(IdempotencyKey)
        .where(mine)
        .values(status=response.status_code, headers=headers, body=body, operation_id=operation_id)
    )


async def purge(session: AsyncSession, limit: int = 1000) -> int:
    """Remove up to ``limit`` keys older than a day; return how many went."""
    old = select(IdempotencyKey.id).where(IdempotencyKey.created_at < clock.now() - KEPT).limit(limit)
    result: Any = await session.execute(delete(IdempotencyKey).where(IdempotencyKey.id.in_(old)))
    return int(result.rowcount)
