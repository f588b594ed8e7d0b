"""Sections and relations."""

import sqlalchemy as sa
from alembic import op

from taskmanager.kit import columns

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sections",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("project_id", columns.Id(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", columns.Ordered(length=200), nullable=False),
        sa.Column("position", columns.Ordered(length=200), nullable=False),
        sa.Column("created_at", columns.Instant(length=27), nullable=False),
        sa.Column("updated_at", columns.Instant(length=27), nullable=False),
        sa.Column("deleted_at", columns.Instant(length=27), nullable=True),
        sa.Column("deleted_operation", columns.Id(length=36), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_sections_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sections")),
    )
    with op.batch_alter_table("sections", schema=None) as batch_op:
        batch_op.create_index("ix_sections_position", ["project_id", "position", "id"], unique=False)
        batch_op.create_index(
            "uq_sections_name",
            ["project_id", "name_key"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "task_relations",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("task_id", columns.Id(length=36), nullable=False),
        sa.Column("other_id", columns.Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "kind IN ('blocks', 'relates', 'duplicates', 'precedes')", name=op.f("ck_task_relations_kind")
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["tasks.id"], name=op.f("fk_task_relations_other_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_relations_task_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_relations")),
    )
    with op.batch_alter_table("task_relations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_relations_other_id"), ["other_id"], unique=False)
        batch_op.create_index("uq_task_relations_pair", ["task_id", "other_id", "kind"], unique=True)

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("section_id", columns.Id(length=36), nullable=True))
        batch_op.create_index(batch_op.f("ix_tasks_section_id"), ["section_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_tasks_section_id"), "sections", ["section_id"], ["id"], ondelete="SET NULL"
        )


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_tasks_section_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_tasks_section_id"))
        batch_op.drop_column("section_id")

    with op.batch_alter_table("task_relations", schema=None) as batch_op:
        batch_op.drop_index("uq_task_relations_pair")
        batch_op.drop_index(batch_op.f("ix_task_relations_other_id"))

    op.drop_table("task_relations")
    with op.batch_alter_table("sections", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_sections_name",
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.drop_index("ix_sections_position")

    op.drop_table("sections")
