"""Every change of a task and the rule that allows it."""

from typing import Any

from fractional_indexing import generate_key_between
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, put_trash, trash_state
from taskmanager.journal.service import Journal, scrub
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.db import constraint_of
from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.access import capped, require
from taskmanager.projects.labels import LabelService
from taskmanager.tasks.models import Task
from taskmanager.tasks.recording import TaskRecords
from taskmanager.tasks.recurring import recurrence_of, settled
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.rounds import Rounds
from taskmanager.tasks.rows import TaskRows, values_of
from taskmanager.tasks.rules import TaskRules
from taskmanager.tasks.schemas import TaskCreate, TaskUpdate
from taskmanager.tasks.search.index import TaskIndex
from taskmanager.tasks.state import COMMENT, KIND, OCCURRENCE, given_when, put, state, task_out

# Fields of a patch on which nothing but the task's own row depends, unless the task recurs.
_ALONE = frozenset({"title", "description", "status", "priority", "start", "due", "deadline", "estimate_minutes"})


class TaskExistsError(ConflictError):
    code = "task_exists"
    title = "A task with this id exists."


class NotInTrashError(ConflictError):
    code = "not_in_trash"
    title = "Only a task in the trash can be deleted for good."


class TaskService:
    """Changes of tasks within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._repository = TaskRepository(session, actor)
        self._rules = TaskRules(session, actor)
        self._journal = Journal(session, actor.user_id)
        self._rounds = Rounds(session, actor)
        self._records = TaskRecords(session, actor)
        self._index = TaskIndex(session)
        self._rows = TaskRows(session)

    async def create(self, data: TaskCreate) -> Task:
        """Add a task at the end of its project (the Inbox unless one is named)."""
        values = given(data)
        values.update(settled({"due": None, "recurrence": None}, values))
        project_id = await self._rules.require_target(data.project_id)
        task_id = data.id or new_id()
        if data.section_id is not None:
            await self._rules.check_section(data.section_id, project_id)
        if data.parent_id is not None:
            await self._rules.check_parent(task_id, data.parent_id, project_id)
        await self._rules.check_assignees(project_id, data.assignee_ids)
        await LabelService(self._session, self._actor).make_known(data.labels)
        if data.status == "done":
            values["completed_at"] = instant_text(clock.now())
        task = self._new(task_id, {**values, **await self._place(project_id)})
        try:
            await self._rows.add(task)
        except IntegrityError as error:
            if constraint_of(error) in {"pk_tasks", "tasks.id"}:
                raise TaskExistsError from error
            raise
        await self._records.made(task)
        return task

    def _new(self, task_id: str, values: dict[str, Any]) -> Task:
        now = clock.now()
        task = Task(
            id=task_id,
            created_by=self._actor.user_id,
            created_at=now,
            updated_at=now,
            version=1,
            labels=[],
            assignees=[],
        )
        put(task, {"start": None, "due": None, **values})
        return task

    async def _place(self, project_id: str) -> dict[str, Any]:
        """Return the next key of a project and the place at its end, as fields of a task."""
        number, prefix = await self._repository.next_number(project_id)
        position = generate_key_between(await self._repository.last_position(project_id), None)
        return {"project_id": project_id, "key": f"{prefix}-{number}", "position": position}

    async def update(self, task_id: str, data: TaskUpdate, if_match: IfMatch) -> Task:
        """Change what the patch names."""
        values = given(data)
        if _ALONE.issuperset(values) and (task := await self._revise(task_id, values, if_match)):
            return task
        task = await self._editable(task_id, if_match)
        await self._change(task, values)
        return task

    async def _revise(self, task_id: str, values: dict[str, Any], if_match: IfMatch) -> Task | None:
        """Change fields that are one row's own affair, by its row alone; None for a task that recurs."""
        found = await self._rows.find(task_id, self._actor.user_id)
        if found is None:
            raise NotFoundError
        task, role = found
        if task.recurrence is not None:
            return None
        require(capped(role, self._actor), "editor")
        if_match.check(task.version, task_out(task))
        before = values_of(task)
        await self._change(task, values)
        await self._rows.save(task, before)
        return task

    async def _editable(self, task_id: str, if_match: IfMatch, *, trashed: bool | None = False) -> Task:
        """Return a task, locked, if the actor may edit it and it is as the client believes."""
        task = await self._repository.get(task_id, trashed=trashed, lock=True)
        await self._rules.require_editor(task.project_id)
        if_match.check(task.version, task_out(task))
        return task

    async def _change(self, task: Task, values: dict[str, Any]) -> None:
        """Give fields new values (as :func:`state` has them) and record it; what stays the same is not recorded."""
        before, project_before = state(task), task.project_id
        named = {**values, **settled(before, values)}
        values = {name: value for name, value in named.items() if before[name] != value}
        if "project_id" in values:
            values.update({name: named[name] for name in ("parent_id", "section_id") if name in named})
        if "status" in values:
            values["completed_at"] = instant_text(clock.now()) if values["status"] == "done" else None
        if "project_id" in values:
            await self._move(task, values)
        if values.get("section_id") is not None:
            await self._rules.check_section(values["section_id"], task.project_id)
        if values.get("parent_id") is not None:
            await self._rules.check_parent(task.id, values["parent_id"], task.project_id)
        if "assignee_ids" in values:
            await self._rules.check_assignees(task.project_id, values["assignee_ids"])
        if "labels" in values:
            await LabelService(self._session, self._actor).make_known(values["labels"])
        put(task, values)
        recurrence = recurrence_of(task) if values.get("status") == "done" else None
        if recurrence is not None:
            put(task, await self._rounds.end(task, recurrence, "completed"))
        await self._records.changed(task, before, project_before, "completed" if recurrence else None)

    async def _move(self, task: Task, values: dict[str, Any]) -> None:
        """Take a task and its subtasks into another project, where they get new keys.

        Its parent and its section stay behind, unless ``values`` name others.
        """
        target = values.pop("project_id")
        await self._rules.require_target(target)
        values.setdefault("parent_id", None)
        values.setdefault("section_id", None)
        below = await self._repository.descendants(task.id)
        readers = await self._rules.readers(target, {one.user_id for each in (task, *below) for one in each.assignees})
        values.setdefault("assignee_ids", _only(readers, task))
        put(task, await self._place(target))
        for child in below:
            before, project_before = state(child), child.project_id
            put(child, {**await self._place(target), "assignee_ids": _only(readers, child), "section_id": None})
            await self._records.changed(child, before, project_before)

    async def trash(self, task_id: str, if_match: IfMatch) -> None:
        """Put a task and its subtasks into the trash for 30 days."""
        task = await self._editable(task_id, if_match)
        for one in (task, *await self._repository.descendants(task.id)):
            if one.deleted_at is None:
                await self._put_trash(one, deleted=True)

    async def restore(self, task_id: str, if_match: IfMatch) -> Task:
        """Take a task, if it is in the trash, out of it with the subtasks that went there with it."""
        task = await self._editable(task_id, if_match, trashed=None)
        together = task.deleted_operation
        if task.deleted_at is None:
            return task
        await self._leave_what_is_gone(task)
        for one in (task, *await self._repository.descendants(task.id)):
            if one.deleted_at is not None and one.deleted_operation == together:
                await self._leave_what_is_gone(one, parent=False)
                await self._put_trash(one, deleted=False)
        return task

    async def _leave_what_is_gone(self, task: Task, *, parent: bool = True) -> None:
        """Take a task out of a section, and of a parent, that are in the trash."""
        if parent and task.parent_id is not None:
            try:
                await self._repository.get(task.parent_id)
            except NotFoundError:
                await self._change(task, {"parent_id": None})
        if task.section_id is not None:
            try:
                await self._rules.check_section(task.section_id, task.project_id)
            except InvalidError:
                await self._change(task, {"section_id": None})

    async def _put_trash(self, task: Task, *, deleted: bool) -> None:
        before = trash_state(task)
        put_trash(task, {DELETED: deleted}, await self._journal.open())
        await self._records.write(task, before, trash_state(task))

    async def purge(self, task_id: str, if_match: IfMatch) -> None:
        """Delete a task in the trash for good; what the journal knows of it goes too."""
        task = await self._editable(task_id, if_match, trashed=None)
        if task.deleted_at is None:
            raise NotInTrashError
        below = [one for one in await self._repository.descendants(task.id) if one.deleted_at is not None]
        ids = [one.id for one in (*below, task)]
        await scrub(self._session, KIND, ids)
        await scrub(self._session, COMMENT, await self._repository.comment_ids(ids))
        await scrub(self._session, OCCURRENCE, await self._repository.occurrence_ids(ids))
        await self._index.remove(ids)
        for one in (*below, task):
            await self._journal.write(KIND, one.id, "purged", project_before=one.project_id)
            await self._repository.remove(one)


def _only(readers: set[str], task: Task) -> list[str]:
    """Return those assignees of a task who are readers."""
    return [assignee.user_id for assignee in task.assignees if assignee.user_id in readers]


def given(data: TaskCreate | TaskUpdate) -> dict[str, Any]:
    """Return the fields that a request names, as JSON values."""
    names = data.model_fields_set if isinstance(data, TaskUpdate) else set(TaskCreate.model_fields)
    values = {name: getattr(data, name) for name in names - {"id"}}
    for name in ("start", "due"):
        if name in values:
            values[name] = given_when(values[name])
    if values.get("deadline") is not None:
        values["deadline"] = values["deadline"].isoformat()
    if values.get("recurrence") is not None:
        values["recurrence"] = values["recurrence"].model_dump()
    return values
