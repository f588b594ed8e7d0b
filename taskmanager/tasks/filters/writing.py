"""From the tree of a filter to its canonical text: the one spelling that reads back as the same tree."""

import re

from taskmanager.tasks.filters.tree import (
    And,
    AssignedTo,
    Dated,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Or,
    Plain,
    Priority,
    Query,
    Search,
    Term,
)

_BARE = re.compile(r'[^\s#&|!()"\\*]([^&|!()"\\*\n]*[^\s&|!()"\\*])?')
_TAKEN = frozenset({"me", "others"})


def canonical(query: Query) -> str:
    """Return the text of a filter."""
    match query:
        case And(parts):
            return " & ".join(f"({canonical(part)})" if isinstance(part, Or) else canonical(part) for part in parts)
        case Or(parts):
            return " | ".join(canonical(part) for part in parts)
        case Not(part):
            return f"!({canonical(part)})" if isinstance(part, And | Or) else f"!{canonical(part)}"
        case _:
            return _term(query)


def _term(term: Term) -> str:  # noqa: C901, PLR0911 - one case a kind of term
    match term:
        case Plain(word):
            return word
        case NextDays(count):
            return f"next {count} days"
        case Dated("due", "on", day):
            return f"date: {day}"
        case Dated(field, relation, day):
            return f"{field}: {day}" if relation == "on" else f"{field} {relation}: {day}"
        case Priority(p):
            return f"p{p}"
        case Label(name, begins):
            return f"@{_name(name) if name else ''}{'*' if begins else ''}"
        case InProject(name, below):
            return f"{'##' if below else '#'}{_name(name)}"
        case InSection(name):
            return f"/{_name(name)}"
        case AssignedTo(name):
            return f'assigned to: "{name}"' if name.lower() in _TAKEN else f"assigned to: {_name(name)}"
        case HasStatus(status):
            return f"status: {status}"
        case Search(text):
            return f"search: {_name(text)}"


def _name(name: str) -> str:
    if _BARE.fullmatch(name):
        return name
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
