"""Bodies and answers of notifications."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from taskmanager.kit.limits import IdText, Input, Output

Kind = Literal["reminder", "mentioned", "assigned", "commented"]


class NotificationOut(Output):
    """Something about a task, which is named as it is now; ``actor`` did it, ``comment_id`` is where it was said."""

    id: str
    kind: Kind
    at: datetime
    read_at: datetime | None
    task_id: str
    key: str
    title: str
    actor_id: str | None
    actor: str | None
    comment_id: str | None


class NotificationList(Output):
    items: list[NotificationOut]
    next_cursor: str | None


class NotificationsRead(Input):
    up_to: Annotated[IdText, Field(description="The newest one that was seen; without it all are.")] | None = None
