"""One-time links: set-up, invitations, resets. 128 random bits in the URL fragment, a digest in the database."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Link
from taskmanager.auth.repository import LinkRepository
from taskmanager.kit import clock
from taskmanager.kit.errors import AppError, NotFoundError
from taskmanager.kit.ids import new_id

Kind = Literal["setup", "invitation", "reset"]
LIFE = {"setup": timedelta(days=7), "invitation": timedelta(days=7), "reset": timedelta(hours=1)}
TOKEN_BYTES = 16
_PAGES = {"setup": "/app/setup#token=", "invitation": "/app/signup#invitation=", "reset": "/app/reset#token="}


class LinkInvalidError(AppError):
    """Unknown, used and expired look alike."""

    status = 403
    code = "invalid_link"
    title = "This link is not valid any more. Ask for a new one."


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made; ``token`` is told once and kept nowhere."""

    id: str
    kind: Kind
    token: str
    expires_at: datetime

    def url(self, base: str) -> str:
        """Return the address to hand over; the secret is in the fragment, which browsers send to no server."""
        return f"{base.rstrip('/')}{_PAGES[self.kind]}{self.token}"


class Links:
    """Makes and uses links within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._repository = LinkRepository(session)

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
        now = clock.now()
        link = Link(
            id=new_id(),
            kind=kind,
            digest=digest(token),
            user_id=user_id,
            created_by=created_by,
            role=role,
            email=email,
            created_at=now,
            expires_at=now + LIFE[kind],
        )
        self._repository.add(link)
        return NewLink(link.id, kind, token, link.expires_at)

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

    async def withdraw_invitation(self, link_id: str) -> None:
        """Remove an invitation that nobody has used."""
        if not await self._repository.remove("invitation", link_id=link_id):
            raise NotFoundError

    async def replace_setup(self) -> NewLink:
        """Return a fresh set-up link; older ones are dead."""
        await self._repository.remove("setup")
        return self.make("setup")

    async def replace_reset(self, user_id: str, created_by: str | None) -> NewLink:
        """Return a fresh link to choose a password; older ones of the account are dead."""
        await self._repository.remove("reset", user_id=user_id)
        return self.make("reset", user_id=user_id, created_by=created_by)


def digest(token: str) -> bytes:
    """Return what the database keeps of a token: 128 random bits need no salt (ASVS 6.5.2)."""
    return hashlib.sha256(b"tm-link" + token.encode()).digest()
