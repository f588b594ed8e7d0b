"""Doing what was planned, as one operation: projects, labels, tasks, and what each was called elsewhere."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.integrations.formats.drafts import LabelDraft, ProjectDraft
from taskmanager.integrations.origin import Origin, lines_of
from taskmanager.integrations.planning import Plan, Planned
from taskmanager.integrations.repository import ExternalIdRepository, PlaceRepository
from taskmanager.integrations.section_targets import SectionTargets
from taskmanager.integrations.targets import Target, Targets
from taskmanager.kit.http.etag import IfMatch
from taskmanager.projects.labels import LabelService
from taskmanager.projects.names import name_key
from taskmanager.projects.repository import ProjectRepository
from taskmanager.projects.schemas import LabelCreate, LabelUpdate, ProjectCreate, ProjectUpdate
from taskmanager.projects.sections import KIND as SECTION
from taskmanager.projects.sections import NewSection, SectionService
from taskmanager.projects.service import KIND as PROJECT
from taskmanager.projects.service import ProjectService
from taskmanager.tasks.bulk import BulkTaskService, NewComment, NewTask, PastOccurrence, is_position
from taskmanager.tasks.relations import RelationService
from taskmanager.tasks.state import KIND as TASK
from taskmanager.tasks.state import when_of

INBOX = "Inbox"
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{0,9}")
_NUMBER = re.compile(r".*-([1-9][0-9]{0,8})", re.ASCII)
_ANY = IfMatch(None)


class Importer:
    """Writes a plan within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._places = PlaceRepository(session, actor)
        self._projects = ProjectService(session, actor)
        self._labels = LabelService(session, actor)
        self._sections = SectionService(session, actor)
        self._tasks = BulkTaskService(session, actor)
        self._relations = RelationService(session, actor)

    async def carry_out(self, plan: Plan, progress: Callable[[int], None]) -> None:
        """Write everything; ``progress`` hears how many tasks after each batch."""
        external_ids = ExternalIdRepository(self._session, self._actor, plan.source)
        made = [target for target in plan.targets.used if target.made is not None]
        for target in made:
            await self._make_project(target, plan.targets)
        listed = {draft.id for draft in plan.reading.projects}
        named = [(target.made.id, target.id, None) for target in made if target.made and target.made.id in listed]
        await external_ids.remember(PROJECT, named)
        await self._make_sections(plan.sections, external_ids)
        await self._take_labels(plan.reading.labels)
        for draft in plan.reading.projects:
            if draft.is_inbox and plan.targets.leads_to_inbox(draft):
                await self._fill_inbox(draft)
        people = await self._people(plan.new)
        await self._tasks.create_many([self._new_task(one, people[one.target.id]) for one in plan.new], progress)
        origins = [
            (one.external_id, one.data.id or "", self._origin(one, plan.reading.kind, people[one.target.id]).as_json())
            for one in plan.new
        ]
        await external_ids.remember(TASK, origins)
        await self._relations.add_new(plan.relations, {one.data.id or "": one.target.id for one in plan.new})

    async def _make_project(self, target: Target, targets: Targets) -> None:
        draft = target.made or ProjectDraft(target.id, target.name)
        data = ProjectCreate(
            name=draft.name, color=draft.color, parent_id=targets.parent_of(target), description=draft.description
        )
        project, _ = await self._projects.create(data, target.id)
        project.created_at = draft.created_at or project.created_at
        project.updated_at = draft.updated_at or project.updated_at
        if draft.key is not None and _PREFIX.fullmatch(draft.key):
            project.key = draft.key

    async def _make_sections(self, targets: SectionTargets, external_ids: ExternalIdRepository) -> None:
        """Make the sections that are not there yet, in their order."""
        by_project: dict[str, list[NewSection]] = defaultdict(list)
        for one in targets.made:
            if (draft := one.made) is not None:
                position = draft.position if draft.position is not None and is_position(draft.position) else None
                new = NewSection(one.id, draft.name, position, draft.created_at, draft.updated_at)
                by_project[one.project.id].append(new)
        for project_id, mine in sorted(by_project.items()):
            await self._sections.add_new(project_id, mine)
        await external_ids.remember(SECTION, [(one.made.id, one.id, None) for one in targets.made if one.made])

    async def _fill_inbox(self, draft: ProjectDraft) -> None:
        """Give the account's own Inbox what it lacks; what the account chose itself stays."""
        inbox = await ProjectRepository(self._session, self._actor).inbox()
        changes: dict[str, str] = {}
        if inbox.name == INBOX and draft.name != INBOX:
            changes["name"] = draft.name
        if inbox.color is None and draft.color is not None:
            changes["color"] = draft.color
        if not inbox.description and draft.description:
            changes["description"] = draft.description
        if changes:
            await self._projects.update(inbox.id, ProjectUpdate.model_validate(changes), _ANY)

    async def _take_labels(self, drafts: Sequence[LabelDraft]) -> None:
        """Make the labels that are not there; a colour is taken where there is none yet."""
        if not drafts:
            return
        known = await self._places.labels()
        for draft in drafts:
            label = known.get(name_key(draft.name))
            if label is None:
                known[name_key(draft.name)] = await self._labels.create(LabelCreate(name=draft.name, color=draft.color))
            elif label.color is None and draft.color is not None:
                await self._labels.update(label.id, LabelUpdate(color=draft.color), _ANY)

    async def _people(self, planned: Sequence[Planned]) -> dict[str, dict[str, str]]:
        """Return by project and user name the ids of those assignees who have an account that sees the project."""
        names: dict[str, set[str]] = defaultdict(set)
        for one in planned:
            names[one.target.id].update(name.lower() for name in one.draft.assignees)
        return {project_id: await self._places.readers(project_id, wanted) for project_id, wanted in names.items()}

    def _new_task(self, one: Planned, people: dict[str, str]) -> NewTask:
        draft = one.draft
        assignees = {people[name.lower()] for name in draft.assignees if name.lower() in people}
        number = _NUMBER.fullmatch(draft.key or "")
        return NewTask(
            data=one.data.model_copy(update={"assignee_ids": sorted(assignees)}),
            created_at=draft.created_at,
            updated_at=draft.updated_at,
            completed_at=draft.completed_at,
            number=int(number[1]) if number else None,
            position=draft.position,
            comments=tuple(
                NewComment(said.body, said.author, said.created_at, said.updated_at) for said in draft.comments
            ),
            series=draft.recurrence.as_state() if draft.recurrence is not None else {},
            past=tuple(
                PastOccurrence(when_of(past.date.as_json()), past.kind, past.at, past.author)
                for past in draft.occurrences
            ),
            reminders=tuple((one.minutes_before_due, one.at) for one in draft.reminders),
        )

    def _origin(self, one: Planned, kind: str, people: dict[str, str]) -> Origin:
        draft = one.draft
        return Origin(
            author=draft.author if draft.author != self._actor.username else None,
            assignees=tuple(name for name in draft.assignees if name.lower() not in people),
            parent=draft.parent if one.detached else None,
            lines=lines_of(draft, kind),
        )
