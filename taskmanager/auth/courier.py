"""Takes mail out of the house: the job that writes a letter at the last moment and sends it.

Imported only where a mail server is set up.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from taskmanager.auth import letters
from taskmanager.auth.devices import in_words
from taskmanager.auth.links import LIFE, url
from taskmanager.auth.models import Link, Notice, User
from taskmanager.auth.post import Post
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.jobs import Job
from taskmanager.kit.mail import Mail, Mailer, UndeliverableError

logger = logging.getLogger(__name__)

GIVE_UP = timedelta(days=2)


class Courier:
    """Sends one letter a job. A letter that nobody needs any more is not sent, and its job ends."""

    def __init__(self, database: Database, mailer: Mailer, post: Post, base: str) -> None:
        self._database = database
        self._mailer = mailer
        self._post = post
        self._base = base.rstrip("/")

    async def deliver(self, job: Job) -> None:
        """Send the letter of a job; raises what may be better next time."""
        letter = await (self._link(job.payload) if "link_id" in job.payload else self._notice(job.payload))
        if letter is None:
            return
        to, subject, text = letter
        try:
            await self._mailer.send(Mail(job.id, to, subject, text))
        except UndeliverableError as error:
            logger.warning("the letter of job %s cannot be delivered: %s", job.id, error)

    async def _link(self, payload: Mapping[str, Any]) -> tuple[str, str, str] | None:
        """Write the letter of a link, whose life begins now: the mail server may have been down for long."""
        async with self._database.write() as session:
            link = await session.get(Link, payload["link_id"])
            if link is None or link.sent_to is None or link.used_at is not None or _is_stale(link.created_at):
                return None
            link.expires_at = clock.now() + LIFE[link.kind]
            user = await session.get(User, link.user_id) if link.user_id is not None else None
        by_admin, has_password = link.created_by is not None, user is not None and user.password_hash is not None
        subject, text = letters.of_link(link.kind, by_admin=by_admin, has_password=has_password)
        address = url(self._base, link.kind, self._post.token(link.id))
        life = letters.in_words(LIFE[link.kind])
        return link.sent_to, subject, letters.fill(text, username=user and user.username, life=life, url=address)

    async def _notice(self, payload: Mapping[str, Any]) -> tuple[str, str, str] | None:
        async with self._database.read() as session:
            notice = await session.get(Notice, payload["notice_id"])
            user = await session.get(User, notice.user_id) if notice is not None else None
        if notice is None or user is None or _is_stale(notice.at):
            return None
        subject, text = letters.of_notice(notice.kind)
        (device,) = await in_words([str(notice.detail.get("agent", ""))])
        values = {"username": user.username, "device": device, "address": notice.detail.get("address", "unknown")}
        return payload["to"], subject, letters.fill(text, **values, url=f"{self._base}/app/")


def _is_stale(moment: Any) -> bool:
    return bool(clock.now() - moment > GIVE_UP)
