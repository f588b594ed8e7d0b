"""Quick add: a text read into tasks, all of them made in one operation, or only shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.errors import InvalidError
from taskmanager.projects.names import name_key
from taskmanager.tasks.quick_add.lines import MAX_LINES, Line, lines_of
from taskmanager.tasks.quick_add.marks import marks_of
from taskmanager.tasks.quick_add.missing import MissingPlaces
from taskmanager.tasks.quick_add.moments import Asked
from taskmanager.tasks.quick_add.names import INBOX, Names, mentioned
from taskmanager.tasks.quick_add.reading import Reading, Token, read
from taskmanager.tasks.quick_add.repository import PlaceRepository, Places
from taskmanager.tasks.quick_add.schemas import (
    QuickAdd,
    QuickAdded,
    QuickDraft,
    QuickLine,
    QuickPreview,
    QuickTask,
    QuickToken,
)
from taskmanager.tasks.rules import MAX_DEPTH
from taskmanager.tasks.schemas import RecurrenceOut, TaskCreate
from taskmanager.tasks.service import TaskService
from taskmanager.tasks.state import task_out, when_json, when_out

_MOST_ERRORS = 100


@dataclass(frozen=True, slots=True)
class _Read:
    """A line as it was read, and the key of the project that its task goes to."""

    line: Line
    reading: Reading
    project: str

    def tokens(self, tokens: Iterable[Token]) -> list[QuickToken]:
        at = self.line.start
        return [QuickToken(start=at + t.start, end=at + t.end, kind=t.kind, value=t.value) for t in tokens]

    @property
    def section(self) -> tuple[str, str] | None:
        name = self.reading.value("section")
        return (self.project, name_key(name)) if name is not None else None


class QuickAddService:
    """Quick adds within one transaction; what only shows writes nothing, and a session that cannot write will do."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._places = PlaceRepository(session, actor)
        self._tasks = TaskService(session, actor)

    async def run(self, body: QuickAdd) -> QuickAdded | QuickPreview:
        """Make the tasks of a text with all that they need, or with ``dry_run`` tell which ones they would be.

        Raises 422 with the place in the text for lines without a title, people who do not see the project, and
        subtasks that would lie in another project than their parents.
        """
        if body.create_missing and not body.dry_run:
            await self._places.hold()
        lines = _lines(body.text)
        places = await self._places.find(mentioned(mark for line in lines for mark in marks_of(line.text)))
        asked = Asked(clock.now(), body.timezone or self._actor.timezone)
        read_lines = _read(lines, places.names(create_missing=body.create_missing), asked)
        if body.dry_run:
            shown = [_shown(one, places) for one in read_lines]
            return QuickPreview(task=shown[0].task, tokens=shown[0].tokens, unknown=shown[0].unknown, tasks=shown)
        _refuse(_mistakes(read_lines, places))
        made = await self._make(read_lines, places)
        return QuickAdded(task=made[0].task, tokens=made[0].tokens, unknown=made[0].unknown, tasks=made)

    async def _make(self, read_lines: Sequence[_Read], places: Places) -> list[QuickTask]:
        # Projects before sections, both before tasks: undo goes the other way round.
        missing = MissingPlaces(self._session, self._actor, places)
        for one in read_lines:
            await missing.need_project(one.project, one.reading.value("project"))
        for one in read_lines:
            if one.section is not None:
                await missing.need_section(one.section, one.reading.value("section"))
        await missing.need_labels(name for one in read_lines for name in one.reading.values("label"))
        made: list[QuickTask] = []
        for one in read_lines:
            parent = made[one.line.parent].task.id if one.line.parent is not None else None
            task = await self._tasks.create(_body(one, places, parent))
            tokens, unknown = one.tokens(one.reading.tokens), one.tokens(one.reading.unknown)
            made.append(QuickTask(task=task_out(task), tokens=tokens, unknown=unknown))
        return made


