"""The order of the feed, and which history it tells."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", columns.Id(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index("ix_journal_feed", ["xid", "seq"], unique=False, sqlite_where=sa.text("xid IS NOT NULL"))


def downgrade() -> None:
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_feed", sqlite_where=sa.text("xid IS NOT NULL"))

    op.drop_table("history")
