"""The journal in the order in which it can be followed: nothing comes later that belongs before what was read.

On PostgreSQL a transaction may commit after another one whose entries have greater numbers. There the order is that of
transaction and number, and the feed ends where the oldest transaction begins that has not ended yet. SQLite has one
writer, so the number alone does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, Text, case, cast, func, null, select, tuple_, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import ACCESS, Entry
from taskmanager.kit.columns import Json

DETAILED = (ACCESS, "relation")
"""Kinds whose contents a feed must know to tell whom they concern."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a reader has come: the last entry that it has seen."""

    xid: int
    seq: int


START = Position(0, 0)


class Line(NamedTuple):
    """One entry as a feed reads it. ``detail`` is what the thing is now, or was last."""

    seq: int
    xid: int
    operation_id: str
    actor_id: str
    kind: str
    entity_id: str
    action: str
    project_before: str | None
    project_after: str | None
    detail: dict[str, Any] | None

    @property
    def position(self) -> Position:
        return Position(self.xid, self.seq)


_XMIN = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
_DETAIL = case((Entry.entity_kind.in_(DETAILED), func.coalesce(Entry.after, Entry.before)), else_=null())
_LINES: Select[Any] = select(
    Entry.seq,
    func.coalesce(Entry.xid, 0),
    Entry.operation_id,
    Entry.actor_id,
    Entry.entity_kind,
    Entry.entity_id,
    Entry.action,
    Entry.project_before,
    Entry.project_after,
    type_coerce(_DETAIL, Json),
)


class JournalFeed:
    """The whole journal, for whoever tells each reader only what is theirs to know."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._by_transaction = session.get_bind().dialect.name == "postgresql"

    async def since(self, position: Position, limit: int) -> Sequence[Line]:
        """Return up to ``limit`` entries, beginning with the one at ``position`` if it is there still."""
        if self._by_transaction:
            reached = tuple_(Entry.xid, Entry.seq) >= tuple_(position.xid, position.seq)
            statement = _LINES.where(reached, Entry.xid < _XMIN).order_by(Entry.xid, Entry.seq)
        else:
            statement = _LINES.where(Entry.seq >= position.seq).order_by(Entry.seq)
        return [Line(*row) for row in await self._session.execute(statement.limit(limit))]

    async def last(self) -> Line | None:
        """Return the entry at which the feed ends for now."""
        if self._by_transaction:
            statement = _LINES.where(Entry.xid < _XMIN).order_by(Entry.xid.desc(), Entry.seq.desc())
        else:
            statement = _LINES.order_by(Entry.seq.desc())
        row = (await self._session.execute(statement.limit(1))).one_or_none()
        return None if row is None else Line(*row)

    async def access_changes(self, user_id: str, position: Position) -> Sequence[Line]:
        """Return what happened to an account's access since, also beyond the end of the feed."""
        statement = _LINES.where(Entry.entity_kind == ACCESS, Entry.entity_id == user_id)
        if self._by_transaction:
            statement = statement.where(tuple_(Entry.xid, Entry.seq) > tuple_(position.xid, position.seq))
            statement = statement.order_by(Entry.xid, Entry.seq)
        else:
            statement = statement.where(Entry.seq > position.seq).order_by(Entry.seq)
        return [Line(*row) for row in await self._session.execute(statement)]
