"""Writing the full-text index, in the transaction that changes what it tells of."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Table, TextClause, bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase

from taskmanager.tasks.models import Comment, Task
from taskmanager.tasks.search.models import TaskWords
from taskmanager.tasks.search.words import document

MAX_COMMENTS = 500
"""The newest comments of a task by which it is found."""
_TABLE = cast("Table", TaskWords.__table__)
_FOUND_BY = frozenset({"title", "description", "project_id"})

_INSERT = insert(_TABLE)
_UPDATE = update(_TABLE).where(_TABLE.c.task_id == bindparam("this")).values(words=bindparam("words"))
_DELETE = delete(_TABLE).where(_TABLE.c.task_id == bindparam("this"))
# FTS5 finds a row by nothing but its words, so on SQLite each document has one of its own.
_THIS = "rowid IN (SELECT rowid FROM task_words WHERE task_words MATCH :this)"
_UPDATE_FTS5 = text(f"UPDATE task_words SET words = :words WHERE {_THIS}")  # noqa: S608 - our names
_DELETE_FTS5 = text(f"DELETE FROM task_words WHERE {_THIS}")  # noqa: S608 - our names
_COMMENTS = (
    select(Comment.body)
    .where(Comment.task_id == bindparam("task_id"), Comment.deleted_at.is_(None))
    .order_by(Comment.created_at.desc(), Comment.id.desc())
    .limit(MAX_COMMENTS)
)


class TaskIndex:
    """The words of tasks within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._fts5 = session.get_bind().dialect.name == "sqlite"

    async def follow(self, task: Task, fields: Iterable[str]) -> None:
        """Write what a change of these fields of a task means for the index."""
        if not _FOUND_BY.isdisjoint(fields):
            await self.rewrite(task)

    async def add(self, tasks: Iterable[tuple[Task, Sequence[str]]]) -> None:
        """Add new tasks, each with its comments."""
        rows = [self._row(task, comments) for task, comments in tasks]
        if rows:
            await self._session.execute(_INSERT, rows)

    async def rewrite(self, task: Task) -> None:
        """Write a task's words again, after it or its comments changed."""
        comments = (await self._session.execute(_COMMENTS, {"task_id": task.id})).scalars().all()
        row = self._row(task, comments)
        values = {"this": self._this(task.id), "words": row["words"]}
        result = await self._session.execute(_UPDATE_FTS5 if self._fts5 else _UPDATE, values)
        if cast("CursorResult[Any]", result).rowcount == 0:
            await self._session.execute(_INSERT, row)

    async def remove(self, ids: Sequence[str]) -> None:
        """Forget tasks that are deleted for good."""
        statement: TextClause | UpdateBase = _DELETE_FTS5 if self._fts5 else _DELETE
        if ids:
            await self._session.execute(statement, [{"this": self._this(task_id)} for task_id in ids])

    def _row(self, task: Task, comments: Sequence[str]) -> dict[str, str]:
        words = document(task.project_id, task.title, (task.description, *comments))
        return {"task_id": task.id, "words": f"{own_token(task.id)} {words}" if self._fts5 else words}

    def _this(self, task_id: str) -> str:
        return f'"{own_token(task_id)}"' if self._fts5 else task_id


def own_token(task_id: str) -> str:
    """Return the word that only one document has."""
    return "@" + task_id.replace("-", "")
