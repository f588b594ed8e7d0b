"""The table of notifications."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Model


class Notification(Model):
    """Something about a task that an account should know. ``once`` names what is never told a second time."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("kind IN ('reminder', 'mentioned', 'assigned', 'commented')", name="kind"),
        Index("ix_notifications_user", "user_id", "at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    comment_id: Mapped[str | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), index=True)
    once: Mapped[str | None] = mapped_column(String(128), unique=True)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
