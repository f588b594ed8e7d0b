"""Filters by name, and the full-text index with the words of the tasks that are there."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from taskmanager.kit import columns
from taskmanager.kit.sqlite import require_fts5
from taskmanager.tasks.search.words import document

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DATES = (("ix_tasks_completed", "completed_at"), ("ix_tasks_deadline", "deadline"))
BATCH = 1000
MAX_COMMENTS = 500


def upgrade() -> None:
    op.create_table(
        "filters",
        sa.Column("id", columns.Id(length=36), nullable=False),
        sa.Column("user_id", columns.Id(length=36), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", columns.Ordered(length=200), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=True),
        sa.Column("created_at", columns.Instant(length=27), nullable=False),
        sa.Column("updated_at", columns.Instant(length=27), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_filters_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filters")),
    )
    with op.batch_alter_table("filters", schema=None) as batch_op:
        batch_op.create_index("uq_filters_user_id_name_key", ["user_id", "name_key"], unique=True)
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        for name, column in DATES:
            given = sa.text(f"{column} IS NOT NULL")
            batch_op.create_index(name, ["project_id", column], sqlite_where=given, postgresql_where=given)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        require_fts5(connection)
        # Words are cut at blanks and found as they are; where in a document they stand is not asked.
        op.execute(
            "CREATE VIRTUAL TABLE task_words USING fts5(task_id UNINDEXED, words, detail=none, columnsize=0, "
            "prefix='1 2 3', tokenize=\"ascii tokenchars '#=@'\")"
        )
        _fill(connection)
    else:
        op.create_table(
            "task_words",
            sa.Column("task_id", columns.Id(length=36), nullable=False),
            sa.Column("words", TSVECTOR(), nullable=False),
            sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_task_words_task_id"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task_words")),
        )
        _fill(connection)
        op.create_index("ix_task_words_words", "task_words", ["words"], postgresql_using="gin")


def _fill(connection: sa.Connection) -> None:
    sqlite = connection.dialect.name == "sqlite"
    tasks = sa.table(
        "tasks",
        sa.column("id", columns.Id),
        sa.column("project_id", columns.Id),
        sa.column("title"),
        sa.column("description"),
    )
    comments = sa.table(
        "comments",
        sa.column("task_id", columns.Id),
        sa.column("body"),
        sa.column("created_at"),
        sa.column("id", columns.Id),
        sa.column("deleted_at"),
    )
    words = sa.table(
        "task_words", sa.column("task_id", columns.Id), sa.column("words", sa.Text if sqlite else TSVECTOR)
    )
    last: str | None = None
    while True:
        page = sa.select(tasks).order_by(tasks.c.id).limit(BATCH)
        rows = connection.execute(page if last is None else page.where(tasks.c.id > last)).all()
        if not rows:
            return
        last = rows[-1].id
        said: dict[str, list[str]] = defaultdict(list)
        newest = (
            sa.select(comments.c.task_id, comments.c.body)
            .where(comments.c.task_id.between(rows[0].id, last), comments.c.deleted_at.is_(None))
            .order_by(comments.c.created_at.desc(), comments.c.id.desc())
        )
        for task_id, body in connection.execute(newest):
            if len(said[task_id]) < MAX_COMMENTS:
                said[task_id].append(body)
        found = []
        for row in rows:
            text = document(row.project_id, row.title, (row.description, *said[row.id]))
            own = f"@{row.id.replace('-', '')} " if sqlite else ""
            found.append({"task_id": row.id, "words": own + text})
        connection.execute(sa.insert(words), found)


def downgrade() -> None:
    op.drop_table("task_words")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        for name, _ in DATES:
            batch_op.drop_index(name)
    with op.batch_alter_table("filters", schema=None) as batch_op:
        batch_op.drop_index("uq_filters_user_id_name_key")

    op.drop_table("filters")
