"""Taking back what the journal recorded of tasks."""

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.models import Entry
from taskmanager.kit.errors import NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.projects.access import require
from taskmanager.projects.service import UndoCollisionError
from taskmanager.tasks.models import Task
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.service import TaskService
from taskmanager.tasks.state import state

ANY = IfMatch(None)


class TaskReverter:
    """Undoes one recorded change of a task, as a new change of the actor's own."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._repository = TaskRepository(session, actor)
        self._service = TaskService(session, actor)

    async def revert(self, entry: Entry) -> None:
        """Take one change back; raises :class:`UndoCollisionError` rather than overwrite a later edit."""
        try:
            task = await self._repository.get(entry.entity_id, trashed=None, lock=True)
        except NotFoundError as error:
            raise UndoCollisionError("The task is gone for good, or out of your sight.") from error
        if entry.action in {"created", "restored"}:
            if task.deleted_at is None:
                await self._service.trash(task.id, ANY)
        elif entry.action == "trashed":
            await self._restore(task, entry)
        else:
            await self._revert_fields(task, entry)

    async def _restore(self, task: Task, entry: Entry) -> None:
        if task.deleted_at is None:
            return  # came back with its parent
        if task.deleted_operation != entry.operation_id:
            raise UndoCollisionError("The task was deleted again later.")
        if await self._parent_comes_back(task, entry):
            return
        await self._service.restore(task.id, ANY)

    async def _parent_comes_back(self, task: Task, entry: Entry) -> bool:
        """Tell whether the parent was deleted with the task: its own entry, which follows, restores both."""
        if task.parent_id is None:
            return False
        try:
            parent = await self._repository.get(task.parent_id, trashed=True)
        except NotFoundError:
            return False
        return parent.deleted_operation == entry.operation_id

    async def _revert_fields(self, task: Task, entry: Entry) -> None:
        require(await self._repository.role(task.project_id), "editor")
        if entry.before is None or entry.after is None or task.deleted_at is not None:
            raise UndoCollisionError("The task was deleted later.")
        now = state(task)
        later = [name for name, value in entry.after.items() if now[name] != value]
        if later:
            detail = f"{task.key} was changed since: {', '.join(sorted(later))}."
            raise UndoCollisionError(detail, collisions=[{"id": task.id, "fields": sorted(later)}])
        await self._service.change(task, dict(entry.before))
