"""Tables of tasks, their labels, assignees, past occurrences and comments."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, TextClause, desc, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from taskmanager.kit.columns import Id, Instant, Json, Model, Ordered
from taskmanager.tasks.dates import When

_TRASHED = text("deleted_at IS NOT NULL")
_COMPLETED = text("completed_at IS NOT NULL")
_DEADLINE = text("deadline IS NOT NULL")
_RECURRING = text("recurrence IS NOT NULL")
_SUBTASK = text("parent_id IS NOT NULL")
_IN_PROGRESS = text("status = 'in_progress'")


def _only(name: str, condition: TextClause, *columns: str) -> Index:
    """Return an index of the few rows of each project of which a condition is true."""
    return Index(name, "project_id", *columns, sqlite_where=condition, postgresql_where=condition)


class Task(Model):
    """A task. ``*_sort`` and ``title_key`` are kept beside what they are computed from, for indexes."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("status IN ('todo', 'in_progress', 'done', 'cancelled')", name="status"),
        CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
        Index("ix_tasks_created", "project_id", "created_at", "id"),
        Index("ix_tasks_updated", "project_id", "updated_at", "id"),
        Index("ix_tasks_due", "project_id", "due_sort", "id"),
        Index("ix_tasks_priority", "project_id", "priority", "id"),
        # Many have the same priority: what comes first of those, no other index knows.
        Index("ix_tasks_urgency", "project_id", desc("priority"), "due_sort", "id"),
        Index("ix_tasks_position", "project_id", "position", "id"),
        Index("ix_tasks_title", "project_id", "title_key", "id"),
        # Few tasks have these, and lists that ask for them begin there.
        _only("ix_tasks_completed", _COMPLETED, "completed_at"),
        _only("ix_tasks_deadline", _DEADLINE, "deadline"),
        _only("ix_tasks_recurring", _RECURRING),
        _only("ix_tasks_subtask", _SUBTASK),
        _only("ix_tasks_in_progress", _IN_PROGRESS),
        _only("ix_tasks_trashed", _TRASHED),
        # Only of what is in the trash: "not in it" holds for nearly all rows, and no list may begin there.
        Index("ix_tasks_deleted_at", "deleted_at", sqlite_where=_TRASHED, postgresql_where=_TRASHED),
        Index("uq_tasks_number", "project_id", "number", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(32))
    section_id: Mapped[str | None] = mapped_column(ForeignKey("sections.id", ondelete="SET NULL"), index=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("tasks.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(String(500))
    title_key: Mapped[str] = mapped_column(Ordered(200))
    description: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    start_local: Mapped[str | None] = mapped_column(String(19))
    start_timezone: Mapped[str | None] = mapped_column(String(64))
    due_local: Mapped[str | None] = mapped_column(String(19))
    due_timezone: Mapped[str | None] = mapped_column(String(64))
    due_sort: Mapped[datetime] = mapped_column(Instant)
    deadline: Mapped[date | None] = mapped_column(Date)
    # The rule with the start of its series; and which occurrence the task stands for, as the number of so many.
    recurrence: Mapped[dict[str, Any] | None] = mapped_column(Json)
    occurrence: Mapped[dict[str, Any] | None] = mapped_column(Json)
    position: Mapped[str] = mapped_column(Ordered(200))
    estimate_minutes: Mapped[int | None]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_operation: Mapped[str | None] = mapped_column(Id)
    version: Mapped[int]

    labels: Mapped[list["TaskLabel"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by="TaskLabel.place"
    )
    assignees: Mapped[list["TaskAssignee"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", passive_deletes=True, order_by="TaskAssignee.user_id"
    )

    @property
    def start(self) -> When | None:
        return When(self.start_local, self.start_timezone) if self.start_local else None

    @property
    def due(self) -> When | None:
        return When(self.due_local, self.due_timezone) if self.due_local else None


class TaskRelation(Model):
    """What one task is to another, stored once; how the other one sees it follows from the kind."""

    __tablename__ = "task_relations"
    __table_args__ = (
        CheckConstraint("kind IN ('blocks', 'relates', 'duplicates', 'precedes')", name="kind"),
        Index("uq_task_relations_pair", "task_id", "other_id", "kind", unique=True),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    other_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))


class TaskLabel(Model):
    """A label on a task: the name as its author wrote it, and the form in which names compare."""

    __tablename__ = "task_labels"
    __table_args__ = (Index("ix_task_labels_name_key", "name_key", "task_id"),)

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    name_key: Mapped[str] = mapped_column(Ordered(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    place: Mapped[int]


class TaskAssignee(Model):
    """Someone who is to do a task."""

    __tablename__ = "task_assignees"

    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


class TaskOccurrence(Model):
    """An occurrence of a recurring task that is over: which date it was, how it ended, when, by whom.

    Never changed, only taken away and brought back by undo. ``actor_text`` names somebody from another system whom
    nobody here may be taken for.
    """

    __tablename__ = "task_occurrences"
    __table_args__ = (
        CheckConstraint("kind IN ('completed', 'skipped')", name="kind"),
        Index("ix_task_occurrences_task", "task_id", "at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    local: Mapped[str] = mapped_column(String(19))
    timezone: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(Instant)
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor_text: Mapped[str | None] = mapped_column(String(200))
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def when(self) -> When:
        return When(self.local, self.timezone)


class Comment(Model):
    """A remark on a task. ``author_text`` names an author from another system whom nobody here may be taken for."""

    __tablename__ = "comments"
    __table_args__ = (Index("ix_comments_task", "task_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("tasks.id", ondelete="CASCADE"))
    author_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_text: Mapped[str | None] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int]
