"""What owners are told about their accounts (ASVS 6.3.5, 6.3.7): a list in the application, and mail where it is grave.

A notice is written in the transaction of what it tells. Details are short plain values, never a secret.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Notice
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.events import record
from taskmanager.kit.ids import new_id
from taskmanager.kit.paging import Pager, SortKey

Kind = Literal[
    "new_sign_in",
    "session_reused",
    "sessions_ended_by_admin",
    "password_changed",
    "password_reset",
    "email_changed",
    "role_changed",
    "api_token_created",
]
# What a thief does first: the owner must hear of it outside of the application too.
GRAVE: frozenset[Kind] = frozenset(
    {"new_sign_in", "session_reused", "password_changed", "password_reset", "email_changed", "api_token_created"}
)
KEPT = timedelta(days=90)
MAX_DETAIL = 300
NOTICE_ORDER = [
    SortKey(Notice.at, lambda row: row.at, descending=True),
    SortKey(Notice.id, lambda row: row.id, descending=True),
]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact: the owner of an account was told something."""

    notice_id: str
    user_id: str
    kind: Kind


async def tell(session: AsyncSession, user_id: str, kind: Kind, **detail: str | int | bool | None) -> None:
    """Tell the owner of an account, in the transaction of what happened; before an address changes, not after."""
    told = Told(new_id(), user_id, kind)
    values = {
        "id": told.notice_id,
        "user_id": user_id,
        "kind": kind,
        "at": clock.now(),
        "detail": {name: value[:MAX_DETAIL] if isinstance(value, str) else value for name, value in detail.items()},
    }
    await session.execute(insert(Notice).values(values))
    await record(session, told)


class NoticeRepository:
    """The notices of whoever asks."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._own = Notice.user_id == actor.user_id

    async def list(self, pager: Pager, *, unread: bool) -> Sequence[Notice]:
        statement = select(Notice).where(self._own)
        if unread:
            statement = statement.where(Notice.read_at.is_(None))
        return (await self._session.execute(pager.apply(statement, NOTICE_ORDER))).scalars().all()

    async def mark_read(self, up_to: str | None) -> None:
        """Mark notices as read: all, or up to one of them."""
        statement = update(Notice).where(self._own, Notice.read_at.is_(None))
        if up_to is not None:
            last = select(Notice.at).where(self._own, Notice.id == up_to).scalar_subquery()
            statement = statement.where(Notice.at <= last)
        await self._session.execute(statement.values(read_at=clock.now()))


async def purge(session: AsyncSession, limit: int = 1000) -> int:
    """Remove up to ``limit`` notices that are older than 90 days."""
    old = select(Notice.id).where(Notice.at < clock.now() - KEPT).limit(limit)
    result: Any = await session.execute(delete(Notice).where(Notice.id.in_(old)))
    return int(result.rowcount)
