"""What a filter says, as plain values. ``And`` never holds an ``And``, nor ``Or`` an ``Or``: they have many parts."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from taskmanager.tasks.date_words import Day

PlainWord = Literal[
    "today",
    "tomorrow",
    "overdue",
    "no date",
    "recurring",
    "subtask",
    "no priority",
    "no labels",
    "no assignee",
    "shared",
    "blocked",
    "has: comment",
    "assigned to: me",
    "assigned to: others",
]
DateField = Literal["due", "deadline", "created", "completed"]
Relation = Literal["before", "on", "after"]


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Query"


@dataclass(frozen=True, slots=True)
class Plain:
    """A term that says it all by itself."""

    word: PlainWord


@dataclass(frozen=True, slots=True)
class NextDays:
    """Due today or on one of the days after it, ``count`` days in all."""

    count: int


@dataclass(frozen=True, slots=True)
class Dated:
    field: DateField
    relation: Relation
    day: Day


@dataclass(frozen=True, slots=True)
class Priority:
    """``p1``, the most urgent, to ``p4``; the API counts the other way round."""

    p: int


@dataclass(frozen=True, slots=True)
class Label:
    """A label of this name, or with ``begins`` one whose name begins so."""

    name: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class InProject:
    """In a project of this name, or with ``below`` also in those that lie in it."""

    name: str
    below: bool = False


@dataclass(frozen=True, slots=True)
class InSection:
    name: str


@dataclass(frozen=True, slots=True)
class AssignedTo:
    """Given to the account of this user name."""

    name: str


@dataclass(frozen=True, slots=True)
class HasStatus:
    status: str


@dataclass(frozen=True, slots=True)
class Search:
    """All words of ``text`` stand in title, description or comments; the last one may go on."""

    text: str


Term = Plain | NextDays | Dated | Priority | Label | InProject | InSection | AssignedTo | HasStatus | Search
Query = And | Or | Not | Term


def all_of(parts: list[Query]) -> Query:
    """Return what holds where all of some queries (at least one) hold."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, And) else (part,)))
    return flat[0] if len(flat) == 1 else And(flat)


def any_of(parts: list[Query]) -> Query:
    """Return what holds where any of some queries (at least one) holds."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, Or) else (part,)))
    return flat[0] if len(flat) == 1 else Or(flat)


def without_nested_not(query: Query, *, negated: bool = False) -> Query:
    """Return a query that means the same, or with ``negated`` the opposite, and has ``Not`` before terms only."""
    match query:
        case And(parts) | Or(parts):
            inner = [without_nested_not(part, negated=negated) for part in parts]
            return all_of(inner) if isinstance(query, And) != negated else any_of(inner)
        case Not(part):
            return without_nested_not(part, negated=not negated)
        case _:
            return Not(query) if negated else query


def terms(query: Query) -> Iterator[Term]:
    """Yield the terms of a query, from left to right."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)
        case Not(part):
            yield from terms(part)
        case _:
            yield query


_KINDS: dict[type[Term], str] = {
    Plain: "plain",
    NextDays: "next_days",
    Dated: "date",
    Priority: "priority",
    Label: "label",
    InProject: "project",
    InSection: "section",
    AssignedTo: "assignee",
    HasStatus: "status",
    Search: "search",
}


def as_json(query: Query) -> dict[str, Any]:
    """Return a query as JSON values: ``and`` and ``or`` of a list, ``not`` of one, or a term by its ``kind``."""
    match query:
        case And(parts):
            return {"and": [as_json(part) for part in parts]}
        case Or(parts):
            return {"or": [as_json(part) for part in parts]}
        case Not(part):
            return {"not": as_json(part)}
        case Dated(field, relation, day):
            return {"kind": "date", "field": field, "relation": relation, "day": str(day)}
        case _:
            fields = {field.name: getattr(query, field.name) for field in dataclasses.fields(query)}
            return {"kind": _KINDS[type(query)], **fields}
