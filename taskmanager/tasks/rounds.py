"""The end of one round of a recurring task: what is recorded, what opens again, what the task is then."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.tasks.models import Task
from taskmanager.tasks.occurrences import OccurrenceService
from taskmanager.tasks.recording import TaskRecords
from taskmanager.tasks.recurrence.recurrence import Recurrence
from taskmanager.tasks.recurring import rolled
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.state import put, state

Kind = Literal["completed", "skipped"]
_LAST: dict[Kind, dict[str, Any]] = {"completed": {}, "skipped": {"status": "cancelled", "completed_at": None}}


class Rounds:
    """Ends rounds within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._actor = actor
        self._repository = TaskRepository(session, actor)
        self._occurrences = OccurrenceService(session, actor)
        self._records = TaskRecords(session, actor)

    async def end(self, task: Task, recurrence: Recurrence, kind: Kind) -> dict[str, Any]:
        """Record an occurrence and open the subtasks for the next one; return the fields that the task gets.

        The last completion leaves a task as done as it is, with its subtasks; a last one that is skipped cancels it.
        """
        fields = rolled(task, recurrence, clock.now(), self._actor.timezone, skipped=kind == "skipped")
        await self._occurrences.add(task, recurrence.current, kind)
        if fields is None:
            return _LAST[kind]
        for one in _of_the_round(task.id, await self._repository.descendants(task.id)):
            before = state(one)
            put(one, {"status": "todo", "completed_at": None})
            await self._records.changed(one, before)
        return fields


def _of_the_round(top: str, below: Sequence[Task]) -> list[Task]:
    """Return the subtasks without those that recur by themselves and what lies below them, or in the trash."""
    children: dict[str | None, list[Task]] = {}
    for task in below:
        if task.recurrence is None and task.deleted_at is None:
            children.setdefault(task.parent_id, []).append(task)
    found = list(children.get(top, ()))
    for task in found:
        found += children.get(task.id, ())
    return found
