"""Todoist's table of one project: tasks, the notes below them, sections, and nesting by indentation."""

import hashlib
import re
from dataclasses import dataclass, field

from taskmanager.integrations.formats import date_patterns
from taskmanager.integrations.formats.building import Builder, RawComment, finish
from taskmanager.integrations.formats.drafts import Problems, Reading, RowProblem, TaskDraft
from taskmanager.integrations.formats.mapping import Mapping
from taskmanager.integrations.formats.table import Row, Table
from taskmanager.integrations.formats.values import shown
from taskmanager.integrations.formats.words import is_number

_LABEL = re.compile(r"(?:^|\s)@([^\s@]+)")
_ACCOUNT_NUMBER = re.compile(r"\s*\(\d+\)$")
_MINUTES_OF_A_UNIT = {"minute": 1, "day": 24 * 60}
_PRIORITIES = {"1": "4", "2": "3", "3": "2", "4": "0"}
_SKIPPED = {"meta", ""}


@dataclass(slots=True)
class _Item:
    number: int
    place: str
    texts: dict[str, str]
    id: str
    parent: str | None
    section: str | None
    comments: list[RawComment] = field(default_factory=list)


def is_todoist(table: Table) -> bool:
    """Whether a table has the columns that only Todoist writes."""
    return {"TYPE", "CONTENT", "INDENT"} <= set(table.columns)


def read_todoist(table: Table) -> Reading:
    """Read an export of Todoist.

    It has no ids; each task gets one made from its words and its place in the tree, so that importing the file again
    meets the same tasks. A date in words that is no date ("every monday") is kept in the description.
    """
    problems = Problems()
    items = _items(table, problems)
    plans: dict[tuple[str, ...], Builder] = {}
    drafts: list[TaskDraft] = []
    in_words = 0
    for item in items:
        cells, patterns, kept = _cells(item)
        in_words += kept
        builder = plans.get(patterns)
        if builder is None:
            builder = plans.setdefault(patterns, Builder(_plan(patterns), "UTC", problems))
        draft = builder.build(item.number, item.place, cells, item.comments)
        if draft is not None:
            drafts.append(draft)
    notes = []
    if in_words:
        notes.append(f"{in_words:,} dates in words are kept in the description.")
    if any(item.section for item in items):
        notes.append("The names of sections become labels.")
    return Reading("todoist", len(table.rows), finish(drafts, problems), problems, notes=tuple(notes))


def _items(table: Table, problems: Problems) -> list[_Item]:
    items: list[_Item] = []
    parents: dict[int, str] = {}
    section: str | None = None
    seen: dict[str, int] = {}
    for number, row in enumerate(table.rows, start=1):
        place = f"line {row.line}"
        texts = _texts(table, row)
        kind = texts.get("TYPE", "").casefold()
        if kind == "section":
            section = texts.get("CONTENT")
            parents = {}
        elif kind == "note":
            author = _ACCOUNT_NUMBER.sub("", texts.get("AUTHOR", ""))
            if items:
                items[-1].comments.append(RawComment(texts.get("CONTENT", ""), author))
            else:
                problems.add(RowProblem(number, place, "TYPE", "misplaced", "Is a note, but no task stands above it."))
        elif kind == "task":
            indent = int(text) if is_number(text := texts.get("INDENT", "1")) and len(text) < 3 else 1  # noqa: PLR2004
            parent = parents.get(indent - 1)
            words = "\0".join((parent or section or "", texts.get("CONTENT", ""), texts.get("DESCRIPTION", "")))
            seen[words] = seen.get(words, 0) + 1
            digest = hashlib.sha256(f"{words}\0{seen[words]}".encode("utf-8", "surrogatepass")).hexdigest()
            item = _Item(number, place, texts, f"todoist-{digest[:32]}", parent, section)
            parents = {level: id_ for level, id_ in parents.items() if level < indent} | {indent: item.id}
            items.append(item)
        elif kind not in _SKIPPED:
            message = f"{shown(kind)} is no type that is known."
            problems.add(RowProblem(number, place, "TYPE", "unknown_value", message))
    return items


def _texts(table: Table, row: Row) -> dict[str, str]:
    pairs = zip(table.columns, row.cells, strict=False)
    return {column: text for column, cell in pairs if (text := cell.strip())}


def _cells(item: _Item) -> tuple[dict[str, list[tuple[str, str]]], tuple[str, ...], int]:
    texts = item.texts
    content = texts.get("CONTENT", "")
    labels = [*_LABEL.findall(content), *([item.section] if item.section else [])]
    description = [texts["DESCRIPTION"]] if "DESCRIPTION" in texts else []
    values = {
        "title": _LABEL.sub("", content).strip() or content,
        "external_id": item.id,
        "parent": item.parent,
        "priority": _PRIORITIES.get(texts.get("PRIORITY", "4"), texts.get("PRIORITY")),
        "author": _ACCOUNT_NUMBER.sub("", texts.get("AUTHOR", "")),
        "assignees": _ACCOUNT_NUMBER.sub("", texts.get("RESPONSIBLE", "")),
        "estimate_minutes": _minutes(texts),
    }
    patterns: list[str] = []
    kept = 0
    for name, column in (("due", "DATE"), ("deadline", "DEADLINE")):
        found = date_patterns.guess([texts[column]]).patterns if column in texts else []
        patterns.append(found[0] if found else "")
        if found:
            values[name] = texts[column]
        elif column in texts:
            kept += 1
            description.append(f"{column.capitalize()}: {texts[column]}")
    values["description"] = "\n\n".join(description)
    cells = {name: [(name, text)] for name, text in values.items() if text}
    cells["labels"] = [("labels", label) for label in labels]
    return cells, tuple(patterns), kept


def _minutes(texts: dict[str, str]) -> str:
    amount, unit = texts.get("DURATION", ""), texts.get("DURATION_UNIT", "").casefold()
    if is_number(amount) and unit in _MINUTES_OF_A_UNIT and len(amount) < 10:  # noqa: PLR2004
        return str(int(amount) * _MINUTES_OF_A_UNIT[unit])
    return ""


def _plan(patterns: tuple[str, ...]) -> Mapping:
    names = (
        "title",
        "description",
        "labels",
        "external_id",
        "parent",
        "priority",
        "author",
        "assignees",
        "estimate_minutes",
    )
    dates = {name: {"column": name, "format": p} for name, p in zip(("due", "deadline"), patterns, strict=True) if p}
    return Mapping.model_validate({**{name: name for name in names}, **dates})
