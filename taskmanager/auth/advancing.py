"""The two statements of a rotation: what it must know of a session, and the step to its next generation."""

from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, literal, select, update

from taskmanager.auth.models import Session, User
from taskmanager.kit import clock
from taskmanager.kit.prepared import Prepared

_SESSIONS, _USERS = (cast("Table", model.__table__) for model in (Session, User))


class Current(NamedTuple):
    """A session and its account, as far as a rotation must know them."""

    id: str
    user_id: str
    auth_epoch: int
    salt: bytes
    generation: int
    token_digest: bytes
    remember: bool
    created_at: datetime
    idle_expires_at: datetime
    absolute_expires_at: datetime
    revoked_at: datetime | None
    active: bool
    users_epoch: int


def is_live(row: Session | Current, *, active: bool, epoch: int) -> bool:
    """Tell whether a session goes on, whose account has this state and epoch."""
    now = clock.now()
    ended = row.revoked_at is not None or min(row.idle_expires_at, row.absolute_expires_at) <= now
    return not ended and active and epoch == row.auth_epoch


_OWN = [_SESSIONS.c[name] for name in Current._fields[:-2]]
CURRENT = Prepared(
    select(*_OWN, _USERS.c.active, _USERS.c.auth_epoch.label("users_epoch"))
    .join(_USERS, _USERS.c.id == _SESSIONS.c.user_id)
    .where(_SESSIONS.c.id == bindparam("session_id"))
)
_SET = ("generation", "token_digest", "rotation_key", "rotated_at", "idle_expires_at")
ADVANCE = Prepared(
    update(_SESSIONS)
    .where(
        _SESSIONS.c.id == bindparam("this"),
        _SESSIONS.c.generation == bindparam("last"),
        _SESSIONS.c.revoked_at.is_(None),
    )
    .values(recoveries=literal(0), noted=literal(0), **{name: bindparam(name) for name in _SET})
)
