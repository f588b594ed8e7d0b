"""Queries of filters kept by name; all limited to the actor's own."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import NotFoundError
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.tasks.filters.models import SavedFilter

BY_NAME = [SortKey(SavedFilter.name_key, lambda saved: saved.name_key)]


class FilterRepository:
    """The actor's own filters."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def list(self, pager: Pager) -> Sequence[SavedFilter]:
        statement = select(SavedFilter).where(SavedFilter.user_id == self._actor.user_id)
        return (await self._session.execute(pager.apply(statement, BY_NAME))).scalars().all()

    async def all(self, ids: Sequence[str] | None = None) -> Sequence[SavedFilter]:
        """Return every filter of the actor's, or those among ``ids``."""
        statement = select(SavedFilter).where(SavedFilter.user_id == self._actor.user_id)
        if ids is not None:
            statement = statement.where(SavedFilter.id.in_(ids))
        return (await self._session.execute(statement.order_by(SavedFilter.name_key))).scalars().all()

    async def get(self, filter_id: str, *, lock: bool = False) -> SavedFilter:
        statement = select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == self._actor.user_id)
        if lock:
            statement = statement.with_for_update(key_share=True)
        saved = (await self._session.execute(statement)).scalar_one_or_none()
        if saved is None:
            raise NotFoundError
        return saved

    def add(self, saved: SavedFilter) -> None:
        self._session.add(saved)

    async def remove(self, saved: SavedFilter) -> None:
        await self._session.delete(saved)
