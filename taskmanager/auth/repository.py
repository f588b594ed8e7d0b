"""Every query of accounts, sessions and links."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Link, Session, User
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.errors import NotFoundError
from taskmanager.kit.paging import Pager, SortKey

USER_ORDER = [SortKey(User.username, lambda user: user.username)]
SESSION_ORDER = [
    SortKey(Session.created_at, lambda row: row.created_at, descending=True),
    SortKey(Session.id, lambda row: row.id, descending=True),
]
PAIR_ORDER = [
    SortKey(Session.created_at, lambda pair: pair[0].created_at, descending=True),
    SortKey(Session.id, lambda pair: pair[0].id, descending=True),
]
LINK_ORDER = [
    SortKey(Link.created_at, lambda row: row.created_at, descending=True),
    SortKey(Link.id, lambda row: row.id, descending=True),
]


MOST_ORIGINS = 500


def _named(login: str) -> ColumnElement[bool]:
    key = login.lower()
    verified = (User.email_key == key) & User.email_verified_at.is_not(None)
    return verified if "@" in key else User.username == key


class AccountRepository:
    """Accounts. Before someone is signed in there is no asker, and administrators see all: nothing to limit."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, user_id: str, *, lock: bool = False) -> User:
        """Return one account; with ``lock`` nobody else changes it until the transaction ends."""
        statement = select(User).where(User.id == user_id)
        user = (await self._session.execute(statement.with_for_update() if lock else statement)).scalar_one_or_none()
        if user is None:
            raise NotFoundError
        return user

    async def find_by_login(self, login: str) -> User | None:
        """Return the account of a user name or a verified e-mail address."""
        return (await self._session.execute(select(User).where(_named(login)))).scalar_one_or_none()

    async def addresses_of(self, login: str, since: datetime) -> Sequence[str]:
        """Return from where the account of a name was signed in to since then; nothing for a name nobody has."""
        statement = select(Session.ip).distinct().join(User, User.id == Session.user_id)
        statement = statement.where(_named(login), Session.created_at > since)
        return (await self._session.execute(statement)).scalars().all()

    async def find_by_email(self, address: str) -> User | None:
        """Return the account that has an address or claims to."""
        statement = select(User).where(User.email_key == address.lower())
        return (await self._session.execute(statement.with_for_update())).scalar_one_or_none()

    async def find_by_username(self, username: str) -> User | None:
        return (await self._session.execute(select(User).where(User.username == username))).scalar_one_or_none()

    async def list(self, pager: Pager, search: str | None) -> Sequence[User]:
        statement = select(User)
        if search:
            term = search.lower()
            contained = (column.contains(term, autoescape=True) for column in (User.username, User.email_key))
            shown = func.lower(User.display_name).contains(term, autoescape=True)
            statement = statement.where(or_(shown, *contained))
        return (await self._session.execute(pager.apply(statement, USER_ORDER))).scalars().all()

    async def all_for_system(self) -> Sequence[User]:
        """Return every account by name, for the command line."""
        return (await self._session.execute(select(User).order_by(User.username))).scalars().all()

    async def lock_admins(self) -> Sequence[str]:
        """Return the ids of all active administrators, locked: two demotions at once see each other."""
        statement = select(User.id).where(User.role == "admin", User.active).order_by(User.id).with_for_update()
        return (await self._session.execute(statement)).scalars().all()

    async def has_admin(self) -> bool:
        statement = select(User.id).where(User.role == "admin", User.active).limit(1)
        return (await self._session.scalar(statement)) is not None

    def add(self, user: User) -> None:
        self._session.add(user)


