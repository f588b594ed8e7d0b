"""Comments: the conversation about a task."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, NetChange, UndoCollisionError, refuse_collisions
from taskmanager.journal.service import Journal
from taskmanager.kit import clock
from taskmanager.kit.errors import ForbiddenError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.projects.access import require
from taskmanager.tasks.models import Comment, Task
from taskmanager.tasks.notifications.telling import Telling
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.schemas import CommentBody, CommentOut
from taskmanager.tasks.search.index import TaskIndex
from taskmanager.tasks.state import COMMENT, action_of

OLDEST_FIRST = [
    SortKey(Comment.created_at, lambda row: row[0].created_at),
    SortKey(Comment.id, lambda row: row[0].id),
]

Written = tuple[Comment, str | None]
"""A comment and the user name of its author, who may have no account here."""


def comment_out(written: Written) -> CommentOut:
    """Return a comment as the API shows it."""
    comment, username = written
    return CommentOut(
        id=comment.id,
        task_id=comment.task_id,
        author_id=comment.author_id,
        author=username or comment.author_text,
        body=comment.body,
        created_at=comment.created_at,
        updated_at=comment.updated_at,
        version=comment.version,
    )


class CommentRepository:
    """Comments of the tasks that one actor sees."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._tasks = TaskRepository(session, actor)

    def _visible(self) -> Select[Comment, str | None]:
        return (
            select(Comment, User.username)
            .join(Task, Task.id == Comment.task_id)
            .outerjoin(User, User.id == Comment.author_id)
            .where(Task.project_id.in_(self._tasks.projects()))
        )

    async def list(self, task_id: str, pager: Pager) -> Sequence[Written]:
        """Return one page of a task's comments, oldest first; raises 404 if the task is in the trash."""
        await self._tasks.get(task_id)
        statement = self._visible().where(Comment.task_id == task_id, Comment.deleted_at.is_(None))
        rows = await self._session.execute(pager.apply(statement, OLDEST_FIRST))
        return [(comment, username) for comment, username in rows]

    async def among(self, ids: Sequence[str]) -> Sequence[Written]:
        """Return those of some comments that can be read."""
        live = (Comment.deleted_at.is_(None), Task.deleted_at.is_(None))
        rows = await self._session.execute(self._visible().where(Comment.id.in_(ids), *live).order_by(Comment.id))
        return [(comment, username) for comment, username in rows]

    async def removed_for_system(self, ids: Sequence[str]) -> dict[str, bool]:
        """Return whether each of some comments was taken away, whoever asks; what is gone for good is left out."""
        statement = select(Comment.id, Comment.deleted_at.is_not(None)).where(Comment.id.in_(ids))
        return dict((await self._session.execute(statement)).all())

    async def get(self, comment_id: str, task_id: str | None = None, *, trashed: bool | None = False) -> Written:
        """Return one comment, locked; ``task_id`` must be its task's if given, ``trashed`` is as for tasks."""
        statement = self._visible().where(Comment.id == comment_id)
        if task_id is not None:
            statement = statement.where(Comment.task_id == task_id, Task.deleted_at.is_(None))
        if trashed is not None:
            statement = statement.where(Comment.deleted_at.is_not(None) if trashed else Comment.deleted_at.is_(None))
        row = (await self._session.execute(statement.with_for_update(of=Comment, key_share=True))).one_or_none()
        if row is None:
            raise NotFoundError
        return row[0], row[1]

    def add(self, comment: Comment) -> None:
        self._session.add(comment)


class CommentService:
    """Changes of comments within one transaction. A comment is changed by its author, removed by project admins too."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._actor = actor
        self._tasks = TaskRepository(session, actor)
        self._repository = CommentRepository(session, actor)
        self._journal = Journal(session, actor.user_id)
        self._index = TaskIndex(session)
        self._telling = Telling(session, actor)

    async def create(self, task_id: str, data: CommentBody) -> Written:
        """Say something about a task."""
        task = await self._tasks.get(task_id)
        require(await self._tasks.role(task.project_id), "commenter")
        now = clock.now()
        comment = Comment(
            id=new_id(), task_id=task.id, author_id=self._actor.user_id, body=data.body,
            created_at=now, updated_at=now, version=1,
        )  # fmt: skip
        self._repository.add(comment)
        await self._record(comment, task, None, _full(comment), "created")
        await self._telling.commented(comment, task)
        return comment, self._actor.username

    async def update(self, task_id: str, comment_id: str, data: CommentBody, if_match: IfMatch) -> Written:
        """Say it better."""
        written = await self._repository.get(comment_id, task_id)
        task = await self._tasks.get(task_id)
        await self._require_author(written[0], task)
        if_match.check(written[0].version, comment_out(written))
        await self._put(written[0], task, {"body": data.body})
        return written

    async def remove(self, task_id: str, comment_id: str, if_match: IfMatch) -> None:
        """Take a comment away; undo brings it back within 30 days."""
        written = await self._repository.get(comment_id, task_id)
        task = await self._tasks.get(task_id)
        await self._require_author(written[0], task, or_admin=True)
        if_match.check(written[0].version, comment_out(written))
        await self._put(written[0], task, {DELETED: True})

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Take recorded changes back, as changes of the actor's own."""
        for change in changes:
            try:
                comment, _ = await self._repository.get(change.entity_id, trashed=None)
                task = await self._tasks.get(comment.task_id)
            except NotFoundError as error:
                raise UndoCollisionError("The comment or its task is gone, or out of your sight.") from error
            await self._require_author(comment, task, or_admin=set(change.before) == {DELETED})
            refuse_collisions([change], {comment.id: _full(comment)})
            await self._put(comment, task, change.before)

    async def _require_author(self, comment: Comment, task: Task, *, or_admin: bool = False) -> None:
        role = await self._tasks.role(task.project_id)
        require(role, "commenter")
        if comment.author_id != self._actor.user_id and not (or_admin and role == "admin"):
            raise ForbiddenError("This is somebody else's comment.")

    async def _put(self, comment: Comment, task: Task, values: dict[str, Any]) -> None:
        now = _full(comment)
        after = {name: value for name, value in values.items() if now[name] != value}
        if not after:
            return
        comment.body = after.get("body", comment.body)
        if DELETED in after:
            comment.deleted_at = clock.now() if after[DELETED] else None
        comment.version += 1
        if "body" in after:
            comment.updated_at = clock.now()
        before = {name: now[name] for name in after}
        await self._record(comment, task, before, after, action_of(before, after))
        if "body" in after:
            await self._telling.corrected(comment, task, before["body"])

    async def _record(
        self, comment: Comment, task: Task, before: dict[str, Any] | None, after: dict[str, Any], action: str
    ) -> None:
        await self._journal.write(
            COMMENT,
            comment.id,
            action,
            before=before,
            after=after,
            project_before=None if before is None else task.project_id,
            project_after=task.project_id,
        )
        await self._index.rewrite(task)


def _full(comment: Comment) -> dict[str, Any]:
    return {"body": comment.body, "task_id": comment.task_id, DELETED: comment.deleted_at is not None}
