"""From the text of a filter to its tree."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from taskmanager.kit.errors import InvalidError
from taskmanager.tasks.date_words import read_day
from taskmanager.tasks.filters.grammar import in_words, parser
from taskmanager.tasks.filters.tree import (
    AssignedTo,
    Dated,
    DateField,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Plain,
    PlainWord,
    Priority,
    Query,
    Relation,
    Search,
    all_of,
    any_of,
)

if TYPE_CHECKING:
    from lark import Token, Tree

MAX_LENGTH = 1000
MAX_DEPTH = 50
_PIECE = re.compile(r'"((?:\\.|[^"\\])*)"|\\(.)|([^"\\]+)', re.DOTALL)


class FilterSyntaxError(Exception):
    """A text is no filter: the column (from 1) where that shows, and what could stand there instead."""

    def __init__(self, message: str, column: int, expected: list[str]) -> None:
        super().__init__(message)
        self.column = column
        self.expected = expected


def read_filter(text: str, pointer: str) -> Query:
    """Return the tree of a filter; raises 422 that says where it cannot be read and what could stand there."""
    try:
        return parse(text)
    except FilterSyntaxError as error:
        place = {"pointer": pointer, "code": "filter_syntax", "message": str(error)}
        raise InvalidError(errors=[{**place, "column": error.column, "expected": error.expected}]) from error


@lru_cache(maxsize=1024)
def parse(text: str) -> Query:
    """Return the tree of a filter; raises :class:`FilterSyntaxError`."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken  # noqa: PLC0415 - see the grammar

    if len(text) > MAX_LENGTH:
        raise FilterSyntaxError(f"A filter has at most {MAX_LENGTH} characters.", MAX_LENGTH + 1, [])
    try:
        tree = parser().parse(text)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        column = len(text.rstrip()) + 1 if at_end else cast("int", error.token.start_pos) + 1
        raise _refused(text, column, error.accepts) from error
    except UnexpectedCharacters as error:
        raise _refused(text, cast("int", error.pos_in_stream) + 1, error.allowed) from error
    return _query(cast("Any", tree.children[0]), 0)


def _refused(text: str, column: int, terminals: Any) -> FilterSyntaxError:
    expected = in_words(set(terminals))
    rest = text[column - 1 :].strip()
    word = rest.split(maxsplit=1)[0] if rest else ""
    found = f"“{word[:40]}” cannot stand here" if word else "Something is missing at the end"
    if rest.startswith('"') and not _PIECE.match(rest):
        return FilterSyntaxError("The quote that begins here has no end.", column, ['"'])
    few = f"{', '.join(expected[:8])}{' and others' if len(expected) > 8 else ''}"  # noqa: PLR2004 - as many as are read
    return FilterSyntaxError(f"{found}; expected: {few}.", column, expected)


def _query(node: "Tree[Token]", depth: int) -> Query:
    children = cast("list[Any]", node.children)
    kind = str(node.data)
    if kind in {"negation", "group"}:
        if depth == MAX_DEPTH:
            message = f"Parentheses and exclamation marks nest at most {MAX_DEPTH} deep."
            raise FilterSyntaxError(message, node.meta.start_pos + 1, [])
        inner = _query(children[0], depth + 1)
        return Not(inner) if kind == "negation" else inner
    if kind in {"any", "all"}:
        parts = [_query(child, depth) for child in children]
        return any_of(parts) if kind == "any" else all_of(parts)
    return _term(kind, children)


def _term(kind: str, tokens: list["Token"]) -> Query:  # noqa: C901, PLR0911 - one case a kind of term
    last = tokens[-1]
    match kind:
        case "plain":
            return Plain(cast("PlainWord", " ".join(last.lower().split())))
        case "next_days":
            return _next_days(last)
        case "dated":
            return _dated(tokens[0], last)
        case "priority":
            return Priority(int(last[1]))
        case "label":
            return _label(last)
        case "project" | "below":
            return InProject(_name(last), below=kind == "below")
        case "section":
            return InSection(_name(last))
        case "assigned" if last.type != "NAME":
            return Plain("assigned to: me" if last.type == "ME" else "assigned to: others")
        case "assigned":
            return AssignedTo(_name(last))
        case "commented":
            return Plain("has: comment")
        case "status":
            return HasStatus(last.lower().replace(" ", "_"))
        case _:
            return Search(_name(last))


def _next_days(token: "Token") -> NextDays:
    count = int(token.split()[1])
    if count == 0:
        raise FilterSyntaxError("“next 0 days” are no days.", _column(token), ["next 1 days"])
    return NextDays(count)


def _dated(key: "Token", token: "Token") -> Dated:
    day = read_day(token)
    if day is None:
        raise FilterSyntaxError(f"There is no day {token}.", _column(token), in_words({"DAY"}))
    words = key.rstrip(":").lower().split()
    field = "due" if words[0] == "date" else words[0]
    relation = words[1] if len(words) > 1 else "on"
    return Dated(cast("DateField", field), cast("Relation", relation), day)


def _label(token: "Token") -> Label:
    characters = _characters(token)
    begins = characters[-1:] == [("*", False)]
    if begins:
        characters.pop()
    return Label(_refuse_empty(token, _text(characters), allowed=begins), begins)


def _name(token: "Token") -> str:
    return _refuse_empty(token, _text(_characters(token)))


def _refuse_empty(token: "Token", name: str, *, allowed: bool = False) -> str:
    if not name and not allowed:
        raise FilterSyntaxError("A name is missing.", _column(token), in_words({"NAME"}))
    return name


def _characters(token: "Token") -> list[tuple[str, bool]]:
    """Return the characters of a name, and whether each was quoted; bare blanks at its end are left out."""
    characters: list[tuple[str, bool]] = []
    for quoted, escaped, bare in _PIECE.findall(token):
        if bare:
            characters += [(character, False) for character in bare]
        else:
            meant = escaped or re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
            characters += [(character, True) for character in meant]
    while characters and not characters[-1][1] and characters[-1][0].isspace():
        characters.pop()
    return characters


def _text(characters: list[tuple[str, bool]]) -> str:
    return "".join(character for character, _ in characters)


def _column(token: "Token") -> int:
    return cast("int", token.start_pos) + 1
