"""What was done and what is left, counted."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analytics_counts",
        sa.Column("project_id", columns.Id(length=36), nullable=False),
        sa.Column("grain", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", columns.Id(length=36), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_analytics_counts_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "grain", "kind", "slot", "who", name=op.f("pk_analytics_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "analytics_tasks",
        sa.Column("task_id", columns.Id(length=36), nullable=False),
        sa.Column("project_id", columns.Id(length=36), nullable=False),
        sa.Column("counts", columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_analytics_tasks_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_analytics_tasks")),
    )
    with op.batch_alter_table("analytics_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_analytics_tasks_project_id"), ["project_id"], unique=False)
    op.create_table(
        "analytics_progress",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", columns.Id(length=36), nullable=False),
        sa.Column("kept_days", sa.Integer(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("walked", columns.Id(length=36), nullable=True),
        sa.Column("offsets", columns.Json(), nullable=False),
        sa.Column("filling", sa.Integer(), nullable=True),
        sa.Column("filled", columns.Id(length=36), nullable=False),
        sa.Column("pruned_at", columns.Instant(length=27), nullable=False),
        sa.Column("as_of", columns.Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analytics_progress")),
    )


def downgrade() -> None:
    op.drop_table("analytics_progress")
    op.drop_table("analytics_tasks")
    op.drop_table("analytics_counts")
