"""One-time links: set-up, invitations, resets, proofs of an address.

Their tokens are 128 bits that nobody can guess, in the fragment of a URL; the database has a digest.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.models import Link
from taskmanager.auth.post import TOKEN_BYTES, Post
from taskmanager.auth.repository import LinkRepository
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.errors import AppError, NotFoundError
from taskmanager.kit.ids import new_id

Kind = Literal["setup", "invitation", "reset", "email"]
LIFE = {
    "setup": timedelta(days=7),
    "invitation": timedelta(days=7),
    "reset": timedelta(hours=1),
    "email": timedelta(days=1),
}
_PAGES: dict[str, str] = {
    "setup": "/app/setup#token=",
    "invitation": "/app/signup#invitation=",
    "reset": "/app/reset#token=",
    "email": "/app/confirm#token=",
}
# Mail that anybody can cause, so that nobody is buried in it.
MOST_MAILED, MOST_MAILED_WITHIN = 5, timedelta(hours=1)


class LinkInvalidError(AppError):
    """Unknown, used and expired look alike."""

    status = 403
    code = "invalid_link"
    title = "This link is not valid any more. Ask for a new one."


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made; ``token`` is told once and kept nowhere. One that mail takes to its reader shows none."""

    id: str
    kind: Kind
    token: str
    expires_at: datetime
    sent_to: str | None = None

    def url(self, base: str) -> str:
        """Return the address to hand over; the secret is in the fragment, which browsers send to no server."""
        return url(base, self.kind, self.token)


def url(base: str, kind: str, token: str) -> str:
    """Return the address of a link."""
    return f"{base.rstrip('/')}{_PAGES[kind]}{token}"


class Links:
    """Makes and uses links within one transaction; with a ``post`` they can go by mail."""

    def __init__(self, session: AsyncSession, post: Post | None = None) -> None:
        self._session = session
        self._repository = LinkRepository(session)
        self._post = post

    @property
    def by_mail(self) -> bool:
        return self._post is not None

    def make(
        self,
        kind: Kind,
        *,
        user_id: str | None = None,
        created_by: str | None = None,
        role: str | None = None,
        email: str | None = None,
    ) -> NewLink:
        """Add a link of ``kind`` and return it with its token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        link = _link(kind, new_id(), token, user_id=user_id, created_by=created_by, role=role, email=email)
        self._repository.add(link)
        return NewLink(link.id, kind, token, link.expires_at)

    async def offer(
        self,
        kind: Kind,
        *,
        to: str | None,
        user_id: str | None = None,
        created_by: str | None = None,
        role: str | None = None,
    ) -> NewLink:
        """Make a link that goes to an address by mail; without a mail server, or an address, show its token."""
        if to is None or self._post is None:
            return self.make(kind, user_id=user_id, created_by=created_by, role=role, email=to)
        link_id = new_id()
        token = self._post.token(link_id)
        about = {"user_id": user_id, "created_by": created_by, "role": role}
        link = _link(kind, link_id, token, **about, email=to, sent_to=to)
        self._repository.add(link)
        await self._post.send_link(self._session, link.id)
        return NewLink(link.id, kind, "", link.expires_at, to)

    async def may_mail(self, kind: Kind, address: str) -> bool:
        """Tell whether an address has got few enough links of a kind that no administrator asked for.

        By kind: what strangers send to an address must not use up its owner's way back in.
        """
        since = clock.now() - MOST_MAILED_WITHIN
        return await self._repository.count_mailed(kind, address, since) < MOST_MAILED

    async def require(self, kind: Kind, token: str) -> None:
        """Raise :class:`LinkInvalidError` unless the link is live; asked before costly work."""
        if not await self._repository.is_live(digest(token), kind):
            raise LinkInvalidError

    async def use(self, kind: Kind, token: str) -> Link:
        """Use a link up; raises :class:`LinkInvalidError` unless it is live."""
        link = await self._repository.use(digest(token), kind)
        if link is None:
            raise LinkInvalidError
        return link

    async def invite(self, actor: Actor, role: str, email: str | None) -> NewLink:
        """Make a link by which somebody makes an account of their own; it goes by mail where that is set up."""
        link = await self.offer("invitation", to=email, created_by=actor.user_id, role=role)
        created = audit.Event.INVITATION_CREATED
        await audit.record(self._session, created, actor=actor, invitation=link.id, role=role)
        return link

    async def withdraw_invitation(self, link_id: str, actor: Actor) -> None:
        """Remove an invitation that nobody has used."""
        if not await self._repository.remove("invitation", link_id=link_id):
            raise NotFoundError
        await audit.record(self._session, audit.Event.INVITATION_WITHDRAWN, actor=actor, invitation=link_id)

    async def replace_setup(self) -> NewLink:
        """Return a fresh set-up link; older ones are dead."""
        await self._repository.remove("setup")
        return self.make("setup")

    async def replace_reset(self, user_id: str, created_by: str | None, to: str | None = None) -> NewLink:
        """Return a fresh link to choose a password; older ones of the account are dead."""
        await self._repository.remove("reset", user_id=user_id)
        return await self.offer("reset", to=to, user_id=user_id, created_by=created_by)


def _link(kind: Kind, link_id: str, token: str, **about: str | None) -> Link:
    now = clock.now()
    return Link(
        id=link_id, kind=kind, digest=digest(token), created_at=now, expires_at=now + LIFE[kind], used_at=None, **about
    )


def digest(token: str) -> bytes:
    """Return what the database keeps of a token: 128 random bits need no salt (ASVS 6.5.2)."""
    return hashlib.sha256(b"tm-link" + token.encode()).digest()
