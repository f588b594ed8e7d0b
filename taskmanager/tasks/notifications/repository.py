"""Queries of notifications; all limited to whoever asks, and to tasks that it may read now."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.tasks.models import Comment, Task
from taskmanager.tasks.notifications.models import Notification
from taskmanager.tasks.notifications.schemas import NotificationOut
from taskmanager.tasks.repository import TaskRepository

KEPT = timedelta(days=90)
NEWEST_FIRST = [
    SortKey(Notification.at, lambda row: row[0].at, descending=True),
    SortKey(Notification.id, lambda row: row[0].id, descending=True),
]

Seen = tuple[Notification, str, str, str | None]
"""A notification, key and title of its task, and the user name of whoever did it."""


class NotificationRepository:
    """The notifications of whoever asks."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._tasks = TaskRepository(session, actor)
        self._own = Notification.user_id == actor.user_id

    def _visible(self) -> Select[Notification, str, str, str | None]:
        """Return those of live tasks and comments; what comes back from the trash is seen again."""
        return (
            select(Notification, Task.key, Task.title, User.username)
            .join(Task, Task.id == Notification.task_id)
            .outerjoin(Comment, Comment.id == Notification.comment_id)
            .outerjoin(User, User.id == Notification.actor_id)
            .where(self._own, Task.project_id.in_(self._tasks.projects()), Task.deleted_at.is_(None))
            .where(or_(Notification.comment_id.is_(None), Comment.deleted_at.is_(None)))
        )

    async def list(self, pager: Pager, *, unread: bool) -> Sequence[Seen]:
        """Return one page, newest first."""
        statement = self._visible()
        if unread:
            statement = statement.where(Notification.read_at.is_(None))
        rows = await self._session.execute(pager.apply(statement, NEWEST_FIRST))
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    async def mark_read(self, up_to: str | None) -> None:
        """Mark notifications as read: all, or up to one of them."""
        statement = update(Notification).where(self._own, Notification.read_at.is_(None))
        if up_to is not None:
            last = select(Notification.at).where(self._own, Notification.id == up_to).scalar_subquery()
            statement = statement.where(Notification.at <= last)
        await self._session.execute(statement.values(read_at=clock.now()))


def notification_out(seen: Seen) -> NotificationOut:
    """Return a notification as the API shows it."""
    row, key, title, actor = seen
    return NotificationOut(
        id=row.id,
        kind=row.kind,
        at=row.at,
        read_at=row.read_at,
        task_id=row.task_id,
        key=key,
        title=title,
        actor_id=row.actor_id,
        actor=actor,
        comment_id=row.comment_id,
    )


async def purge(session: AsyncSession, limit: int = 1000) -> int:
    """Remove up to ``limit`` notifications that are older than 90 days."""
    old = select(Notification.id).where(Notification.at < clock.now() - KEPT).limit(limit)
    result: Any = await session.execute(delete(Notification).where(Notification.id.in_(old)))
    return int(result.rowcount)
