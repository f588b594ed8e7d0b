"""Indexes at which lists of very many tasks begin: what few of them are, and which of the urgent ones comes first."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0015"
branch_labels = None
depends_on = None

FEW = {
    "ix_tasks_recurring": "recurrence IS NOT NULL",
    "ix_tasks_subtask": "parent_id IS NOT NULL",
    "ix_tasks_in_progress": "status = 'in_progress'",
    "ix_tasks_trashed": "deleted_at IS NOT NULL",
}
URGENCY = "ix_tasks_urgency"


def upgrade() -> None:
    for name, condition in FEW.items():
        rows = sa.text(condition)
        op.create_index(name, "tasks", ["project_id"], sqlite_where=rows, postgresql_where=rows)
    op.create_index(URGENCY, "tasks", ["project_id", sa.text("priority DESC"), "due_sort", "id"])


def downgrade() -> None:
    for name in (URGENCY, *FEW):
        op.drop_index(name, table_name="tasks")
