"""Every change of an account's labels."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import DELETED, NetChange, UndoCollisionError, refuse_collisions
from taskmanager.journal.service import Journal
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, NotFoundError
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.models import Label
from taskmanager.projects.names import name_key
from taskmanager.projects.repository import LabelRepository
from taskmanager.projects.schemas import LabelCreate, LabelOut, LabelUpdate

KIND = "label"


class LabelExistsError(ConflictError):
    code = "label_exists"
    title = "You have a label of that name."


class LabelService:
    """Changes of labels within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._repository = LabelRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def create(self, data: LabelCreate) -> Label:
        label = self._new(data.name, data.color)
        await self._store(label)
        await self._journal.write(KIND, label.id, "created", after=_state(label))
        return label

    async def make_known(self, names: Iterable[str]) -> None:
        """Make a label of each name that the actor has not used before: using a name makes it."""
        by_key = {name_key(name): name for name in names}
        known = await self._repository.known(list(by_key)) if by_key else {}
        made = [key for key in by_key if key not in known]
        if not made:
            return
        await self._repository.add_unless_known([self._new(by_key[key], None) for key in made])
        for label_id in (await self._repository.known(made)).values():
            await self._journal.write(KIND, label_id, "known")

    async def update(self, label_id: str, data: LabelUpdate, if_match: IfMatch) -> Label:
        label = await self._repository.get(label_id)
        if_match.check(label.version, LabelOut.model_validate(label))
        if "color" in data.model_fields_set and data.color != label.color:
            before, label.color = label.color, data.color
            label.version += 1
            await self._journal.write(KIND, label.id, "updated", before={"color": before}, after={"color": label.color})
        return label

    async def remove(self, label_id: str, if_match: IfMatch) -> None:
        """Forget a label; tasks keep its name."""
        label = await self._repository.get(label_id)
        if_match.check(label.version, LabelOut.model_validate(label))
        await self._journal.write(KIND, label.id, "removed", before=_state(label))
        await self._repository.remove(label)

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Take recorded changes back; what was removed comes back under its id."""
        for change in changes:
            if change.after.get(DELETED):
                label = self._new(change.before["name"], change.before["color"])
                label.id = change.entity_id
                await self._store(label)
                await self._journal.write(KIND, label.id, "created", after=_state(label))
                continue
            try:
                label = await self._repository.get(change.entity_id)
            except NotFoundError as error:
                raise UndoCollisionError("The label was removed later.") from error
            refuse_collisions([change], {label.id: {**_state(label), DELETED: False}})
            if change.before.get(DELETED):
                await self.remove(label.id, IfMatch(None))
            else:
                await self.update(label.id, LabelUpdate(color=change.before["color"]), IfMatch(None))

    async def _store(self, label: Label) -> None:
        self._repository.add(label)
        try:
            await self._session.flush()  # a name in use must show here
        except IntegrityError as error:
            raise LabelExistsError from error

    def _new(self, name: str, color: str | None) -> Label:
        return Label(
            id=new_id(),
            user_id=self._actor.user_id,
            name=name,
            name_key=name_key(name),
            color=color,
            created_at=clock.now(),
            version=1,
        )


def _state(label: Label) -> dict[str, Any]:
    return {"name": label.name, "color": label.color}
