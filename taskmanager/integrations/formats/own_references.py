"""Whether the parts of a file in our own format fit: what they refer to is there, and nothing goes in a circle."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from taskmanager.integrations.formats.drafts import Problems, RowProblem, TaskDraft
from taskmanager.integrations.formats.own_records import ProjectRecord, SectionRecord
from taskmanager.integrations.formats.values import shown
from taskmanager.projects.names import name_key

_ORDERS = ("blocks", "precedes")


def check_projects(projects: Sequence[ProjectRecord], problems: Problems) -> None:
    """Note projects that are there twice, or whose parents are not there or lie in them."""
    parents = {project.id: project.parent_id for project in projects}
    if len(parents) < len(projects):
        problems.add(RowProblem(0, "/projects", "id", "duplicate", "Two projects have the same id."))
    for key, parent in parents.items():
        if parent is not None and parent not in parents:
            problems.add(_missing(0, "/projects", "parent_id", parent))
        if key in _ancestors(key, parents):
            message = f"{shown(key)} would be its own parent."
            problems.add(RowProblem(0, "/projects", "parent_id", "cycle", message))


def _ancestors(key: str, parents: Mapping[str, str | None]) -> set[str]:
    found: set[str] = set()
    above = parents.get(key)
    while above is not None and above not in found:
        found.add(above)
        above = parents.get(above)
    return found


def check_sections(sections: Sequence[SectionRecord], projects: Collection[str], problems: Problems) -> None:
    """Note sections that are there twice, by id or by name, or whose project is not there."""
    if len({section.id for section in sections}) < len(sections):
        problems.add(RowProblem(0, "/sections", "id", "duplicate", "Two sections have the same id."))
    if len({(section.project_id, name_key(section.name)) for section in sections}) < len(sections):
        problems.add(RowProblem(0, "/sections", "name", "duplicate", "Two sections of a project have the same name."))
    for section in sections:
        if section.project_id not in projects:
            problems.add(_missing(0, "/sections", "project_id", section.project_id))


def check_tasks(
    drafts: Sequence[TaskDraft], projects: Collection[str], sections: Mapping[str, str], problems: Problems
) -> None:
    """Note tasks that refer to what is not in the file; ``sections`` has the project of each section."""
    ids = {draft.external_id for draft in drafts}
    for draft in drafts:
        named = [("project_id", draft.project_id, projects), ("parent_id", draft.parent, ids)]
        named += [("section_id", draft.section_id, sections)]
        named += [("relations", relation.task_id, ids) for relation in draft.relations]
        for field, target, there in named:
            if target is not None and target not in there:
                problems.add(_missing(draft.row, draft.place, field, target))
        if sections.get(draft.section_id or "", draft.project_id) != draft.project_id:
            message = f"{shown(draft.section_id or '')} is a section of another project."
            problems.add(RowProblem(draft.row, draft.place, "section_id", "other_project", message))
    for draft in _waiting_for_themselves(drafts):
        message = "It would wait for itself, also by way of others."
        problems.add(RowProblem(draft.row, draft.place, "relations", "cycle", message))


def _missing(row: int, place: str, field: str, target: str) -> RowProblem:
    return RowProblem(row, place, field, "unknown_reference", f"{shown(target)} is not in the file.")


def _waiting_for_themselves(drafts: Sequence[TaskDraft]) -> Iterator[TaskDraft]:
    """Yield the tasks whose relations of one kind lead from a circle to a circle, or to themselves."""
    for kind in _ORDERS:
        onward: dict[str, set[str]] = defaultdict(set)
        back: dict[str, set[str]] = defaultdict(set)
        for draft in drafts:
            for relation in draft.relations:
                if relation.kind == kind:
                    onward[draft.external_id or ""].add(relation.task_id)
                    back[relation.task_id].add(draft.external_id or "")
        caught = _without_ends(onward, back) & _without_ends(back, onward)
        yield from (draft for draft in drafts if draft.external_id in caught)
    for draft in drafts:
        if any(relation.task_id == draft.external_id for relation in draft.relations if relation.kind not in _ORDERS):
            yield draft


def _without_ends(onward: Mapping[str, set[str]], back: Mapping[str, set[str]]) -> set[str]:
    """Return what is left of a graph once everything is taken away that leads nowhere."""
    left = {name: len(targets) for name, targets in onward.items()}
    ends = [name for name in back if name not in left]
    while ends:
        for name in back.get(ends.pop(), ()):
            left[name] -= 1
            if not left[name]:
                del left[name]
                ends.append(name)
    return set(left)
