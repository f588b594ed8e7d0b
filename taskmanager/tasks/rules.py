"""What holds for every task, however it is changed: who may write it, where it may lie, whom it may be given to."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import ConflictError, InvalidError, NotFoundError
from taskmanager.projects.access import require
from taskmanager.projects.repository import ProjectRepository, SectionRepository
from taskmanager.tasks.repository import TaskRepository

MAX_DEPTH = 16


class TaskLoopError(ConflictError):
    code = "task_loop"
    title = "A task cannot be its own subtask."


class TaskRules:
    """The rules as they stand for one actor now."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._repository = TaskRepository(session, actor)
        self._projects = ProjectRepository(session, actor)
        self._sections = SectionRepository(session, actor)

    async def require_editor(self, project_id: str) -> None:
        """Raise 404 if the actor does not see a project, 403 if it may not edit there."""
        require(await self._repository.role(project_id), "editor")

    async def require_target(self, project_id: str | None) -> str:
        """Return the project that a body names, by default the Inbox; raises unless the actor may put tasks there."""
        try:
            found, role = await self._repository.place(project_id)
        except NotFoundError as error:
            raise InvalidError.at("/project_id", "unknown_project", "There is no such project.") from error
        require(role, "editor")
        return found

    async def check_parent(self, task_id: str, parent_id: str, project_id: str) -> None:
        """Raise unless the parent is a live task of the same project, not below the task itself, and not too deep."""
        await self._repository.hold_parents(project_id)
        depth = await self._height(task_id)
        above: str | None = parent_id
        while above is not None:
            if above == task_id:
                raise TaskLoopError
            try:
                parent = await self._repository.get(above)
            except NotFoundError as error:
                raise InvalidError.at("/parent_id", "unknown_task", "There is no such task.") from error
            if parent.project_id != project_id:
                raise InvalidError.at("/parent_id", "other_project", "The parent lies in another project.")
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidError.at("/parent_id", "too_deep", f"Subtasks nest at most {MAX_DEPTH} deep.")
            above = parent.parent_id

    async def check_section(self, section_id: str, project_id: str) -> None:
        """Raise unless the section is a live one of the project; it is kept from going meanwhile."""
        try:
            await self._sections.get(section_id, project_id, hold=True)
        except NotFoundError as error:
            raise InvalidError.at("/section_id", "unknown_section", "There is no such section here.") from error

    async def _height(self, task_id: str) -> int:
        """Return how many levels a task has with all below it."""
        level: Collection[str] = [task_id]
        height = 0
        while level and height <= MAX_DEPTH:
            height += 1
            level = await self._repository.children(list(level), live=False)
        return height

    async def check_assignees(self, project_id: str, user_ids: Collection[str]) -> None:
        """Raise unless all of these accounts see the project."""
        if set(user_ids) - await self.readers(project_id, user_ids):
            raise InvalidError.at("/assignee_ids", "not_a_member", "An assignee does not see this project.")

    async def readers(self, project_id: str, user_ids: Collection[str]) -> set[str]:
        """Return which of these accounts see a project."""
        return await self._projects.readers(project_id, list(user_ids)) if user_ids else set()
