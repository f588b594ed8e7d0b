"""How the installation is used, by hour."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_hours",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source", columns.Id(length=36), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "kind", "source", name=op.f("pk_usage_hours")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("usage_hours")
