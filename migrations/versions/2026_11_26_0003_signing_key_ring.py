"""Signing key ring."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("next_kid", sa.String(length=32), nullable=True),
        sa.Column("seen_at", columns.Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nodes")),
    )
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("public", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("asked_at", columns.Instant(length=27), nullable=True))
        batch_op.add_column(sa.Column("activated_at", columns.Instant(length=27), nullable=True))
        batch_op.add_column(sa.Column("retired_at", columns.Instant(length=27), nullable=True))
        batch_op.create_index(
            "uq_signing_keys_next",
            ["state"],
            unique=True,
            sqlite_where=sa.text("state = 'next'"),
            postgresql_where=sa.text("state = 'next'"),
        )


def downgrade() -> None:
    # All that the version before knows; without a key it makes one, and clients fetch new access tokens.
    op.execute("DELETE FROM signing_keys WHERE state <> 'active' OR algorithm <> 'HS256'")
    with op.batch_alter_table("signing_keys", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_signing_keys_next", sqlite_where=sa.text("state = 'next'"), postgresql_where=sa.text("state = 'next'")
        )
        batch_op.drop_column("retired_at")
        batch_op.drop_column("activated_at")
        batch_op.drop_column("asked_at")
        batch_op.drop_column("public")

    op.drop_table("nodes")
