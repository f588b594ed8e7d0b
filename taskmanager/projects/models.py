"""Tables of projects, their members, the flattened access, and labels."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Model, Ordered

_LIVE = text("deleted_at IS NULL")
_ROLES = "role IN ('viewer', 'commenter', 'editor', 'admin')"


class Project(Model):
    """A project. ``inbox_of`` marks the one private project that every account has."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(Ordered(200))
    key: Mapped[str] = mapped_column(String(16))
    color: Mapped[str | None] = mapped_column(String(7))
    description: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), index=True)
    inbox_of: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    last_number: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    deleted_operation: Mapped[str | None] = mapped_column(Id)
    version: Mapped[int]


class ProjectMember(Model):
    """A role given to someone in one project; it holds in the projects below it too."""

    __tablename__ = "project_members"
    __table_args__ = (CheckConstraint(_ROLES, name="role"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)


class ProjectAccess(Model):
    """Membership with inheritance worked out: the one source of what someone may see."""

    __tablename__ = "project_access"
    __table_args__ = (CheckConstraint(_ROLES, name="role"),)

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16))


class Section(Model):
    """A part of a project: a column of its board, a heading of its list. Names are unique among live ones."""

    __tablename__ = "sections"
    __table_args__ = (
        Index("uq_sections_name", "project_id", "name_key", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_sections_position", "project_id", "position", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(Ordered(200))
    position: Mapped[str] = mapped_column(Ordered(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
    deleted_operation: Mapped[str | None] = mapped_column(Id)
    version: Mapped[int]


class Label(Model):
    """How one account sees a label: its colour. The name itself is on the tasks."""

    __tablename__ = "labels"
    __table_args__ = (Index("uq_labels_user_id_name_key", "user_id", "name_key", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(Ordered(200))
    color: Mapped[str | None] = mapped_column(String(7))
    created_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int]
