"""E-mail addresses of accounts: claimed until their reader has used a link that mail took there (ASVS 6.3.6)."""

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.repository import AccountRepository
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError


class EmailTakenError(ConflictError):
    code = "email_taken"
    title = "Another account uses this e-mail address."


def prove(user: User, sent_to: str | None) -> None:
    """Believe an account's address once a link that mail took there was used."""
    if sent_to is not None and sent_to.lower() == user.email_key and not user.email_verified:
        user.email_verified_at = clock.now()


async def take(session: AsyncSession, address: str, user_id: str | None = None) -> None:
    """Make an address free for whoever proved to read it: an account that only claimed it loses it."""
    other = await AccountRepository(session).find_by_email(address)
    if other is None or other.id == user_id:
        return
    if other.email_verified:
        raise EmailTakenError
    other.email = other.email_key = None
    await session.flush()  # before somebody else gets it
