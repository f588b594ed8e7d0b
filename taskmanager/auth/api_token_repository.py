"""Every query of API tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import ApiToken, User
from taskmanager.kit import clock
from taskmanager.kit.errors import NotFoundError
from taskmanager.kit.paging import Pager, SortKey

API_TOKEN_ORDER = [
    SortKey(ApiToken.created_at, lambda row: row.created_at, descending=True),
    SortKey(ApiToken.id, lambda row: row.id, descending=True),
]


def is_live(now: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    """Return the condition of tokens that open something, of a statement that joins their accounts."""
    return and_(
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > now,
        User.active,
        User.auth_epoch == ApiToken.auth_epoch,
    )


class ApiTokenRepository:
    """The API tokens of one account, which need not be the asker's own when an administrator asks."""

    def __init__(self, session: AsyncSession, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def list_live(self, pager: Pager) -> Sequence[ApiToken]:
        statement = select(ApiToken).join(User, User.id == ApiToken.user_id)
        statement = statement.where(ApiToken.user_id == self._user_id, is_live(clock.now()))
        return (await self._session.execute(pager.apply(statement, API_TOKEN_ORDER))).scalars().all()

    async def count_live(self) -> int:
        statement = select(func.count()).select_from(ApiToken).join(User, User.id == ApiToken.user_id)
        statement = statement.where(ApiToken.user_id == self._user_id, is_live(clock.now()))
        return await self._session.scalar(statement) or 0

    async def revoke(self, token_id: str) -> None:
        """End a token of the account; of two who try at once, one gets a 404."""
        mine = (ApiToken.id == token_id, ApiToken.user_id == self._user_id, ApiToken.revoked_at.is_(None))
        result: Any = await self._session.execute(update(ApiToken).where(*mine).values(revoked_at=clock.now()))
        if not result.rowcount:
            raise NotFoundError

    def add(self, token: ApiToken) -> None:
        self._session.add(token)


async def purge(session: AsyncSession, before: datetime, limit: int = 1000) -> int:
    """Remove up to ``limit`` tokens that expired or were revoked before ``before``; return how many."""
    ended = or_(ApiToken.expires_at < before, ApiToken.revoked_at < before)
    old = select(ApiToken.id).where(ended).limit(limit)
    result: Any = await session.execute(delete(ApiToken).where(ApiToken.id.in_(old)))
    return int(result.rowcount)
