"""Which section each task of a file goes to: those that are there, and those that the import would make."""

from collections.abc import Sequence
from dataclasses import dataclass

from taskmanager.integrations.formats.drafts import SectionDraft, TaskDraft
from taskmanager.integrations.repository import ExternalIdRepository, KnownSection, PlaceRepository
from taskmanager.integrations.targets import Target, Targets
from taskmanager.kit.ids import is_uuid7, new_id
from taskmanager.projects.names import name_key


@dataclass(slots=True)
class SectionTarget:
    """A section that tasks go to; ``made`` is how to make it, if it is not there yet."""

    id: str
    project: Target
    made: SectionDraft | None = None
    tasks: int = 0


class SectionTargets:
    """The sections of one import: one that is here already, by id or by name in its project, stays as it is."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._by_reference: dict[str, SectionTarget] = {}

    async def read(
        self, drafts: Sequence[SectionDraft], external_ids: ExternalIdRepository, places: PlaceRepository
    ) -> None:
        """Take in the sections that a file lists, where the actor may make some."""
        if not drafts:
            return
        here = await external_ids.find_sections([draft.id for draft in drafts])
        known = {section.id: section for section in await places.sections()}
        taken = await places.taken_for_system([draft.id for draft in drafts if is_uuid7(draft.id)])
        by_name = {(section.project_id, section.name_key): section.id for section in known.values()}
        made: dict[tuple[str, str], SectionTarget] = {}
        for draft in drafts:
            project = self._targets.of_project(draft.project_id)
            if not project.is_open:
                continue
            place = (project.id, name_key(draft.name))
            id_ = _of(project, known, here.get(draft.id, draft.id)) or by_name.get(place)
            if id_ is not None:
                self._by_reference[draft.id] = SectionTarget(id_, project)
                continue
            if place not in made:
                own = is_uuid7(draft.id) and draft.id not in taken
                made[place] = SectionTarget(draft.id if own else new_id(), project, made=draft)
            self._by_reference[draft.id] = made[place]

    def of(self, draft: TaskDraft) -> SectionTarget | None:
        """Return where a task goes within its project."""
        return self._by_reference.get(draft.section_id or "")

    @property
    def made(self) -> list[SectionTarget]:
        """All sections that would be made; where all tasks go to one project, only those that get some."""
        found = {target.id: target for target in self._by_reference.values() if target.made is not None}
        return [target for target in found.values() if target.tasks or not self._targets.is_one]


def _of(project: Target, known: dict[str, KnownSection], section_id: str) -> str | None:
    section = known.get(section_id)
    return section.id if section is not None and section.project_id == project.id else None
