"""Telling people what concerns them, in the transaction of what happened. Nobody is told of the own doing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.models import Comment, Task
from taskmanager.tasks.notifications.mentions import MOST, mentioned
from taskmanager.tasks.notifications.models import Notification
from taskmanager.tasks.notifications.schemas import Kind


@dataclass(frozen=True, slots=True)
class News:
    """What one account is to be told; of the same ``once`` only the first time counts."""

    user_id: str
    task_id: str
    kind: Kind
    actor_id: str | None = None
    comment_id: str | None = None
    once: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A notification that was written."""

    id: str
    user_id: str


async def tell(session: AsyncSession, news: Sequence[News]) -> list[Told]:
    """Write notifications; return those that had not been told before."""
    if not news:
        return []
    now = clock.now()
    rows = [
        {
            "id": new_id(),
            "user_id": one.user_id,
            "task_id": one.task_id,
            "kind": one.kind,
            "at": now,
            "actor_id": one.actor_id,
            "comment_id": one.comment_id,
            "once": one.once,
        }
        for one in news
    ]
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(Notification).values(rows).on_conflict_do_nothing()
    written = await session.execute(statement.returning(Notification.id, Notification.user_id))
    return [Told(notification_id, user_id) for notification_id, user_id in written]


class Telling:
    """What an actor does to tasks and says about them, told to whom it concerns and who may read it."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def assigned(self, task: Task, before: Collection[str], after: Collection[str]) -> None:
        """Tell those to whom a task was given."""
        await self._tell(task, "assigned", [user_id for user_id in after if user_id not in before])

    async def described(self, task: Task, before: str, after: str) -> None:
        """Tell those who are named in a description, once for all."""
        await self._tell(task, "mentioned", await self._named(task, before, after), once=f"task:{task.id}")

    async def commented(self, comment: Comment, task: Task) -> None:
        """Tell those who are named in a new comment, and of the others whoever made the task or is to do it."""
        named = await self.corrected(comment, task, "")
        concerned = {task.created_by, *(one.user_id for one in task.assignees)} - {None, *named}
        readers = await self._readers(task, [user_id for user_id in concerned if user_id is not None])
        await self._tell(task, "commented", sorted(readers), comment.id)

    async def corrected(self, comment: Comment, task: Task, before: str) -> list[str]:
        """Tell those who are named in a comment and were not before; return who they are."""
        named = await self._named(task, before, comment.body)
        await self._tell(task, "mentioned", named, comment.id, once=f"comment:{comment.id}")
        return named

    async def _tell(
        self, task: Task, kind: Kind, users: Sequence[str], comment_id: str | None = None, once: str | None = None
    ) -> None:
        me = self._actor.user_id
        news = [
            News(user_id, task.id, kind, me, comment_id, once and f"{kind}:{once}:{user_id}")
            for user_id in users
            if user_id != me
        ]
        if news:
            await self._session.flush()  # notifications refer to the task and the comment
            await tell(self._session, news)

    async def _named(self, task: Task, before: str, after: str) -> list[str]:
        """Return the ids of those members who are named now and were not before."""
        known = set(mentioned(before))
        names = [name for name in mentioned(after) if name not in known]
        if not names:
            return []
        statement = (
            select(User.id)
            .join(ProjectAccess, ProjectAccess.user_id == User.id)
            .where(ProjectAccess.project_id == task.project_id, User.username.in_(names))
            .order_by(User.username)
            .limit(MOST)
        )
        return list((await self._session.execute(statement)).scalars())

    async def _readers(self, task: Task, user_ids: Sequence[str]) -> set[str]:
        if not user_ids:
            return set()
        statement = select(ProjectAccess.user_id).where(
            ProjectAccess.project_id == task.project_id, ProjectAccess.user_id.in_(user_ids)
        )
        return set((await self._session.execute(statement)).scalars())
