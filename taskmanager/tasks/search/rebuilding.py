"""Making the full-text index from what is there, as after a restore."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.tasks.models import Comment, Task
from taskmanager.tasks.search.index import MAX_COMMENTS, own_token
from taskmanager.tasks.search.models import TaskWords
from taskmanager.tasks.search.words import document

BATCH = 1000


async def rebuild(session: AsyncSession) -> None:
    """Write the words of every task again, a batch at a time."""
    await session.execute(delete(TaskWords))
    page = select(Task.id, Task.project_id, Task.title, Task.description).order_by(Task.id).limit(BATCH)
    last = ""
    while rows := (await session.execute(page.where(Task.id > last) if last else page)).all():
        last = rows[-1].id
        await _write(session, rows)


async def _write(session: AsyncSession, rows: Sequence[Any]) -> None:
    said: dict[str, list[str]] = defaultdict(list)
    newest = (
        select(Comment.task_id, Comment.body)
        .where(Comment.task_id.between(rows[0].id, rows[-1].id), Comment.deleted_at.is_(None))
        .order_by(Comment.created_at.desc(), Comment.id.desc())
    )
    for task_id, body in await session.execute(newest):
        if len(said[task_id]) < MAX_COMMENTS:
            said[task_id].append(body)
    fts5 = session.get_bind().dialect.name == "sqlite"
    found = []
    for row in rows:
        words = document(row.project_id, row.title, (row.description, *said[row.id]))
        found.append({"task_id": row.id, "words": f"{own_token(row.id)} {words}" if fts5 else words})
    await session.execute(insert(TaskWords), found)
