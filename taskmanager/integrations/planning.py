"""What an import would do, worked out by reading only: a dry run ends here."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.integrations.formats.drafts import Problems, Reading, RowProblem, TaskDraft
from taskmanager.integrations.formats.values import shown
from taskmanager.integrations.preparing import Prepared
from taskmanager.integrations.repository import ExternalIdRepository, KnownTask, PlaceRepository
from taskmanager.integrations.schemas import ImportQuery
from taskmanager.integrations.section_targets import SectionTarget, SectionTargets
from taskmanager.integrations.targets import Target, Targets
from taskmanager.kit.ids import is_id, is_uuid7, new_id
from taskmanager.tasks.bulk import is_position
from taskmanager.tasks.rules import MAX_DEPTH
from taskmanager.tasks.schemas import TaskCreate

MOST_NEW_PROJECTS = 1_000
OWN = "taskmanager"
_BREATH = 500


@dataclass(slots=True)
class Planned:
    """A task that would be made. ``detached`` tells that its parent is not to be had."""

    draft: TaskDraft
    external_id: str
    data: TaskCreate
    target: Target
    detached: bool = False


Related = tuple[str, str, str]
"""Ids of two tasks, with what the first is to the second between them."""


@dataclass(slots=True)
class Plan:
    """What an import would do; ``known`` pairs rows that are here already with their tasks."""

    source: str
    reading: Reading
    targets: Targets
    sections: SectionTargets
    new: list[Planned] = field(default_factory=list)
    known: list[tuple[TaskDraft, KnownTask]] = field(default_factory=list)
    relations: list[Related] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def problems(self) -> Problems:
        return self.reading.problems


class Planner:
    """Looks up what the rows of a file meet here."""

    def __init__(self, session: AsyncSession, actor: Actor, query: ImportQuery, prepared: Prepared) -> None:
        self._query = query
        self._reading = prepared.reading
        self._ids = prepared.external_ids
        self._source = query.source or prepared.reading.kind
        self._external_ids = ExternalIdRepository(session, actor, self._source)
        self._places = PlaceRepository(session, actor)
        self._parents: dict[str, KnownTask] = {}

    async def plan(self) -> Plan:
        """Return the plan; raises 422 or 403 for a project that the actor cannot import into."""
        targets = Targets(await self._places.projects(), self._query.project_id)
        await targets.read(self._reading.projects, self._external_ids, self._places)
        sections = SectionTargets(targets)
        await sections.read(self._reading.sections, self._external_ids, self._places)
        plan = Plan(self._source, self._reading, targets, sections, notes=list(self._reading.notes))
        here = await self._find([self._ids[draft.row] for draft in self._reading.drafts])
        fresh: list[TaskDraft] = []
        for draft in self._reading.drafts:
            known = here.get(self._ids[draft.row])
            if known is None:
                fresh.append(draft)
            else:
                plan.known.append((draft, known))
        await self._plan_new(plan, fresh)
        self._refuse_many_projects(plan)
        await self._plan_parents(plan, here)
        self._plan_relations(plan)
        return plan

    async def _find(self, external_ids: Sequence[str]) -> dict[str, KnownTask]:
        """Return by external id the tasks that are here: imported under it, or exported with it."""
        own = await self._external_ids.find_own_tasks([text for text in external_ids if is_id(text)])
        return {**own, **await self._external_ids.find_tasks(external_ids)}

    async def _plan_new(self, plan: Plan, fresh: Sequence[TaskDraft]) -> None:
        own = self._reading.kind == OWN
        wanted = [draft.external_id for draft in fresh if own and is_uuid7(draft.external_id or "")]
        taken = await self._places.taken_for_system([id_ for id_ in wanted if id_ is not None])
        for number, draft in enumerate(fresh, start=1):
            keeps_id = own and is_uuid7(draft.external_id or "") and draft.external_id not in taken
            task_id = draft.external_id if keeps_id and draft.external_id is not None else new_id()
            target = plan.targets.of(draft)
            section = plan.sections.of(draft)
            data = self._data(draft, target, task_id, section)
            if data is not None:
                target.tasks += 1
                if section is not None:
                    section.tasks += 1
                plan.new.append(Planned(draft, self._ids[draft.row], data, target))
            if number % _BREATH == 0:
                await asyncio.sleep(0)  # others are served meanwhile

    def _data(self, draft: TaskDraft, target: Target, task_id: str, section: SectionTarget | None) -> TaskCreate | None:
        """Return the task as the API takes it, or None once its problems are noted."""
        if not target.is_open:
            self._note(draft, "project", "forbidden", f"You may not add tasks to {shown(target.name)}.")
            return None
        if draft.position is not None and not is_position(draft.position):
            self._note(draft, "position", "invalid_position", f"{shown(draft.position)} is no place in an order.")
            return None
        try:
            return TaskCreate(
                id=task_id,
                project_id=target.id,
                title=draft.title,
                description=draft.description,
                status=draft.status,  # type: ignore[arg-type]
                priority=draft.priority,
                start=draft.start.as_json() if draft.start else None,  # type: ignore[arg-type]
                due=draft.due.as_json() if draft.due else None,  # type: ignore[arg-type]
                deadline=draft.deadline,
                labels=list(draft.labels),
                estimate_minutes=draft.estimate_minutes,
                section_id=section.id if section is not None else None,
            )
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False, include_context=False):
                message = item["msg"].removeprefix("Value error, ")
                self._note(draft, str(item["loc"][0]), item["type"], message)
            return None

    def _note(self, draft: TaskDraft, field_name: str, code: str, message: str) -> None:
        self._reading.problems.add(RowProblem(draft.row, draft.place, field_name, code, message))

    def _refuse_many_projects(self, plan: Plan) -> None:
        made = sum(target.made is not None for target in plan.targets.used)
        if made > MOST_NEW_PROJECTS:
            message = f"Would make {made:,} projects; at most {MOST_NEW_PROJECTS:,} at once. Is the mapping right?"
            plan.problems.add(RowProblem(0, "", "project", "too_many_projects", message))

    async def _plan_parents(self, plan: Plan, here: dict[str, KnownTask]) -> None:
        """Give tasks their parents; one whose parent is not to be had stands alone."""
        fresh = {one.external_id: one for one in plan.new}
        above = {one.draft.parent for one in plan.new if one.draft.parent is not None}
        known = {**here, **await self._find([name for name in above if name not in fresh and name not in here])}
        detached = 0
        for one in plan.new:
            name = one.draft.parent
            if name is None:
                continue
            parent = fresh.get(name)
            if parent is not None:
                fits = parent.target is one.target and _depth(one, fresh) <= MAX_DEPTH
                parent_id = parent.data.id if fits else None
            else:
                task = known.get(name)
                parent_id = task.id if task is not None and task.project_id == one.target.id else None
            one.detached = parent_id is None
            detached += one.detached
            one.data = one.data.model_copy(update={"parent_id": parent_id})
        if detached:
            plan.notes.append(
                "Tasks whose parent is not here, lies in another project or too deep stand by themselves: "
                f"{detached:,}."
            )

    def _plan_relations(self, plan: Plan) -> None:
        """Relate new tasks to those of the file that are new or here; between two that are here all stays as it is."""
        new = {one.external_id: one.data.id or "" for one in plan.new}
        ids = {**{self._ids[draft.row]: task.id for draft, task in plan.known}, **new}
        left_out = 0
        for draft in self._reading.drafts:
            mine = self._ids[draft.row]
            for relation in draft.relations:
                if mine in ids and relation.task_id in ids:
                    if mine in new or relation.task_id in new:
                        plan.relations.append((ids[mine], relation.kind, ids[relation.task_id]))
                else:
                    left_out += 1
        if left_out:
            plan.notes.append(f"Relations to tasks that are left out: {left_out:,}.")


def _depth(one: Planned, fresh: dict[str, Planned]) -> int:
    """Return how many levels a task and those above it have in the file, counted no further than needed."""
    depth = 1
    above = fresh.get(one.draft.parent or "")
    while above is not None and depth <= MAX_DEPTH:
        depth += 1
        above = fresh.get(above.draft.parent or "")
    return depth
