r"""The grammar of filters, in this one place.

A name may stand bare up to the next operator, in quotes, or in both (``#Home "& Garden"``); ``\`` takes any character
as it is, in quotes too. Terminals that need a word's end look ahead for it, so that ``todays`` is not ``today``.
"""

from functools import cache
from typing import TYPE_CHECKING

from taskmanager.tasks import date_words

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR = rf"""
start: any
any: all ("|" all)*
all: one ("&" one)*
?one: "!" one -> negation
    | "(" any ")" -> group
    | _term
_term: plain | next_days | dated | priority | label | project | below | section | assigned | commented | status | search

plain: PLAIN
next_days: NEXT_DAYS
dated: DATED DAY
priority: PRIORITY
label: "@" NAME
project: "#" NAME
below: "##" NAME
section: "/" NAME
assigned: _ASSIGNED (ME | OTHERS | NAME)
commented: _HAS COMMENT
status: _STATUS STATUS
search: _SEARCH NAME

PLAIN: /(today|tomorrow|overdue|recurring|subtask|shared|blocked|no\s+(date|priority|labels|assignee))(?!\w)/i
NEXT_DAYS: /next\s+[0-9]{{1,5}}\s+days?(?!\w)/i
DATED: /((due|deadline|created|completed)\s+(before|after)|date|deadline|created|completed)\s*:/i
DAY: /({date_words.PATTERN})(?!\w)/i
PRIORITY: /p[1-4](?!\w)/i
_ASSIGNED: /assigned\s+to\s*:/i
ME.1: /me(?=\s*([&|!()]|$))/i
OTHERS.1: /others(?=\s*([&|!()]|$))/i
_HAS: /has\s*:/i
COMMENT: /comments?(?!\w)/i
_STATUS: /status\s*:/i
STATUS: /(todo|in[_ ]progress|done|cancelled)(?!\w)/i
_SEARCH: /search\s*:/i
NAME: /("(\\.|[^"\\])*"|\\.|[^\s&|!()"\\])("(\\.|[^"\\])*"|\\.|[^&|!()"\\])*/s

%ignore /\s+/
"""

_TERMS = (
    "today", "tomorrow", "overdue", "no date", "next 7 days", "due before: DAY", "due after: DAY", "date: DAY",
    "deadline: DAY", "created: DAY", "completed: DAY", "recurring", "subtask", "p1", "no priority", "@label",
    "no labels", "#project", "##project", "/section", "assigned to: NAME", "no assignee", "shared", "blocked",
    "has: comment", "status: STATUS", "search: WORDS", "!", "(",
)  # fmt: skip
_EXPECTED = {
    "VBAR": ("|",),
    "AMPERSAND": ("&",),
    "RPAR": (")",),
    "$END": ("the end",),
    "DAY": ("2026-12-31", "today", "tomorrow", "yesterday", "+3 days", "-3 days", "mon"),
    "ME": ("me",),
    "OTHERS": ("others",),
    "COMMENT": ("comment",),
    "STATUS": ("todo", "in_progress", "done", "cancelled"),
    "NAME": ("a name", '"a name in quotes"'),
    # Where this may stand, any term may.
    "PLAIN": _TERMS,
}


@cache
def parser() -> "Lark":
    """Return the parser, built when the first filter is read: a start pays nothing for it."""
    from lark import Lark  # noqa: PLC0415 - takes a tenth of a second, and many starts never need it

    return Lark(GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=False)


def in_words(terminals: set[str]) -> list[str]:
    """Return what may stand at a place, in words for people."""
    return [word for name, words in _EXPECTED.items() if name in terminals for word in words]
