"""Every change of a task and the rule that allows it."""

from collections.abc import Iterable
from typing import Any, Literal

from fractional_indexing import generate_key_between
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.access import require
from taskmanager.projects.labels import LabelService
from taskmanager.projects.repository import ProjectRepository
from taskmanager.tasks.models import Task
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.schemas import TaskCreate, TaskUpdate
from taskmanager.tasks.state import given_when, put, state, task_out

KIND = "task"
MAX_DEPTH = 16


class TaskExistsError(ConflictError):
    code = "task_exists"
    title = "A task with this id exists."


class TaskLoopError(ConflictError):
    code = "task_loop"
    title = "A task cannot be its own subtask."


class NotInTrashError(ConflictError):
    code = "not_in_trash"
    title = "Only a task in the trash can be deleted for good."


class TaskService:
    """Changes of tasks within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._repository = TaskRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def create(self, data: TaskCreate) -> Task:
        """Add a task at the end of its project (the Inbox unless one is named)."""
        values = given(data)
        project_id = data.project_id or (await ProjectRepository(self._session, self._actor).inbox()).id
        await self._require_project(project_id)
        values["project_id"] = project_id
        if data.status == "done":
            values["completed_at"] = instant_text(clock.now())
        task = self._new(data.id or new_id(), values)
        await self._check_parent(task, data.parent_id)
        await self._check_assignees(project_id, data.assignee_ids)
        await LabelService(self._session, self._actor).make_known(data.labels)
        await self._place(task)
        self._repository.add(task)
        try:
            await self._session.flush()  # an id in use must show here
        except IntegrityError as error:
            raise TaskExistsError from error
        await self._record(task, "created", after=state(task), project_before=None)
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

    async def _place(self, task: Task) -> None:
        """Number the task in its project and put it at the end."""
        task.number, prefix = await self._repository.next_number(task.project_id)
        task.key = f"{prefix}-{task.number}"
        task.position = generate_key_between(await self._repository.last_position(task.project_id), None)

    async def update(self, task_id: str, data: TaskUpdate, if_match: IfMatch) -> Task:
        """Change what the patch names."""
        task = await self._repository.get(task_id, lock=True)
        await self._require_editor(task)
        if_match.check(task.version, task_out(task))
        await self.change(task, given(data))
        return task

    async def complete(self, task_id: str, if_match: IfMatch) -> Task:
        return await self._set_status(task_id, "done", if_match)

    async def reopen(self, task_id: str, if_match: IfMatch) -> Task:
        return await self._set_status(task_id, "todo", if_match)

    async def _set_status(self, task_id: str, status: Literal["done", "todo"], if_match: IfMatch) -> Task:
        task = await self._repository.get(task_id, lock=True)
        await self._require_editor(task)
        if_match.check(task.version, task_out(task))
        closed = task.status in {"done", "cancelled"}
        if task.status != status and (status == "done" or closed):
            await self.change(task, {"status": status})
        return task

    async def change(self, task: Task, values: dict[str, Any]) -> None:
        """Give fields new values (as :func:`state` has them) and record it; what stays the same is not recorded."""
        before = state(task)
        values = {name: value for name, value in values.items() if before[name] != value}
        if "status" in values and "completed_at" not in values:
            values["completed_at"] = instant_text(clock.now()) if values["status"] == "done" else None
        project_before = task.project_id
        if "project_id" in values:
            await self._move(task, values)
        if "parent_id" in values:
            await self._check_parent(task, values["parent_id"], values.get("project_id"))
        if "assignee_ids" in values:
            await self._check_assignees(values.get("project_id", task.project_id), values["assignee_ids"])
        if "labels" in values:
            await LabelService(self._session, self._actor).make_known(values["labels"])
        put(task, values)
        old, new = changed(before, state(task))
        if new:
            task.version += 1
            task.updated_at = clock.now()
            action = {"done": "completed", "todo": "reopened"}.get(values.get("status", ""), "updated")
            await self._record(task, action, before=old, after=new, project_before=project_before)

    async def _move(self, task: Task, values: dict[str, Any]) -> None:
        """Take a task and its subtasks into another project, where they get new numbers."""
        target = values["project_id"]
        await self._require_project(target)
        parent_id = values.get("parent_id", task.parent_id)
        if parent_id is not None and "parent_id" not in values:
            values["parent_id"] = None
        below = await self._repository.descendants(task.id)
        task.project_id = target
        await self._place(task)
        values.setdefault("position", task.position)
        values.setdefault("assignee_ids", await self._readers(target, task))
        for child in below:
            before, project_before = state(child), child.project_id
            put(child, {"project_id": target, "assignee_ids": await self._readers(target, child)})
            await self._place(child)
            child.version += 1
            child.updated_at = clock.now()
            old, new = changed(before, state(child))
            await self._record(child, "updated", before=old, after=new, project_before=project_before)

    async def _readers(self, project_id: str, task: Task) -> list[str]:
        """Return the task's assignees who may see the project it moves to."""
        mine = [assignee.user_id for assignee in task.assignees]
        readers = await ProjectRepository(self._session, self._actor).readers(project_id, mine)
        return [user_id for user_id in mine if user_id in readers]

    async def trash(self, task_id: str, if_match: IfMatch) -> None:
        """Put a task and its subtasks into the trash for 30 days."""
        task = await self._repository.get(task_id, lock=True)
        await self._require_editor(task)
        if_match.check(task.version, task_out(task))
        operation_id = await self._journal.open()
        now = clock.now()
        for one in (task, *await self._repository.descendants(task.id)):
            if one.deleted_at is None:
                one.deleted_at, one.deleted_operation = now, operation_id
                await self._moved_to_trash(one, "trashed", deleted=True)

    async def restore(self, task_id: str, if_match: IfMatch) -> Task:
        """Take a task out of the trash with the subtasks that went there with it."""
        task = await self._repository.get(task_id, trashed=True, lock=True)
        await self._require_editor(task)
        if_match.check(task.version, task_out(task))
        together = task.deleted_operation
        await self._leave_trashed_parent(task)
        for one in (task, *await self._repository.descendants(task.id)):
            if one.deleted_at is not None and one.deleted_operation == together:
                one.deleted_at = one.deleted_operation = None
                await self._moved_to_trash(one, "restored", deleted=False)
        return task

    async def _leave_trashed_parent(self, task: Task) -> None:
        if task.parent_id is None:
            return
        try:
            await self._repository.get(task.parent_id)
        except NotFoundError:
            await self.change(task, {"parent_id": None})

    async def _moved_to_trash(self, task: Task, action: str, *, deleted: bool) -> None:
        task.version += 1
        await self._record(task, action, before={"deleted": not deleted}, after={"deleted": deleted})

    async def purge(self, task_id: str, if_match: IfMatch) -> None:
        """Delete a task in the trash for good; what the journal knows of it goes too."""
        task = await self._repository.get(task_id, trashed=None, lock=True)
        await self._require_editor(task)
        if task.deleted_at is None:
            raise NotInTrashError
        if_match.check(task.version, task_out(task))
        below = [one for one in await self._repository.descendants(task.id) if one.deleted_at is not None]
        for one in (*below, task):
            await self._journal.scrub(KIND, one.id)
            await self._record(one, "purged", project_after=None)
            await self._repository.remove(one)

    async def _require_editor(self, task: Task) -> None:
        require(await self._repository.role(task.project_id), "editor")

    async def _require_project(self, project_id: str) -> None:
        try:
            role = await self._repository.role(project_id)
        except NotFoundError as error:
            raise InvalidError.at("/project_id", "unknown_project", "There is no such project.") from error
        require(role, "editor")

    async def _check_parent(self, task: Task, parent_id: str | None, project_id: str | None = None) -> None:
        """Raise unless the parent is a live task of the same project, and not below the task itself."""
        seen: set[str] = set()
        above = parent_id
        while above is not None:
            if above == task.id:
                raise TaskLoopError
            try:
                parent = await self._repository.get(above)
            except NotFoundError as error:
                raise InvalidError.at("/parent_id", "unknown_task", "There is no such task.") from error
            if parent.project_id != (project_id or task.project_id):
                raise InvalidError.at("/parent_id", "other_project", "The parent lies in another project.")
            seen.add(above)
            if len(seen) >= MAX_DEPTH:
                raise InvalidError.at("/parent_id", "too_deep", f"Subtasks nest at most {MAX_DEPTH} deep.")
            above = parent.parent_id

    async def _check_assignees(self, project_id: str, user_ids: Iterable[str]) -> None:
        wanted = list(user_ids)
        if not wanted:
            return
        readers = await ProjectRepository(self._session, self._actor).readers(project_id, wanted)
        if set(wanted) - readers:
            raise InvalidError.at("/assignee_ids", "not_a_member", "An assignee does not see this project.")

    async def _record(
        self,
        task: Task,
        action: str,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        project_before: str | None = "",
        project_after: str | None = "",
    ) -> None:
        """Write the journal; an empty project means the task's own."""
        await self._journal.write(
            KIND,
            task.id,
            action,
            before=before,
            after=after,
            project_before=task.project_id if project_before == "" else project_before,
            project_after=task.project_id if project_after == "" else project_after,
        )


def given(data: TaskCreate | TaskUpdate) -> dict[str, Any]:
    """Return the fields that a request names, as JSON values."""
    names = data.model_fields_set if isinstance(data, TaskUpdate) else set(TaskCreate.model_fields)
    values = {name: getattr(data, name) for name in names - {"id", "recurrence"}}
    for name in ("start", "due"):
        if name in values:
            values[name] = given_when(values[name])
    if values.get("deadline") is not None:
        values["deadline"] = values["deadline"].isoformat()
    return values
