"""Being done with a task, for now or for good, and taking it up again."""

from taskmanager.kit.errors import ConflictError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.tasks.models import Task
from taskmanager.tasks.recurring import recurrence_of
from taskmanager.tasks.service import TaskService
from taskmanager.tasks.state import CLOSED, put, state


class NotRecurringError(ConflictError):
    code = "not_recurring"
    title = "Only an open task that recurs can be skipped."


class CompletingService(TaskService):
    """Completes, skips and reopens tasks within one transaction."""

    async def complete(self, task_id: str, if_match: IfMatch) -> Task:
        """Complete a task; one that recurs goes on to its next date."""
        task = await self._editable(task_id, if_match)
        if task.status != "done":
            await self._change(task, {"status": "done"})
        return task

    async def skip(self, task_id: str, if_match: IfMatch) -> Task:
        """Let a recurring task go on to its next date without being done."""
        task = await self._editable(task_id, if_match)
        recurrence = recurrence_of(task)
        if recurrence is None or task.status in CLOSED:
            raise NotRecurringError
        before = state(task)
        put(task, await self._rounds.end(task, recurrence, "skipped"))
        await self._records.changed(task, before, action="skipped")
        return task

    async def reopen(self, task_id: str, if_match: IfMatch) -> Task:
        """Take up a task that is done or cancelled."""
        task = await self._editable(task_id, if_match)
        if task.status in CLOSED:
            await self._change(task, {"status": "todo"})
        return task
