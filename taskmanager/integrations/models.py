"""The table of what things are called elsewhere."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Json, Model, Ordered

MAX_SOURCE = 64
MAX_EXTERNAL_ID = 500


class ExternalId(Model):
    """The id under which an account knows something from another program or file, ``source``.

    ``raw`` keeps what no field of ours holds; see :class:`taskmanager.integrations.origin.Origin`.
    """

    __tablename__ = "external_ids"
    __table_args__ = (Index("ix_external_ids_entity", "entity_kind", "entity_id"),)

    account_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(Ordered(MAX_SOURCE), primary_key=True)
    entity_kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    external_id: Mapped[str] = mapped_column(Ordered(MAX_EXTERNAL_ID), primary_key=True)
    entity_id: Mapped[str] = mapped_column(Id)
    raw: Mapped[dict[str, Any] | None] = mapped_column(Json)
