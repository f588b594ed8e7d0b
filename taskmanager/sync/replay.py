"""Whether a stored answer may be given again: only as long as what it shows may still be read."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import Entry
from taskmanager.kit.errors import NotFoundError
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.models import Task


async def may_replay(
    session: AsyncSession, account_id: str, operation_id: str | None, path_params: Mapping[str, str]
) -> None:
    """Raise 404 if the answer is about a project that the account cannot see any more.

    A write that changed nothing has no operation; what it shows is what its path names.
    """
    mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == account_id)
    hidden: list[ColumnElement[bool]] = []
    if operation_id is not None:
        touched = (Entry.operation_id == operation_id, Entry.project_after.is_not(None), Entry.action != "trashed")
        hidden.append(exists().where(*touched, Entry.project_after.not_in(mine)))
    if "project_id" in path_params:
        hidden.append(~exists(mine.where(ProjectAccess.project_id == path_params["project_id"].lower())))
    if "task_id" in path_params:
        hidden.append(~exists().where(Task.id == path_params["task_id"].lower(), Task.project_id.in_(mine)))
    for condition in hidden:
        if await session.scalar(select(condition)):
            raise NotFoundError
