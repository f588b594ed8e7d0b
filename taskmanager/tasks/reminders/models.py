"""The table of reminders."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Model

_WAITING = text("fire_at IS NOT NULL")


class Reminder(Model):
    """When one account wants to hear of a task: before it is due, or at an instant.

    ``fire_at`` is kept beside what it is computed from: when it will be told, or nothing while it sleeps. That is once
    it was told, as long as the task is closed, in the trash or not due, and for what is past.
    """

    __tablename__ = "task_reminders"
    __table_args__ = (
        CheckConstraint("(minutes_before_due IS NULL) <> (at IS NULL)", name="kind"),
        Index("ix_task_reminders_task", "task_id", "user_id"),
        Index("ix_task_reminders_fire_at", "fire_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    minutes_before_due: Mapped[int | None]
    at: Mapped[datetime | None] = mapped_column(Instant)
    fire_at: Mapped[datetime | None] = mapped_column(Instant)