def _lines(text: str) -> list[Line]:
    lines = lines_of(text)
    if not lines:
        raise InvalidError.at("/text", "empty_title", "There is nothing to add.")
    if len(lines) > MAX_LINES:
        raise InvalidError.at("/text", "too_many_lines", f"At most {MAX_LINES} tasks at once.")
    _refuse(
        _place(line.start, line.end, "too_deep", f"Subtasks nest at most {MAX_DEPTH} deep.")
        for line in lines
        if line.depth > MAX_DEPTH
    )
    return lines


def _read(lines: Sequence[Line], names: Names, asked: Asked) -> list[_Read]:
    """Read all lines; subtasks belong to the project of their parents."""
    found: list[_Read] = []
    for line in lines:
        within = found[line.parent].project if line.parent is not None else INBOX
        reading = read(line.text, names, asked, within)
        project = reading.value("project")
        found.append(_Read(line, reading, name_key(project) if project is not None else within))
    return found


def _mistakes(read_lines: Sequence[_Read], places: Places) -> Iterable[dict[str, Any]]:
    """Yield what is wrong with lines, by their places in the text."""
    for one in read_lines:
        line, reading = one.line, one.reading
        if not reading.title:
            yield _place(line.start, line.end, "empty_title", "Nothing is left for the title.")
        for token in one.tokens(reading.unknown):
            if token.kind == "assignee":
                where = places.projects[one.project].name if one.project in places.projects else "the new project"
                message = f"Nobody called {token.value} sees {where}."
                yield _place(token.start, token.end, "unknown_assignee", message)
        if line.parent is not None and one.project != read_lines[line.parent].project:
            message = "A subtask lies in the project of its parent."
            yield _place(line.start, line.end, "other_project", message)


def _place(start: int, end: int, code: str, message: str) -> dict[str, Any]:
    return {"pointer": "/text", "code": code, "message": message, "start": start, "end": end}


def _refuse(errors: Iterable[dict[str, Any]]) -> None:
    found = list(errors)
    if found:
        raise InvalidError(errors=found[:_MOST_ERRORS])


def _fields(one: _Read, places: Places) -> dict[str, Any]:
    """Return what a line says as fields of a task; what is to be made yet has no id."""
    reading = one.reading
    project = places.projects.get(one.project)
    section = places.sections.get(one.section) if one.section is not None else None
    people = [places.people[one.project, name_key(name)][0] for name in reading.values("assignee")]
    return {
        "title": reading.title,
        "description": reading.value("description") or "",
        "priority": int(reading.value("priority") or 0),
        "deadline": reading.value("deadline"),
        "labels": _distinct(reading.values("label")),
        "assignee_ids": sorted(set(people)),
        "project_id": project.id if project is not None else None,
        "section_id": section.id if section is not None else None,
    }


def _distinct(names: Iterable[str]) -> list[str]:
    """Return the first spelling of each name."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name_key(name), name)
    return list(first.values())


def _body(one: _Read, places: Places, parent_id: str | None) -> TaskCreate:
    plan = one.reading.plan
    rule = {"rrule": plan.rule, "anchor": plan.anchor} if plan.rule is not None else None
    fields = {**_fields(one, places), "due": when_json(plan.due), "recurrence": rule, "parent_id": parent_id}
    try:
        return TaskCreate.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{first['loc'][0]}: {first['msg']}"
        raise InvalidError(errors=[_place(one.line.start, one.line.end, "invalid_line", message)]) from error


def _shown(one: _Read, places: Places) -> QuickLine:
    plan, fields = one.reading.plan, _fields(one, places)
    deadline = fields.pop("deadline")
    rule = RecurrenceOut(rrule=plan.rule, anchor=plan.anchor, catch_up="none") if plan.rule is not None else None
    draft = QuickDraft(
        **fields,
        due=when_out(plan.due),
        deadline=date.fromisoformat(deadline) if deadline is not None else None,
        recurrence=rule,
        parent=one.line.parent,
    )
    return QuickLine(task=draft, tokens=one.tokens(one.reading.tokens), unknown=one.tokens(one.reading.unknown))
