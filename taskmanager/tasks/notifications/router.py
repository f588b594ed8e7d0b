"""Routes of notifications."""

from typing import Annotated, Any

from fastapi import Depends, Query

from taskmanager.auth import scopes
from taskmanager.auth.deps import ActorDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.paging import PagerDep
from taskmanager.tasks.notifications.repository import NEWEST_FIRST, NotificationRepository, notification_out
from taskmanager.tasks.notifications.schemas import NotificationList, NotificationsRead

notifications = router(prefix="/notifications", tags=["notifications"], opening=scopes.TASKS)


async def get_notifications(actor: ActorDep, session: ReaderDep) -> NotificationRepository:
    return NotificationRepository(session, actor)


async def get_own_notifications(actor: ActorDep, session: SessionDep) -> NotificationRepository:
    return NotificationRepository(session, actor)


@notifications.get("", response_model=NotificationList, responses=refusals(400, 401, 422))
async def list_notifications(
    repository: Annotated[NotificationRepository, Depends(get_notifications)],
    pager: PagerDep,
    unread: Annotated[bool, Query(description="Only those that were not marked as read.")] = False,
) -> Any:
    """List reminders that came due, and what others did that concerns you, of the last 90 days, newest first."""
    return pager.page(await repository.list(pager, unread=unread), NEWEST_FIRST, notification_out)


@notifications.post("/read", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 409, 413, 415, 422))
async def read_notifications(
    repository: Annotated[NotificationRepository, Depends(get_own_notifications)], body: NotificationsRead
) -> None:
    """Mark notifications as read: all of them, or up to one."""
    await repository.mark_read(body.up_to)