class SessionRepository:
    """The sessions of one account, which need not be the asker's own when an administrator asks."""

    def __init__(self, session: AsyncSession, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    @classmethod
    def of(cls, session: AsyncSession, actor: Actor) -> "SessionRepository":
        return cls(session, actor.user_id)

    def _live(self) -> Select[Session]:
        joined = select(Session).join(User, User.id == Session.user_id)
        return joined.where(Session.user_id == self._user_id, *_are_live())

    async def list_live(self, pager: Pager) -> Sequence[Session]:
        statement = self._live()
        return (await self._session.execute(pager.apply(statement, SESSION_ORDER))).scalars().all()

    async def list_beyond(self, most: int) -> Sequence[Session]:
        """Return the live sessions but the ``most`` that were used last."""
        statement = self._live().order_by(Session.rotated_at.desc(), Session.id.desc()).offset(most)
        return (await self._session.execute(statement)).scalars().all()

    async def list_origins(self) -> Sequence[tuple[str, str]]:
        """Return addresses and agents of the account's sessions, also of those that have ended."""
        statement = select(Session.ip, Session.user_agent).where(Session.user_id == self._user_id).distinct()
        return [(ip, agent) for ip, agent in (await self._session.execute(statement.limit(MOST_ORIGINS))).all()]

    async def get(self, session_id: str) -> Session:
        statement = select(Session).where(Session.id == session_id, Session.user_id == self._user_id)
        found = (await self._session.execute(statement)).scalar_one_or_none()
        if found is None or found.revoked_at is not None:
            raise NotFoundError
        return found

    async def revoke(self, reason: str, *, only: str | None = None, but: str | None = None) -> int:
        """End sessions of the account: one, all, or all but one. Return how many."""
        statement = update(Session).where(Session.user_id == self._user_id, Session.revoked_at.is_(None))
        if only is not None:
            statement = statement.where(Session.id == only)
        if but is not None:
            statement = statement.where(Session.id != but)
        result: Any = await self._session.execute(statement.values(revoked_at=clock.now(), revoked_reason=reason))
        return int(result.rowcount)


def _are_live() -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    return (
        Session.revoked_at.is_(None),
        Session.auth_epoch == User.auth_epoch,
        Session.idle_expires_at > now,
        Session.absolute_expires_at > now,
    )


async def list_sessions_for_system(
    session: AsyncSession, pager: Pager, user_id: str | None
) -> Sequence[tuple[Session, User]]:
    """Return the live sessions of everybody, or of one account, for administrators."""
    statement = select(Session, User).join(User, User.id == Session.user_id).where(*_are_live())
    if user_id is not None:
        statement = statement.where(Session.user_id == user_id)
    return [(row, user) for row, user in (await session.execute(pager.apply(statement, PAIR_ORDER))).all()]


class LinkRepository:
    """One-time links, found by the digest of their token."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock(self, kind: str) -> None:
        """Let nobody else use or remove links of a kind until the transaction ends."""
        await self._session.execute(select(Link.id).where(Link.kind == kind).order_by(Link.id).with_for_update())

    async def use(self, digest: bytes, kind: str) -> Link | None:
        """Use up a live link and return it; of two who try at once, one gets it."""
        now = clock.now()
        live = (Link.digest == digest, Link.kind == kind, Link.used_at.is_(None), Link.expires_at > now)
        result: Any = await self._session.execute(update(Link).where(*live).values(used_at=now))
        if not result.rowcount:
            return None
        return (await self._session.execute(select(Link).where(Link.digest == digest))).scalar_one()

    async def is_live(self, digest: bytes, kind: str) -> bool:
        live = (Link.digest == digest, Link.kind == kind, Link.used_at.is_(None), Link.expires_at > clock.now())
        return (await self._session.scalar(select(Link.id).where(*live))) is not None

    async def find_owner(self, digest: bytes) -> User | None:
        """Return the account that a link was made for."""
        statement = select(User).join(Link, Link.user_id == User.id).where(Link.digest == digest)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def remove(self, kind: str, *, user_id: str | None = None, link_id: str | None = None) -> int:
        """Remove unused links of a kind: all, those of an account, or one."""
        statement = delete(Link).where(Link.kind == kind, Link.used_at.is_(None))
        if user_id is not None:
            statement = statement.where(Link.user_id == user_id)
        if link_id is not None:
            statement = statement.where(Link.id == link_id)
        result: CursorResult[Any] = await self._session.execute(statement)  # type: ignore[assignment]
        return int(result.rowcount)

    async def use_up(self, kind: str, user_id: str) -> None:
        """Make unused links of an account dead; that they were made stays known."""
        mine = (Link.kind == kind, Link.user_id == user_id, Link.used_at.is_(None))
        await self._session.execute(update(Link).where(*mine).values(used_at=clock.now()))

    async def count_mailed(self, kind: str, address: str, since: datetime) -> int:
        """Return how many links of a kind went to an address without an administrator's asking."""
        asked = (Link.kind == kind, Link.created_by.is_(None), Link.created_at >= since)
        statement = select(func.count()).where(func.lower(Link.sent_to) == address.lower(), *asked)
        return await self._session.scalar(statement) or 0

    async def list_invitations(self, pager: Pager) -> Sequence[Link]:
        statement = select(Link).where(Link.kind == "invitation", Link.user_id.is_(None))
        return (await self._session.execute(pager.apply(statement, LINK_ORDER))).scalars().all()

    def add(self, link: Link) -> None:
        self._session.add(link)


async def purge(session: AsyncSession, before: datetime, limit: int = 1000) -> int:
    """Remove up to ``limit`` sessions and links that ended before ``before``; return how many."""
    ended = or_(Session.absolute_expires_at < before, Session.idle_expires_at < before, Session.revoked_at < before)
    sessions = select(Session.id).where(ended).limit(limit)
    links = select(Link.id).where(Link.expires_at < before).limit(limit)
    removed = 0
    for statement in (delete(Session).where(Session.id.in_(sessions)), delete(Link).where(Link.id.in_(links))):
        result: Any = await session.execute(statement)
        removed += int(result.rowcount)
    return removed
