"""The journal's tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Json, Model

_Sequence = BigInteger().with_variant(Integer, "sqlite")

ACCESS = "access"
"""The kind of entries that tell who sees a project; ``entity_id`` is the account."""
NOTICES = frozenset({"gained", "lost", "regraded", "known"})
"""Actions that feeds must hear of and that are no part of what an undo takes back."""


class Operation(Model):
    """One write as its author sees it: the unit of undo."""

    __tablename__ = "operations"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    actor_id: Mapped[str] = mapped_column(Id, index=True)
    undoes: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant)


class Entry(Model):
    """One changed thing. ``before`` and ``after`` hold only the fields that changed, in the form of the API."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_entity", "entity_kind", "entity_id", "seq"),
        Index("ix_journal_feed", "xid", "seq", sqlite_where=text("xid IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(_Sequence, primary_key=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"), index=True)
    actor_id: Mapped[str] = mapped_column(Id)
    entity_kind: Mapped[str] = mapped_column(String(32))
    entity_id: Mapped[str] = mapped_column(Id)
    project_before: Mapped[str | None] = mapped_column(Id)
    project_after: Mapped[str | None] = mapped_column(Id)
    action: Mapped[str] = mapped_column(String(32))
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Instant)
    # The order of identities is not the order of commits on PostgreSQL: feeds order by (xid, seq).
    xid: Mapped[int | None] = mapped_column(BigInteger)


class History(Model):
    """The one row that says which history this is; another one begins when a backup is brought back."""

    __tablename__ = "history"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(Id)
