"""Which project each task of a file goes to: those that are there, and those that the import would make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from taskmanager.integrations.formats.drafts import ProjectDraft, TaskDraft
from taskmanager.integrations.repository import ExternalIdRepository, KnownProject, PlaceRepository
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.ids import is_uuid7, new_id
from taskmanager.projects.access import RANK, ProjectRole, require
from taskmanager.projects.names import name_key


@dataclass(slots=True)
class Target:
    """A project that tasks go to. ``made`` is how to make it, if it is not there yet; ``tasks`` counts new ones."""

    id: str
    name: str
    role: ProjectRole = "admin"
    made: ProjectDraft | None = None
    tasks: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the actor may add tasks."""
        return RANK[self.role] >= RANK["editor"]


class Targets:
    """The projects of one import. Names are looked up without regard to case among those that the actor may edit."""

    def __init__(self, known: Sequence[KnownProject], only: str | None) -> None:
        self._by_id = {project.id: Target(project.id, project.name, project.role) for project in known}
        self.inbox = next(self._by_id[project.id] for project in known if project.is_inbox)
        self._by_name: dict[str, Target] = {}
        for project in known:
            if RANK[project.role] >= RANK["editor"]:
                self._by_name.setdefault(project.name_key, self._by_id[project.id])
        self._by_reference: dict[str, Target] = {}
        self._only = self._named(only) if only is not None else None

    def _named(self, project_id: str) -> Target:
        target = self._by_id.get(project_id)
        if target is None:
            raise InvalidError.at("/query/project_id", "unknown_project", "There is no such project.")
        require(target.role, "editor")
        return target

    async def read(
        self, drafts: Iterable[ProjectDraft], external_ids: ExternalIdRepository, places: PlaceRepository
    ) -> None:
        """Take in the projects that a file lists. One that is here already, by id, stays as it is."""
        if self._only is not None:
            return
        listed = {draft.id: draft for draft in drafts}
        here = await external_ids.find_projects(list(listed))
        taken = await places.taken_for_system([id_ for id_ in listed if is_uuid7(id_)])
        for draft in _parents_first(listed):
            known = self._by_id.get(here.get(draft.id, draft.id)) or self._by_id.get(draft.id)
            if draft.is_inbox:
                known = self.inbox
            if known is None:
                id_ = draft.id if is_uuid7(draft.id) and draft.id not in taken else new_id()
                known = self._by_id[id_] = Target(id_, draft.name, made=draft)
            self._by_reference[draft.id] = known

    @property
    def is_one(self) -> bool:
        """Whether all tasks go to one project, whatever the file says."""
        return self._only is not None

    def of_project(self, project_id: str) -> Target:
        """Return where the tasks of a listed project go."""
        return self._only or self._by_reference[project_id]

    def of(self, draft: TaskDraft) -> Target:
        """Return where a task goes."""
        if self._only is not None:
            return self._only
        if draft.project_id is not None:
            return self._by_reference[draft.project_id]
        if draft.project is None:
            return self.inbox
        key = name_key(draft.project)
        target = self._by_name.get(key)
        if target is None:
            id_ = new_id()
            target = self._by_id[id_] = self._by_name[key] = Target(
                id_, draft.project, made=ProjectDraft(id_, draft.project)
            )
        return target

    def parent_of(self, target: Target) -> str | None:
        """Return the id of the project that a new one goes into, if the actor may put it there."""
        parent = self._by_reference.get(target.made.parent_id or "") if target.made is not None else None
        return parent.id if parent is not None and parent is not self.inbox and parent.role == "admin" else None

    def leads_to_inbox(self, draft: ProjectDraft) -> bool:
        """Tell whether tasks of a listed project go to the Inbox."""
        return self._by_reference.get(draft.id) is self.inbox

    @property
    def used(self) -> list[Target]:
        """All projects that get tasks or would be made, parents first."""
        return [target for target in self._by_id.values() if target.tasks or target.made is not None]


def _parents_first(listed: Mapping[str, ProjectDraft]) -> list[ProjectDraft]:
    ordered: dict[str, ProjectDraft] = {}
    for start in listed.values():
        path: list[ProjectDraft] = []
        one: ProjectDraft | None = start
        while one is not None and one.id not in ordered and one not in path:
            path.append(one)
            one = listed.get(one.parent_id or "")
        ordered.update((draft.id, draft) for draft in reversed(path))
    return list(ordered.values())
