"""The table of the full-text index."""

from typing import Any

from sqlalchemy import Dialect, ForeignKey, Index, String, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from taskmanager.kit.columns import Id, Model


class Words(TypeDecorator[str]):
    """Words joined by blanks: text that FTS5 cuts at the blanks, on PostgreSQL a tsvector."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())


class TaskWords(Model):
    """What one task is found by. On SQLite this is a virtual table (FTS5), where nothing is found but by its words."""

    __tablename__ = "task_words"
    __table_args__ = (
        Index("ix_task_words_words", "words", postgresql_using="gin"),
        {"info": {"virtual_on_sqlite": True}},
    )

    task_id: Mapped[str] = mapped_column(Id, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(Words)
