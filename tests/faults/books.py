"""What a database must be after any crash, read past the server."""

from pathlib import Path

from sqlalchemy import text

from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database

BROKEN = {
    "a task without the record of its making": """
        SELECT id FROM tasks WHERE id NOT IN (SELECT entity_id FROM journal WHERE action = 'created')""",
    "a record of a task that is not there": """
        SELECT seq FROM journal WHERE entity_kind = 'task' AND entity_id NOT IN (SELECT id FROM tasks)""",
    "a version that is not the number of recorded changes": """
        SELECT id FROM tasks WHERE version <> (SELECT count(*) FROM journal WHERE entity_id = tasks.id)""",
    "an operation without changes": """
        SELECT id FROM operations WHERE id NOT IN (SELECT operation_id FROM journal)""",
    "a task in the trash without the operation that put it there": """
        SELECT id FROM tasks WHERE deleted_at IS NOT NULL AND deleted_operation NOT IN (SELECT id FROM operations)""",
    "a number that was given out and is not there": """
        SELECT id FROM projects
        WHERE last_number <> (SELECT count(*) FROM tasks WHERE project_id = projects.id)
        OR last_number <> (SELECT coalesce(max(number), 0) FROM tasks WHERE project_id = projects.id)""",
    "a key that is not its number": """
        SELECT tasks.id FROM tasks JOIN projects ON projects.id = project_id
        WHERE tasks.key <> projects.key || '-' || number""",
    "a task without its label": """
        SELECT id FROM tasks WHERE id NOT IN (SELECT task_id FROM task_labels)""",
    "an idempotency key without its answer": """
        SELECT id FROM idempotency_keys WHERE status IS NULL""",
}


async def check_books(data: Path, database_url: str = "") -> None:
    """Raise unless every task, its journal, its number and its answers belong together."""
    database = open_database(Settings(data_dir=data, database_url=database_url))
    try:
        async with database.read() as session:
            if database.is_sqlite:
                assert (await session.scalar(text("PRAGMA integrity_check"))) == "ok"
                assert (await session.execute(text("PRAGMA foreign_key_check"))).all() == []
            for what, query in BROKEN.items():
                rows = (await session.execute(text(query))).all()
                assert rows == [], f"{what}: {rows[:5]}"
    finally:
        await database.stop()
