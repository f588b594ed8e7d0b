"""Takes notifications out of the house: one letter a job, written at the last moment.

Imported only where a mail server is set up.
"""

import logging
from datetime import timedelta

from sqlalchemy import select

from taskmanager.auth.letters import fill
from taskmanager.auth.models import User
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.jobs import Job
from taskmanager.kit.mail import Mail, Mailer, UndeliverableError
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.models import Task
from taskmanager.tasks.notifications.models import Notification

logger = logging.getLogger(__name__)

GIVE_UP = timedelta(hours=12)
_SHOWN = 150
_TEXT = """You wanted to be reminded of {key}:

{title}

{url}"""


class NotificationCourier:
    """Sends what still concerns its reader; the rest is not sent, and its job ends."""

    def __init__(self, database: Database, mailer: Mailer, base: str) -> None:
        self._database = database
        self._mailer = mailer
        self._url = f"{base.rstrip('/')}/app/"

    async def deliver(self, job: Job) -> None:
        """Send the letter of a job; raises what may be better next time."""
        found = await self._find(job.payload["notification_id"])
        if found is None:
            return
        key, title = found
        # A title may hold line breaks, which no header can; the whole of it stands in the text.
        line = " ".join(title.split())
        subject = "".join(c for c in f"{key}: {line}" if c.isprintable())[:_SHOWN]
        try:
            await self._mailer.send(
                Mail(job.id, job.payload["to"], subject, fill(_TEXT, key=key, title=title, url=self._url))
            )
        except UndeliverableError as error:
            logger.warning("the letter of job %s cannot be delivered: %s", job.id, error)

    async def _find(self, notification_id: str) -> tuple[str, str] | None:
        """Return key and title of the task, if the account is active and may read it, and has not read this yet."""
        statement = (
            select(Task.key, Task.title)
            .join(Notification, Notification.task_id == Task.id)
            .join(User, User.id == Notification.user_id)
            .join(ProjectAccess, (ProjectAccess.user_id == User.id) & (ProjectAccess.project_id == Task.project_id))
            .where(Notification.id == notification_id, Notification.read_at.is_(None))
            .where(Notification.at > clock.now() - GIVE_UP, User.active, Task.deleted_at.is_(None))
        )
        async with self._database.read() as session:
            row = (await session.execute(statement)).one_or_none()
        return (row[0], row[1]) if row is not None else None
