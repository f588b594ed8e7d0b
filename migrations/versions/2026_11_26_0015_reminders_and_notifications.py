"""Reminders and notifications."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_reminders",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("task_id", columns.Id(length=36), nullable=False),
        sa.Column("user_id", columns.Id(length=36), nullable=False),
        sa.Column("minutes_before_due", sa.Integer(), nullable=True),
        sa.Column("at", columns.Instant(length=27), nullable=True),
        sa.Column("fire_at", columns.Instant(length=27), nullable=True),
        sa.CheckConstraint("(minutes_before_due IS NULL) <> (at IS NULL)", name=op.f("ck_task_reminders_kind")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_reminders_task_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_task_reminders_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_reminders")),
    )
    with op.batch_alter_table("task_reminders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_task_reminders_fire_at",
            ["fire_at", "id"],
            unique=False,
            sqlite_where=sa.text("fire_at IS NOT NULL"),
            postgresql_where=sa.text("fire_at IS NOT NULL"),
        )
        batch_op.create_index("ix_task_reminders_task", ["task_id", "user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_reminders_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notifications",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("user_id", columns.Id(length=36), nullable=False),
        sa.Column("task_id", columns.Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", columns.Instant(length=27), nullable=False),
        sa.Column("actor_id", columns.Id(length=36), nullable=True),
        sa.Column("comment_id", columns.Id(length=36), nullable=True),
        sa.Column("once", sa.String(length=128), nullable=True),
        sa.Column("read_at", columns.Instant(length=27), nullable=True),
        sa.CheckConstraint(
            "kind IN ('reminder', 'mentioned', 'assigned', 'commented')", name=op.f("ck_notifications_kind")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_notifications_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comments.id"], name=op.f("fk_notifications_comment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_notifications_task_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notifications_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("once", name=op.f("uq_notifications_once")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notifications_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notifications_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_notifications_comment_id"), ["comment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notifications_task_id"), ["task_id"], unique=False)
        batch_op.create_index("ix_notifications_user", ["user_id", "at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_index("ix_notifications_user")
        batch_op.drop_index(batch_op.f("ix_notifications_task_id"))
        batch_op.drop_index(batch_op.f("ix_notifications_comment_id"))
        batch_op.drop_index(batch_op.f("ix_notifications_at"))
        batch_op.drop_index(batch_op.f("ix_notifications_actor_id"))

    op.drop_table("notifications")
    with op.batch_alter_table("task_reminders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_reminders_user_id"))
        batch_op.drop_index("ix_task_reminders_task")
        batch_op.drop_index(
            "ix_task_reminders_fire_at",
            sqlite_where=sa.text("fire_at IS NOT NULL"),
            postgresql_where=sa.text("fire_at IS NOT NULL"),
        )

    op.drop_table("task_reminders")
