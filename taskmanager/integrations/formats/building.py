"""From the texts of one row to a draft, by the mapping; every wrong value is noted, not only the first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from taskmanager.integrations.formats import values
from taskmanager.integrations.formats.dates import (
    DateParser,
    parse_iso,
    parser_of,
    read_date,
    to_day,
    to_instant,
    to_moment,
)
from taskmanager.integrations.formats.drafts import CommentDraft, Moment, Problems, RowProblem, TaskDraft
from taskmanager.integrations.formats.mapping import DATE_FIELDS, LIST_FIELDS, Source
from taskmanager.integrations.formats.mapping import Mapping as Plan
from taskmanager.integrations.formats.values import BadValueError, refuse, shown
from taskmanager.tasks.schemas import MAX_ASSIGNEES, MAX_LABELS

Cells = Mapping[str, Sequence[tuple[str, str]]]
"""By field, the non-empty texts that feed it, each with the name of its column."""

_JOINTS = {"title": " ", "description": "\n\n", "project": " / "}
_LIST_LIMITS = {
    "labels": (values.LABEL_LENGTH, MAX_LABELS),
    "assignees": (values.NAME_LENGTH, MAX_ASSIGNEES),
}
_CHECKS: dict[str, Callable[[str], object]] = {
    "status": values.check_status,
    "priority": values.check_priority,
    "estimate_minutes": values.check_minutes,
    "description": values.check_text,
}
_LINE_LENGTHS = {
    "title": values.TITLE_LENGTH,
    "external_id": values.EXTERNAL_ID_LENGTH,
    "parent": values.EXTERNAL_ID_LENGTH,
}


@dataclass(frozen=True, slots=True)
class RawComment:
    """One comment as texts."""

    body: str
    author: str = ""
    created_at: str = ""


@dataclass(slots=True)
class Builder:
    """Builds the drafts of one file. ``timezone`` is where wall times of instants were written."""

    plan: Plan
    timezone: str
    problems: Problems
    _sources: dict[str, Source] = field(init=False)
    _parsers: dict[str, list[DateParser]] = field(init=False)

    def __post_init__(self) -> None:
        self._sources = self.plan.sources()
        self._parsers = {
            name: [parser_of(pattern) for pattern in source.format]
            for name, source in self._sources.items()
            if name in DATE_FIELDS
        }

    def build(self, row: int, place: str, cells: Cells, comments: Sequence[RawComment] = ()) -> TaskDraft | None:
        """Return the draft of one row, or None once its problems are noted."""
        before = self.problems.count
        found: dict[str, Any] = {}
        for name, source in self._sources.items():
            texts = _texts(name, source, cells.get(name, ()))
            if not texts and name != "title":
                continue
            try:
                found[name] = self._value(name, source, texts)
            except BadValueError as error:
                self.problems.add(RowProblem(row, place, name, error.code, error.message))
        try:
            found["comments"] = self._comments(comments)
        except BadValueError as error:
            self.problems.add(RowProblem(row, place, "comments", error.code, error.message))
        if self.problems.count > before:
            return None
        return TaskDraft(**settle(found), row=row, place=place)

    def _value(self, name: str, source: Source, texts: list[str]) -> object:
        if name in LIST_FIELDS:
            parts = [part for text in texts for part in (text.split(source.separator) if source.separator else [text])]
            parts = [source.translate(part.strip()) for part in parts]
            return values.check_names(parts, *_LIST_LIMITS[name])
        text = (source.separator or _JOINTS.get(name, " ")).join(texts)
        if name in DATE_FIELDS:
            return self._date(name, text, source.timezone)
        check = _CHECKS.get(name)
        return check(text) if check else values.check_line(text, _LINE_LENGTHS.get(name, values.NAME_LENGTH))

    def _date(self, name: str, text: str, zone: str | None) -> Moment | date | datetime:
        try:
            value = read_date(text, self._parsers[name])
            if name in {"created_at", "completed_at"}:
                return to_instant(value, zone or self.timezone)
            if name == "deadline":
                return to_day(value, zone or self.timezone)
            return to_moment(value, zone)
        except ValueError:
            message = f"{shown(text)} is no date that is understood. Give its pattern with “format” in the mapping."
            refuse("invalid_date", message)

    def _comments(self, comments: Sequence[RawComment]) -> tuple[CommentDraft, ...]:
        if len(comments) > values.MOST_COMMENTS:
            refuse("too_many", f"Has {len(comments):,} comments; at most {values.MOST_COMMENTS:,} fit.")
        found = [self._comment(comment) for comment in comments]
        # Several lists may feed one conversation.
        if all(comment.created_at is not None for comment in found):
            found.sort(key=attrgetter("created_at"))
        return tuple(found)

    def _comment(self, comment: RawComment) -> CommentDraft:
        at = None
        if comment.created_at:
            try:
                at = to_instant(read_date(comment.created_at, _COMMENT_PARSERS), self.timezone)
            except ValueError:
                message = f"A comment's time {shown(comment.created_at)} is not understood."
                refuse("invalid_date", message)
        author = values.check_line(comment.author) if comment.author.strip() else None
        return CommentDraft(values.check_comment(comment.body), author, at)


_COMMENT_PARSERS: list[DateParser] = [parse_iso, parser_of("unix")]


def _texts(name: str, source: Source, cells: Sequence[tuple[str, str]]) -> list[str]:
    if source.value is not None:
        return [source.value]
    if name == "description" and len(source.column) > 1:
        return [f"{column}: {text}" for column, text in cells]
    return [source.translate(text) for _, text in cells]


def settle(found: dict[str, Any]) -> dict[str, Any]:
    """Let status and time of completion agree: the time decides where there is no status, else the status."""
    if found.get("completed_at") is not None:
        status = found.setdefault("status", "done")
        if status not in {"done", "cancelled"}:
            del found["completed_at"]
    return found


def finish(drafts: list[TaskDraft], problems: Problems) -> list[TaskDraft]:
    """Return the drafts that may stand together: no id twice, no task its own ancestor."""
    first: dict[str, TaskDraft] = {}
    for draft in drafts:
        if draft.external_id is None:
            continue
        twin = first.setdefault(draft.external_id, draft)
        if twin is not draft:
            message = f"{shown(draft.external_id)} is also the id of {twin.place}."
            problems.add(RowProblem(draft.row, draft.place, "external_id", "duplicate", message))
    for draft in _in_circles(first):
        message = f"{shown(draft.external_id or '')} would be its own parent."
        problems.add(RowProblem(draft.row, draft.place, "parent", "cycle", message))
    return [draft for draft in drafts if draft.row not in problems.wrong_rows]


def _in_circles(by_id: Mapping[str, TaskDraft]) -> list[TaskDraft]:
    clear: set[str] = set()
    circles: list[TaskDraft] = []
    for start in by_id:
        path: dict[str, None] = {}
        key: str | None = start
        while key is not None and key in by_id and key not in clear and key not in path:
            path[key] = None
            key = by_id[key].parent
        if key in path:
            ring = list(path)
            circles += [by_id[name] for name in ring[ring.index(key or "") :]]
        clear |= set(path)
    return circles
