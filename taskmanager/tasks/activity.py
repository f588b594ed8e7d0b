"""Who changed what: the journal of one task, as its readers may see it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import TRASHED_BY
from taskmanager.journal.models import Entry
from taskmanager.journal.repository import NEWEST_FIRST, JournalRepository
from taskmanager.kit.paging import Pager
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.schemas import ActivityItem, Change
from taskmanager.tasks.state import KIND


class Activity:
    """Reads what happened to tasks that the actor may see."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._tasks = TaskRepository(session, actor)
        self._journal = JournalRepository(session)

    async def of_task(self, task_id: str, pager: Pager) -> dict[str, Any]:
        """Return one page of a task's changes, newest first."""
        await self._tasks.get(task_id, trashed=None)
        rows = await self._journal.activity(KIND, task_id, self._tasks.projects(), pager)
        ids = {entry.actor_id for entry, _ in rows}
        names = dict((await self._session.execute(select(User.id, User.username).where(User.id.in_(ids)))).all())

        def item(row: tuple[Entry, bool]) -> ActivityItem:
            entry, known = row
            # Where a task was before it came into sight is not told.
            before, after = (entry.before or {}) if known else {}, entry.after or {}
            changes = {
                name: Change(before=before.get(name), after=value)
                for name, value in after.items()
                if name != TRASHED_BY
            }
            return ActivityItem(
                id=entry.seq,
                operation_id=entry.operation_id,
                actor_id=entry.actor_id,
                actor=names.get(entry.actor_id),
                action=entry.action,
                changes=changes,
                at=entry.at,
            )

        return pager.page(rows, NEWEST_FIRST, item)
