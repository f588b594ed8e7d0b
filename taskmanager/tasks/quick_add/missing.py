"""Projects, sections and labels that a quick add needs and that are not there yet."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import scopes
from taskmanager.auth.credentials import InsufficientScopeError
from taskmanager.auth.roles import Actor
from taskmanager.kit.db import attempt
from taskmanager.projects.labels import LabelExistsError, LabelService
from taskmanager.projects.names import name_key
from taskmanager.projects.repository import LabelRepository
from taskmanager.projects.schemas import LabelCreate, ProjectCreate, SectionCreate
from taskmanager.projects.sections import SectionService
from taskmanager.projects.service import ProjectService
from taskmanager.tasks.quick_add.repository import Places


class MissingPlaces:
    """Makes what is missing, within one transaction, and adds it to the places that are known.

    An API token makes projects and sections only if its scopes let it do so on their own routes.
    """

    def __init__(self, session: AsyncSession, actor: Actor, places: Places) -> None:
        self._session = session
        self._actor = actor
        self._places = places

    async def need_project(self, key: str, name: str | None) -> None:
        if key not in self._places.projects and name is not None:
            self._require_scope()
            data = ProjectCreate(name=name)
            self._places.projects[key] = (await ProjectService(self._session, self._actor).create(data))[0]

    async def need_section(self, key: tuple[str, str], name: str | None) -> None:
        if key not in self._places.sections and name is not None:
            self._require_scope()
            project = self._places.projects[key[0]]
            section = await SectionService(self._session, self._actor).create(project.id, SectionCreate(name=name))
            self._places.sections[key] = section

    async def need_labels(self, names: Iterable[str]) -> None:
        """Make labels of names that are new to the actor: in the journal, so that undo takes them back."""
        by_key = {name_key(name): name for name in names}
        known = await LabelRepository(self._session, self._actor).known(list(by_key)) if by_key else set()
        for key, name in by_key.items():
            if key not in known:
                await self._add_label(name)

    async def _add_label(self, name: str) -> None:
        try:
            async with attempt(self._session):
                await LabelService(self._session, self._actor).create(LabelCreate(name=name))
        except LabelExistsError:
            # Another request used the name meanwhile, which made the label.
            return

    def _require_scope(self) -> None:
        needed = scopes.PROJECTS.changing
        if self._actor.scopes is not None and not needed <= self._actor.scopes:
            raise InsufficientScopeError(needed)
