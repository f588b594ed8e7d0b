"""Writing the full-text index, in the transaction that changes what it tells of."""

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Table, TextClause, bindparam, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase

from taskmanager.kit import late
from taskmanager.kit.prepared import Prepared
from taskmanager.tasks.models import Comment, Task
from taskmanager.tasks.search.models import TaskWords
from taskmanager.tasks.search.words import document

MAX_COMMENTS = 500
"""The newest comments of a task by which it is found."""
_TABLE = cast("Table", TaskWords.__table__)
_FOUND_BY = frozenset({"title", "description", "project_id"})

_INSERT = Prepared(insert(_TABLE), ("task_id", "words"))
_UPDATE = Prepared(update(_TABLE).where(_TABLE.c.task_id == bindparam("this")).values(words=bindparam("words")))
_DELETE = delete(_TABLE).where(_TABLE.c.task_id == bindparam("this"))
# FTS5 finds a row by nothing but its words, so on SQLite each document has one of its own.
_THIS = "rowid IN (SELECT rowid FROM task_words WHERE task_words MATCH :this)"
_UPDATE_FTS5 = Prepared(update(_TABLE).where(text(_THIS)).values(words=bindparam("words")))
_DELETE_FTS5 = text(f"DELETE FROM task_words WHERE {_THIS}")  # noqa: S608 - our names
_COMMENTS = Prepared(
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
        for task, comments in tasks:
            late.add(self._session, _INSERT, self._row(task, comments))

    async def rewrite(self, task: Task) -> None:
        """Write a task's words again, after it or its comments changed."""
        await late.write(self._session)
        comments = [body for (body,) in (await _COMMENTS.run(self._session, task_id=task.id)).rows]
        row = self._row(task, comments)
        update_words = _UPDATE_FTS5 if self._fts5 else _UPDATE
        if not (await update_words.run(self._session, this=self._this(task.id), words=row["words"])).changed:
            await _INSERT.run_with(self._session, row)

    async def remove(self, ids: Sequence[str]) -> None:
        """Forget tasks that are deleted for good."""
        statement: TextClause | UpdateBase = _DELETE_FTS5 if self._fts5 else _DELETE
        await late.write(self._session)
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
