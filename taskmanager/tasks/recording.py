"""Writing down what happens to tasks: the journal, the words by which they are found, and whom it concerns."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.tasks.models import Task
from taskmanager.tasks.notifications.telling import Telling
from taskmanager.tasks.reminders import following as reminders
from taskmanager.tasks.search.index import TaskIndex
from taskmanager.tasks.state import KIND, action_of, state


class TaskRecords:
    """Records changes of tasks in the transaction that makes them."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._journal = Journal(session, actor.user_id)
        self._index = TaskIndex(session)
        self._telling = Telling(session, actor)
        self._reminded: frozenset[str] | None = None

    async def expect(self, ids: Sequence[str]) -> None:
        """Look at once which of many tasks have reminders: those that are written next, and no others."""
        self._reminded = await reminders.reminded(self._session, ids)

    async def made(self, task: Task) -> None:
        """Record a new task."""
        await self._journal.write(KIND, task.id, "created", after=state(task), project_after=task.project_id)
        await self._index.add([(task, ())])
        await self._telling.assigned(task, (), [one.user_id for one in task.assignees])
        await self._telling.described(task, "", task.description)

    async def changed(
        self, task: Task, before: Mapping[str, Any], project_before: str | None = None, action: str | None = None
    ) -> None:
        """Give a task its next version and record how it differs from ``before``, if it does at all.

        ``project_before`` is where it was if that is not where it is; ``action`` is by default what the fields say.
        """
        old, new = changed(before, state(task))
        if new:
            task.updated_at = clock.now()
            await self.write(task, old, new, project_before, action)

    async def write(
        self,
        task: Task,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        project_before: str | None = None,
        action: str | None = None,
    ) -> None:
        """Give a task its next version and record these fields of it."""
        task.version += 1
        await self._journal.write(
            KIND,
            task.id,
            action or action_of(before, after),
            before=before,
            after=after,
            project_before=project_before or task.project_id,
            project_after=task.project_id,
        )
        await self._index.follow(task, after)
        if self._reminded is None or task.id in self._reminded:
            await reminders.follow(self._session, task, before, after)
        if "assignee_ids" in after:
            await self._telling.assigned(task, before["assignee_ids"], after["assignee_ids"])
        if "description" in after:
            await self._telling.described(task, before["description"], after["description"])
