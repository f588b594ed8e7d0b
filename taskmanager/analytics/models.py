"""Tables of what is counted; all of it follows from tasks and journal and can be counted again."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Json, Model

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Stands in ``who`` of counts that are no person's."""
UNASSIGNED = "ffffffff-ffff-ffff-ffff-ffffffffffff"
"""Stands in ``who`` of what nobody was asked to do."""
EXACT = 0
"""The grain of counts whose ``slot`` is a quarter of an hour, or whatever their kind says."""
DAYS = 100
"""The grain of days of UTC; that of days so many quarters of an hour ahead of it is as much greater."""


class Count(Model):
    """How many things of a kind there are of a slot, and the total of what was measured of them."""

    __tablename__ = "analytics_counts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    grain: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    who: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)


class CountedTask(Model):
    """What a task counts for, so that the difference can be added when it changes. No row: for nothing."""

    __tablename__ = "analytics_tasks"

    task_id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    counts: Mapped[list[Any]] = mapped_column(Json)


class Progress(Model):
    """The one row that says how far the counting has come.

    ``xid`` and ``seq`` are the place in the journal; ``walked`` the last task of a count of all tasks, null when that
    is done. ``offsets`` are those of which whole days are kept; ``filling`` is being added, up to ``filled``.
    """

    __tablename__ = "analytics_progress"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(Id)
    kept_days: Mapped[int]
    xid: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int] = mapped_column(BigInteger)
    walked: Mapped[str | None] = mapped_column(Id)
    offsets: Mapped[list[int]] = mapped_column(Json)
    filling: Mapped[int | None]
    filled: Mapped[str] = mapped_column(Id)
    pruned_at: Mapped[datetime] = mapped_column(Instant)
    as_of: Mapped[datetime | None] = mapped_column(Instant)


class UsageHour(Model):
    """How often something happened in an hour (of UTC, since 1970), as one source of counts knows it."""

    __tablename__ = "usage_hours"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(Id, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)
