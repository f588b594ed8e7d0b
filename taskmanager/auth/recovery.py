"""Ways back into an account, and to another address: links that mail takes to their reader."""

import hashlib
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.accounts import WrongPasswordError
from taskmanager.auth.addresses import EmailTakenError, take
from taskmanager.auth.links import LinkInvalidError, Links
from taskmanager.auth.notices import tell
from taskmanager.auth.post import Post
from taskmanager.auth.repository import AccountRepository, LinkRepository
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError
from taskmanager.kit.http import caller
from taskmanager.kit.jobs import enqueue

FORGOT = "forgot"


class MailNotConfiguredError(ConflictError):
    code = "mail_not_configured"
    title = "This server sends no mail. An administrator can hand you a link."


class TooMuchMailError(ConflictError):
    code = "too_much_mail"
    title = "This address has got several links within the hour. Use the newest one, or wait."


async def ask_for_link(session: AsyncSession, login: str) -> None:
    """Note that somebody forgot a password. Whether there is such an account is looked up later, by a job.

    So the answer, its work and its time are the same for everybody (ASVS 6.3.8).
    """
    key = hashlib.sha256(login.lower().encode()).hexdigest()
    payload = {"login": login, "address": caller.current().address}
    await enqueue(session, FORGOT, clock.now(), payload, unique_key=f"{FORGOT}:{key}")


class Recovery:
    """Resets and changes of address within one transaction."""

    def __init__(self, session: AsyncSession, post: Post | None) -> None:
        self._session = session
        self._accounts = AccountRepository(session)
        self._links = Links(session, post)

    async def answer(self, payload: dict[str, Any]) -> None:
        """Send a link to the verified address of an account, if there is one that may have it."""
        user = await self._accounts.find_by_login(payload["login"])
        to = user.reachable_at if user is not None and user.active else None
        sent = user is not None and to is not None and await self._links.may_mail("reset", to)
        if user is not None and sent:
            # Older links go on: whoever asks in somebody's name must not make the owner's link dead.
            await self._links.offer("reset", to=to, user_id=user.id)
        await audit.record(
            self._session,
            audit.Event.RESET_REQUESTED,
            outcome="success" if sent else "failure",
            subject_id=user.id if user is not None else None,
            address=payload["address"],
        )

    async def request_email(self, actor: Actor, checked_hash: str, address: str) -> None:
        """Send a link to a new address of the account. The answer does not tell whether another account has it."""
        user = await self._accounts.get(actor.user_id, lock=True)
        if user.password_hash != checked_hash:
            raise WrongPasswordError
        if not await self._links.may_mail("email", address):
            raise TooMuchMailError
        # One that went to a mistyped address must not work any more.
        await LinkRepository(self._session).use_up("email", user.id)
        await self._links.offer("email", to=address, user_id=user.id)
        await audit.record(self._session, audit.Event.EMAIL_CHANGE_REQUESTED, actor=actor)

    async def confirm_email(self, token: str) -> None:
        """Give an account the address whose reader shows this token; it may sign in and get mail from now on."""
        link = await self._links.use("email", token)
        if link.user_id is None or link.sent_to is None:
            raise LinkInvalidError
        user = await self._accounts.get(link.user_id, lock=True)
        if not user.active:
            raise LinkInvalidError
        await take(self._session, link.sent_to, user.id)
        await tell(self._session, user.id, "email_changed", email=link.sent_to)
        user.email, user.email_key, user.email_verified_at = link.sent_to, link.sent_to.lower(), clock.now()
        try:
            await self._session.flush()  # an address confirmed at the same moment must show here
        except IntegrityError as error:
            raise EmailTakenError from error
        await LinkRepository(self._session).remove("reset", user_id=user.id)
        await LinkRepository(self._session).use_up("email", user.id)
        await audit.record(self._session, audit.Event.EMAIL_CHANGED, subject_id=user.id)
