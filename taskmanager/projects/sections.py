"""Every change of a project's sections. Tasks of a section that goes stay where they are, without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fractional_indexing import generate_key_between
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import (
    DELETED,
    NetChange,
    UndoCollisionError,
    put_trash,
    refuse_collisions,
    trash_state,
)
from taskmanager.journal.service import Journal, changed
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, NotFoundError
from taskmanager.kit.events import record
from taskmanager.kit.http.etag import IfMatch
from taskmanager.kit.ids import new_id
from taskmanager.projects.access import require
from taskmanager.projects.models import Section
from taskmanager.projects.names import name_key
from taskmanager.projects.repository import ProjectRepository, SectionRepository
from taskmanager.projects.schemas import SectionCreate, SectionOut, SectionUpdate

KIND = "section"
_FIELDS = ("name", "position")


class SectionExistsError(ConflictError):
    code = "section_exists"
    title = "The project has a section of that name."


@dataclass(frozen=True)
class SectionGone:
    """A fact: a section goes to the trash; what lies in it must leave it, as a change of this actor's.

    Where it goes because its making is ``undone``, tasks that were put into it since are in the way instead.
    """

    section_id: str
    actor: Actor
    undone: bool = False


@dataclass(frozen=True, slots=True)
class NewSection:
    """A section as an import brings it: with its id, and what it has behind it elsewhere."""

    id: str
    name: str
    position: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SectionService:
    """Changes of sections within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._projects = ProjectRepository(session, actor)
        self._repository = SectionRepository(session, actor)
        self._journal = Journal(session, actor.user_id)

    async def create(self, project_id: str, data: SectionCreate) -> Section:
        """Add a section at the end of a project, or where the body says."""
        await self._require_editor(project_id)
        position = await self._place(project_id, data.after, data.before)
        return await self._add(project_id, NewSection(new_id(), data.name), position)

    async def add_new(self, project_id: str, sections: Sequence[NewSection]) -> None:
        """Add sections in the order of their positions, which hold where the project never had a section."""
        await self._require_editor(project_id)
        last, _ = await self._repository.neighbours(project_id, None, None)
        holds = last is None
        for new in sorted(sections, key=lambda one: one.position or "~"):
            own = new.position if holds else None
            last = own or str(generate_key_between(last, None))
            await self._add(project_id, new, last)

    async def _add(self, project_id: str, new: NewSection, position: str) -> Section:
        now = clock.now()
        section = Section(
            id=new.id, project_id=project_id, name=new.name, name_key=name_key(new.name), position=position,
            created_at=new.created_at or now, updated_at=new.updated_at or now, version=1,
        )  # fmt: skip
        self._repository.add(section)
        await self._flush()
        await self._record(section, "created", None, _state(section))
        return section

    async def update(self, project_id: str, section_id: str, data: SectionUpdate, if_match: IfMatch) -> Section:
        """Rename a section or put it elsewhere in its project."""
        await self._require_editor(project_id)
        section = await self._repository.get(section_id, project_id)
        if_match.check(section.version, SectionOut.model_validate(section))
        before = _state(section)
        if "name" in data.model_fields_set:
            section.name, section.name_key = data.name, name_key(data.name)
        if data.after is not None or data.before is not None:
            section.position = await self._place(project_id, data.after, data.before)
        await self._changed(section, before)
        return section

    async def trash(self, project_id: str, section_id: str, if_match: IfMatch) -> None:
        """Delete a section; its tasks stay in the project. Undo brings it back with them."""
        await self._require_editor(project_id)
        section = await self._repository.get(section_id, project_id)
        if_match.check(section.version, SectionOut.model_validate(section))
        await record(self._session, SectionGone(section.id, self._actor))
        before = _state(section)
        put_trash(section, {DELETED: True}, await self._journal.open())
        await self._changed(section, before)

    async def revert(self, changes: Sequence[NetChange]) -> None:
        """Take recorded changes back, as changes of the actor's own."""
        mine = await self._journal.open()
        for change in changes:
            section = await self._load(change.entity_id)
            before = _state(section)
            refuse_collisions([change], {section.id: before})
            if change.before.get(DELETED):
                await record(self._session, SectionGone(section.id, self._actor, undone=True))
            put_trash(section, change.before, mine)
            section.name = change.before.get("name", section.name)
            section.position = change.before.get("position", section.position)
            section.name_key = name_key(section.name)
            try:
                await self._changed(section, before)
            except SectionExistsError as error:
                raise UndoCollisionError("There is another section of that name by now.") from error

    async def _load(self, section_id: str) -> Section:
        try:
            section = await self._repository.get(section_id, trashed=None)
        except NotFoundError as error:
            raise UndoCollisionError("The section is gone, or out of your sight.") from error
        await self._require_editor(section.project_id)
        return section

    async def _require_editor(self, project_id: str) -> None:
        """Raise 404 or 403 unless the actor edits the project; its sections are held meanwhile."""
        require((await self._projects.get(project_id, lock=True))[1], "editor")

    async def _place(self, project_id: str, after: str | None, before: str | None) -> str:
        low, high = await self._repository.neighbours(project_id, after, before)
        return str(generate_key_between(low, high))

    async def _changed(self, section: Section, before: dict[str, Any]) -> None:
        old, new = changed(before, _state(section))
        if not new:
            return
        section.version += 1
        section.updated_at = clock.now()
        await self._flush()
        action = "updated" if DELETED not in new else "trashed" if new[DELETED] else "restored"
        await self._record(section, action, old, new)

    async def _flush(self) -> None:
        try:
            await self._session.flush()  # a name in use must show here
        except IntegrityError as error:
            raise SectionExistsError from error

    async def _record(
        self, section: Section, action: str, before: dict[str, Any] | None, after: dict[str, Any]
    ) -> None:
        await self._journal.write(
            KIND,
            section.id,
            action,
            before=before,
            after=after,
            project_before=None if before is None else section.project_id,
            project_after=section.project_id,
        )


def _state(section: Section) -> dict[str, Any]:
    return {**{name: getattr(section, name) for name in _FIELDS}, **trash_state(section)}
