"""Every change of the filters that an account keeps."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, NetChange, UndoCollisionError, refuse_collisions
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.names import name_key
from taskmanager.tasks.filters.models import SavedFilter
from taskmanager.tasks.filters.reading import read_filter
from taskmanager.tasks.filters.repository import FilterRepository
from taskmanager.tasks.filters.schemas import CheckedFilter, FilterCreate, FilterOut, FilterUpdate
from taskmanager.tasks.filters.tree import as_json
from taskmanager.tasks.filters.writing import canonical

KIND = "filter"


class FilterExistsError(ConflictError):
    code = "filter_exists"
    title = "You have a filter of that name."


class FilterService:
    """Changes of filters within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._repository = FilterRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def create(self, data: FilterCreate) -> SavedFilter:
        read_filter(data.query, "/query")
        return await self._add(new_id(), data.model_dump())

    async def update(self, filter_id: str, data: FilterUpdate, if_match: IfMatch) -> SavedFilter:
        """Change what the patch names."""
        saved = await self._repository.get(filter_id, lock=True)
        if_match.check(saved.version, FilterOut.model_validate(saved))
        if "query" in data.model_fields_set:
            read_filter(data.query, "/query")
        await self._change(saved, data.model_dump(exclude_unset=True))
        return saved

    async def remove(self, filter_id: str, if_match: IfMatch) -> None:
        """Forget a filter; undo brings it back."""
        saved = await self._repository.get(filter_id, lock=True)
        if_match.check(saved.version, FilterOut.model_validate(saved))
        await self._journal.write(KIND, saved.id, "removed", before=_state(saved))
        await self._repository.remove(saved)

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Take recorded changes back; what was removed comes back under its id."""
        for change in changes:
            if change.after.get(DELETED):
                await self._add(change.entity_id, change.before)
                continue
            try:
                saved = await self._repository.get(change.entity_id, lock=True)
            except NotFoundError as error:
                raise UndoCollisionError("The filter was removed later.") from error
            refuse_collisions([change], {saved.id: {**_state(saved), DELETED: False}})
            if change.before.get(DELETED):
                await self.remove(saved.id, IfMatch(None))
            else:
                await self._change(saved, change.before)

    async def _add(self, filter_id: str, values: Mapping[str, Any]) -> SavedFilter:
        now = clock.now()
        saved = SavedFilter(
            id=filter_id,
            user_id=self._actor.user_id,
            name=values["name"],
            name_key=name_key(values["name"]),
            query=values["query"],
            color=values["color"],
            created_at=now,
            updated_at=now,
            version=1,
        )
        self._repository.add(saved)
        await self._refuse_taken_name()
        await self._journal.write(KIND, saved.id, "created", after=_state(saved))
        return saved

    async def _change(self, saved: SavedFilter, values: Mapping[str, Any]) -> None:
        old = _state(saved)
        for name, value in values.items():
            setattr(saved, name, value)
        before, after = changed(old, _state(saved))
        if not after:
            return
        saved.name_key = name_key(saved.name)
        saved.version += 1
        saved.updated_at = clock.now()
        await self._refuse_taken_name()
        await self._journal.write(KIND, saved.id, "updated", before=before, after=after)

    async def _refuse_taken_name(self) -> None:
        try:
            await self._session.flush()  # a name in use must show here
        except IntegrityError as error:
            raise FilterExistsError from error


def check(text: str) -> CheckedFilter:
    """Return a filter as it was understood; raises 422 if it is none."""
    tree = read_filter(text, "/query")
    return CheckedFilter(query=canonical(tree), tree=as_json(tree))


def _state(saved: SavedFilter) -> dict[str, Any]:
    return {"name": saved.name, "query": saved.query, "color": saved.color}
