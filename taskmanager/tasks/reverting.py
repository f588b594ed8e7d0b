"""Taking back what the journal recorded of tasks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import (
    DELETED,
    TRASHED_BY,
    NetChange,
    UndoCollisionError,
    put_trash,
    refuse_collisions,
    trash_state,
)
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.projects.labels import LabelService
from taskmanager.tasks.models import Task
from taskmanager.tasks.recording import TaskRecords
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.rules import TaskRules
from taskmanager.tasks.state import put, state


class TaskReverter:
    """Undoes what an operation did to tasks, as new changes of the actor's own.

    All tasks get their earlier fields at once and are checked then, so it does not matter which one the operation
    changed first.
    """

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._repository = TaskRepository(session, actor)
        self._rules = TaskRules(session, actor)
        self._journal = Journal(session, actor.user_id)
        self._labels = LabelService(session, actor)
        self._records = TaskRecords(session, actor)

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Give all tasks their earlier fields back; raises 409, 403 or 404 if the actor could not do that now."""
        tasks = await self._repository.get_many([change.entity_id for change in changes])
        if len(tasks) < len(changes):
            raise UndoCollisionError("A task is gone for good, or out of your sight.")
        await self._require_editor(changes, tasks)
        states = {task.id: _full(task) for task in tasks.values()}
        refuse_collisions(changes, states)
        left = await self._leave_later_subtasks(changes, tasks)
        states.update((task.id, _full(task)) for task in left.values())
        mine = await self._journal.open()
        for change in changes:
            _apply(tasks[change.entity_id], change.before, mine)
        for task in left.values():
            put(task, {"parent_id": None})
        for change in changes:
            await self._check(tasks[change.entity_id], change, tasks)
        await self._records.expect([*tasks, *left])
        for task in (*tasks.values(), *left.values()):
            await self._record(task, states[task.id])

    async def _require_editor(self, changes: Sequence[NetChange], tasks: dict[str, Task]) -> None:
        earlier = {change.before["project_id"] for change in changes if "project_id" in change.before}
        for project_id in {task.project_id for task in tasks.values()} | earlier:
            try:
                await self._rules.require_editor(project_id)
            except NotFoundError as error:
                raise UndoCollisionError("A project is gone, or out of your sight.") from error

    async def _leave_later_subtasks(self, changes: Sequence[NetChange], tasks: dict[str, Task]) -> dict[str, Task]:
        """Raise if subtasks came later to tasks that would leave without them; return those already in the trash."""
        going = [change.entity_id for change in changes if {DELETED, "project_id"} & set(change.before)]
        live = sorted(set(await self._repository.children(going, live=True)) - set(tasks))
        if live:
            collisions = [{"id": child, "fields": ["parent_id"]} for child in live[:100]]
            raise UndoCollisionError("Subtasks were added since.", collisions=collisions)
        moving = [change.entity_id for change in changes if "project_id" in change.before]
        return await self._repository.get_many(
            sorted(set(await self._repository.children(moving, live=False)) - set(tasks))
        )

    async def _check(self, task: Task, change: NetChange, tasks: dict[str, Task]) -> None:
        """Raise unless the task, as it is now, keeps the rules."""
        names = set(change.before)
        try:
            if task.parent_id is not None and task.deleted_at is None and names & {"parent_id", "project_id", DELETED}:
                parent = tasks.get(task.parent_id)
                if parent is None or parent.deleted_at is not None or names & {"parent_id", "project_id"}:
                    await self._rules.check_parent(task.id, task.parent_id, task.project_id)
            if (
                task.section_id is not None
                and task.deleted_at is None
                and names & {"section_id", "project_id", DELETED}
            ):
                await self._rules.check_section(task.section_id, task.project_id)
            if names & {"assignee_ids", "project_id"}:
                await self._rules.check_assignees(task.project_id, [one.user_id for one in task.assignees])
        except (InvalidError, ConflictError) as error:
            detail = f"{task.key} does not fit any more where it was."
            raise UndoCollisionError(detail, collisions=[{"id": task.id, "fields": sorted(names)}]) from error
        if task.recurrence is not None and task.due is None:
            detail = f"{task.key} recurs, so it needs a due date."
            raise UndoCollisionError(detail, collisions=[{"id": task.id, "fields": ["due", "recurrence"]}])
        if "labels" in names:
            await self._labels.make_known(label.name for label in task.labels)

    async def _record(self, task: Task, earlier: dict[str, Any]) -> None:
        before, after = changed(earlier, _full(task))
        if after:
            task.updated_at = clock.now()
            await self._records.write(task, before, after, earlier["project_id"])


def _full(task: Task) -> dict[str, Any]:
    return {**state(task), **trash_state(task)}


def _apply(task: Task, values: dict[str, Any], operation_id: str) -> None:
    put_trash(task, values, operation_id)
    put(task, {name: value for name, value in values.items() if name not in {DELETED, TRASHED_BY}})
