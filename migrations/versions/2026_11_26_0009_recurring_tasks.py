"""Recurring tasks."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_occurrences",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("task_id", columns.Id(length=36), nullable=False),
        sa.Column("local", sa.String(length=19), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", columns.Instant(length=27), nullable=False),
        sa.Column("actor_id", columns.Id(length=36), nullable=True),
        sa.Column("actor_text", sa.String(length=200), nullable=True),
        sa.Column("deleted_at", columns.Instant(length=27), nullable=True),
        sa.CheckConstraint("kind IN ('completed', 'skipped')", name=op.f("ck_task_occurrences_kind")),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["users.id"], name=op.f("fk_task_occurrences_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_task_occurrences_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_occurrences")),
    )
    with op.batch_alter_table("task_occurrences", schema=None) as batch_op:
        batch_op.create_index("ix_task_occurrences_task", ["task_id", "at", "id"], unique=False)

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("recurrence", columns.Json(), nullable=True))
        batch_op.add_column(sa.Column("occurrence", columns.Json(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_column("occurrence")
        batch_op.drop_column("recurrence")

    with op.batch_alter_table("task_occurrences", schema=None) as batch_op:
        batch_op.drop_index("ix_task_occurrences_task")

    op.drop_table("task_occurrences")
