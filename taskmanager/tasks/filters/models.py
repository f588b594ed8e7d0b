"""The table of filters kept by name."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Model, Ordered


class SavedFilter(Model):
    """A filter that one account keeps, as it was written: days in words mean the day on which it is used."""

    __tablename__ = "filters"
    __table_args__ = (Index("uq_filters_user_id_name_key", "user_id", "name_key", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(Ordered(200))
    query: Mapped[str] = mapped_column(String(1000))
    color: Mapped[str | None] = mapped_column(String(7))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int]
