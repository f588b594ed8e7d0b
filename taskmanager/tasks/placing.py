"""Where tasks lie: moving one to a project, section, parent and place; a copy beside it; what leaves a section."""

from typing import Any

from fractional_indexing import generate_key_between
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.changes import UndoCollisionError
from taskmanager.kit.errors import InvalidError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.labels import LabelService
from taskmanager.projects.sections import SectionGone
from taskmanager.tasks.models import Task
from taskmanager.tasks.schemas_actions import TaskMove
from taskmanager.tasks.service import TaskService
from taskmanager.tasks.state import state

_NOT_COPIED = frozenset({"key", "position", "completed_at", "status"})


class PlacingService(TaskService):
    """Changes of places within one transaction."""

    async def move(self, task_id: str, data: TaskMove, if_match: IfMatch) -> Task:
        """Put a task elsewhere. Positions are fractional, so no other task changes."""
        task = await self._editable(task_id, if_match)
        project_id = data.project_id or task.project_id
        named = data.model_fields_set & {"section_id", "parent_id"}
        values: dict[str, Any] = {name: getattr(data, name) for name in named}
        if project_id != task.project_id:
            await self._rules.require_target(project_id)
            values["project_id"] = project_id
        if data.after is not None or data.before is not None:
            await self._repository.hold_parents(project_id)
            values["position"] = await self._between(project_id, data.after, data.before)
        await self._change(task, values)
        return task

    async def _between(self, project_id: str, after: str | None, before: str | None) -> str:
        try:
            low, high = await self._repository.neighbours(project_id, after, before)
        except NotFoundError as error:
            pointer = "/after" if after is not None else "/before"
            raise InvalidError.at(pointer, "unknown_task", "There is no such task in that project.") from error
        return str(generate_key_between(low, high))

    async def duplicate(self, task_id: str, if_match: IfMatch) -> Task:
        """Copy a task with its live subtasks, right after it; the copies are to do again."""
        task = await self._editable(task_id, if_match)
        await self._repository.hold_parents(task.project_id)
        below = [one for one in await self._repository.descendants(task.id) if one.deleted_at is None]
        copy = await self._copy(task, task.parent_id, await self._between(task.project_id, task.id, None))
        copies = {task.id: copy.id}
        waiting = sorted(below, key=lambda one: (one.position, one.id))
        while waiting:
            ready = [one for one in waiting if one.parent_id in copies]
            if not ready:
                break  # below something in the trash
            for one in ready:
                copies[one.id] = (await self._copy(one, copies[one.parent_id or ""], None)).id
            waiting = [one for one in waiting if one.id not in copies]
        return copy

    async def _copy(self, task: Task, parent_id: str | None, position: str | None) -> Task:
        values = {name: value for name, value in state(task).items() if name not in _NOT_COPIED}
        place = await self._place(task.project_id)
        values |= {**place, "position": position or place["position"], "parent_id": parent_id, "status": "todo"}
        await LabelService(self._session, self._actor).make_known(values["labels"])
        copy = self._new(new_id(), values)
        self._repository.add(copy)
        await self._session.flush()  # subtasks refer to it
        await self._records.made(copy)
        return copy

    async def leave_section(self, section_id: str, *, undone: bool) -> None:
        """Take the live tasks of a section out of it; where its making is undone they are in the way instead."""
        ids = await self._repository.in_section(section_id)
        if undone and ids:
            collisions = [{"id": task_id, "fields": ["section_id"]} for task_id in ids[:100]]
            raise UndoCollisionError("Tasks were put into the section since.", collisions=collisions)
        for task in (await self._repository.get_many(ids)).values():
            await self._change(task, {"section_id": None})


async def leave_section(session: AsyncSession, fact: SectionGone) -> None:
    """Keep tasks where they are when their section goes, in the same operation."""
    await PlacingService(session, fact.actor).leave_section(fact.section_id, undone=fact.undone)
