"""The records of past occurrences: written once; undo takes them away, and undoing that brings them back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, NetChange, UndoCollisionError, refuse_collisions
from taskmanager.journal.service import Journal
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.errors import NotFoundError
from taskmanager.kit.ids import new_id
from taskmanager.tasks.dates import When
from taskmanager.tasks.models import Task, TaskOccurrence
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.rules import TaskRules
from taskmanager.tasks.state import OCCURRENCE, action_of, when_json


class OccurrenceService:
    """Writes records within one transaction, and takes them back."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._tasks = TaskRepository(session, actor)
        self._rules = TaskRules(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def add(self, task: Task, when: When, kind: str) -> None:
        """Record how an occurrence ended now; the caller has found that the actor may edit the task."""
        record = TaskOccurrence(
            id=new_id(),
            task_id=task.id,
            local=when.local,
            timezone=when.timezone,
            kind=kind,
            at=clock.now(),
            actor_id=self._actor.user_id,
        )
        self._session.add(record)
        await self._journal.write(OCCURRENCE, record.id, "created", after=_full(record), project_after=task.project_id)

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Take away the records that an operation wrote, or bring back those that it took away."""
        for change in changes:
            record = await self._session.scalar(select(TaskOccurrence).where(TaskOccurrence.id == change.entity_id))
            if record is None:
                raise UndoCollisionError("A task is gone for good.")
            task = await self._editable(record.task_id)
            before = _full(record)
            refuse_collisions([change], {record.id: before})
            record.deleted_at = clock.now() if change.before[DELETED] else None
            after = {DELETED: change.before[DELETED]}
            await self._journal.write(
                OCCURRENCE,
                record.id,
                action_of(before, after),
                before={DELETED: before[DELETED]},
                after=after,
                project_before=task.project_id,
                project_after=task.project_id,
            )

    async def _editable(self, task_id: str) -> Task:
        try:
            task = await self._tasks.get(task_id, trashed=None)
        except NotFoundError as error:
            raise UndoCollisionError("A task is gone for good, or out of your sight.") from error
        await self._rules.require_editor(task.project_id)
        return task


def _full(record: TaskOccurrence) -> dict[str, Any]:
    return {
        "task_id": record.task_id,
        "date": when_json(record.when),
        "kind": record.kind,
        "at": instant_text(record.at),
        "actor_id": record.actor_id,
        DELETED: record.deleted_at is not None,
    }
