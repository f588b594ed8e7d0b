"""Mail and notices."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("user_id", columns.Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("at", columns.Instant(length=27), nullable=False),
        sa.Column("detail", columns.Json(), nullable=False),
        sa.Column("read_at", columns.Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notices_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notices_at"), ["at"], unique=False)
        batch_op.create_index("ix_notices_user_id_at_id", ["user_id", "at", "id"], unique=False)

    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sent_to", sa.String(length=254), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_links_kind"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_links_kind"), "kind IN ('setup', 'invitation', 'reset', 'email')"
        )


def downgrade() -> None:
    op.execute("DELETE FROM links WHERE kind = 'email'")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_links_kind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_links_kind"), "kind IN ('setup', 'invitation', 'reset')")
        batch_op.drop_column("sent_to")

    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_user_id_at_id")
        batch_op.drop_index(batch_op.f("ix_notices_at"))

    op.drop_table("notices")
