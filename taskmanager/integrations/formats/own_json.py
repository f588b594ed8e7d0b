"""Our own lossless format: what the JSON export writes and the import reads back to the letter."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from taskmanager.integrations.formats import values
from taskmanager.integrations.formats.building import finish
from taskmanager.integrations.formats.dates import write_instant
from taskmanager.integrations.formats.drafts import (
    MAX_ROWS,
    CommentDraft,
    LabelDraft,
    Moment,
    OccurrenceDraft,
    Problems,
    ProjectDraft,
    Reading,
    RecurrenceDraft,
    RelationDraft,
    ReminderDraft,
    RowProblem,
    SectionDraft,
    TaskDraft,
)
from taskmanager.integrations.formats.errors import UnreadableFileError
from taskmanager.integrations.formats.own_records import (
    LabelRecord,
    ProjectRecord,
    Record,
    SectionRecord,
    TaskRecord,
    read_instant,
)
from taskmanager.integrations.formats.own_references import check_projects, check_sections, check_tasks

FORMAT = "taskmanager"
VERSION = 1
_MOST_PROJECTS = 10_000
_MOST_SECTIONS = 100_000

RecordT = TypeVar("RecordT", bound=Record)

_KEYS = {"format", "version", "exported_at", "projects", "sections", "labels", "tasks"}


def is_own(document: object) -> bool:
    """Whether a JSON document says that it is ours."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def read_own(document: Mapping[str, Any]) -> Reading:
    """Read our own format strictly: unknown names are refused, references must lead somewhere in the file.

    Raises UnreadableFileError for another version or a document that is not built like ours.
    """
    if document.get("version") != VERSION:
        message = (
            f"This is version {str(document.get('version'))[:20]} of the format; this server reads version {VERSION}."
        )
        raise UnreadableFileError(message)
    unknown = sorted(set(document) - _KEYS)
    if unknown:
        message = f"Unknown parts: {values.listed(unknown)}."
        raise UnreadableFileError(message)
    problems = Problems()
    exported_at = _exported_at(document)
    projects = _records(document, "projects", ProjectRecord, problems, _MOST_PROJECTS)
    sections = _records(document, "sections", SectionRecord, problems, _MOST_SECTIONS)
    labels = _records(document, "labels", LabelRecord, problems, _MOST_PROJECTS)
    tasks = _records(document, "tasks", TaskRecord, problems, MAX_ROWS)
    drafts = [task.draft(row, f"/tasks/{row - 1}") for row, task in tasks]
    known = {project.id for _, project in projects}
    check_projects([project for _, project in projects], problems)
    check_sections([section for _, section in sections], known, problems)
    check_tasks(drafts, known, {section.id: section.project_id for _, section in sections}, problems)
    return Reading(
        kind=FORMAT,
        rows=len(document.get("tasks", ())),
        drafts=finish(drafts, problems),
        problems=problems,
        projects=tuple(project.draft() for _, project in projects),
        sections=tuple(section.draft() for _, section in sections if section.project_id in known),
        labels=tuple(label.draft() for _, label in labels),
        exported_at=exported_at,
    )


def _exported_at(document: Mapping[str, Any]) -> datetime | None:
    value = document.get("exported_at")
    try:
        return None if value is None else read_instant(value)
    except ValueError:
        message = "exported_at is no instant such as 2026-12-01T09:00:00Z."
        raise UnreadableFileError(message) from None


def _records(
    document: Mapping[str, Any], name: str, model: type[RecordT], problems: Problems, most: int
) -> list[tuple[int, RecordT]]:
    found = document.get(name, [])
    if not isinstance(found, list) or len(found) > most:
        message = f"{name} must be a list of at most {most:,}."
        raise UnreadableFileError(message)
    records = []
    for row, value in enumerate(found, start=1):
        try:
            records.append((row, model.model_validate(value)))
        except ValidationError as error:
            # What is wrong with a project or label stands in the way of the whole file.
            counted = row if model is TaskRecord else 0
            for item in error.errors(include_url=False, include_input=False, include_context=False):
                place = f"/{name}/{row - 1}"
                field = "/".join(map(str, item["loc"]))
                message = item["msg"].removeprefix("Value error, ")
                problems.add(RowProblem(counted, place, field, item["type"], message))
    return records


def write_json(
    drafts: Iterable[TaskDraft],
    projects: Iterable[ProjectDraft] = (),
    labels: Iterable[LabelDraft] = (),
    exported_at: datetime | None = None,
    *,
    sections: Iterable[SectionDraft] = (),
) -> Iterator[bytes]:
    """Yield the document in pieces, one record a line, in the given order; equal input gives equal bytes."""
    head = {"format": FORMAT, "version": VERSION, "exported_at": _plain(exported_at)}
    yield json.dumps(head)[:-1].encode()
    parts = (("projects", projects), ("sections", sections), ("labels", labels), ("tasks", drafts))
    for name, records in parts:
        yield f',\n"{name}": ['.encode()
        comma = "\n"
        for record in records:
            yield (comma + json.dumps(_shape(record), ensure_ascii=False)).encode()
            comma = ",\n"
        yield b"\n]"
    yield b"\n}\n"


_Part = CommentDraft | RecurrenceDraft | OccurrenceDraft | RelationDraft | ReminderDraft


def _shape(record: TaskDraft | ProjectDraft | SectionDraft | LabelDraft | _Part) -> dict[str, Any]:
    shape = {item.name: _plain(getattr(record, item.name)) for item in fields(record)}
    if isinstance(record, TaskDraft):
        # A project is told by its id; row and place belong to the file that was read.
        for name in ("row", "place", "project"):
            del shape[name]
        shape = {"id": shape.pop("external_id"), "parent_id": shape.pop("parent"), **shape}
    return shape


def _plain(value: Any) -> Any:
    if isinstance(value, Moment):
        return value.as_json()
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, date):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, _Part):
        return _shape(value)
    return value
