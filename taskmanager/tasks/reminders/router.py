"""Routes of reminders."""

from typing import Annotated, Any

from fastapi import Depends

from taskmanager.auth import scopes
from taskmanager.auth.deps import ActorDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.tasks.reminders.schemas import Reminders, RemindersOut
from taskmanager.tasks.reminders.service import ReminderRepository, ReminderService

reminders = router(prefix="/tasks/{task_id}/reminders", tags=["tasks"], opening=scopes.TASKS)


async def get_reminders(actor: ActorDep, session: ReaderDep) -> ReminderRepository:
    return ReminderRepository(session, actor)


async def get_reminder_service(actor: ActorDep, session: SessionDep) -> ReminderService:
    # Reminders are of one's own account, which guests may change as well.
    return ReminderService(session, actor)


@reminders.get("", response_model=RemindersOut, responses=refusals(400, 401, 404, 422))
async def list_reminders(repository: Annotated[ReminderRepository, Depends(get_reminders)], task_id: IdPath) -> Any:
    """List when you will be reminded of a task; others have reminders of their own."""
    return {"reminders": await repository.list(task_id)}


@reminders.put("", response_model=RemindersOut, responses=refusals(400, 401, 403, 404, 409, 413, 415, 422))
async def replace_reminders(
    service: Annotated[ReminderService, Depends(get_reminder_service)], task_id: IdPath, body: Reminders
) -> Any:
    """Replace your reminders of a task, at most 10. What would be past already is kept and not told."""
    return {"reminders": await service.replace(task_id, body)}
