"""One line, read into what it says about a task. Pure: the same line, names and moment give the same reading."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from taskmanager.projects.names import name_key
from taskmanager.tasks.quick_add.days import day_at
from taskmanager.tasks.quick_add.grammar import LITERAL, TOKEN, readable
from taskmanager.tasks.quick_add.marks import Kind, Mark, after_punctuation, marks_of
from taskmanager.tasks.quick_add.moments import Asked, Moment, moment_at, range_end
from taskmanager.tasks.quick_add.names import INBOX, Names
from taskmanager.tasks.quick_add.planning import Plan, planned
from taskmanager.tasks.quick_add.repeats import Repeat, repeat_at

_WORD = re.compile(r"(?<![^ ])[a-z0-9@]")
_SEVERAL = frozenset({"label", "assignee"})


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a line that says something; offsets count code points. ``value`` is what it was taken for."""

    start: int
    end: int
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says. ``unknown`` are names that nobody knows: they stay in the title."""

    title: str
    tokens: tuple[Token, ...]
    unknown: tuple[Token, ...]
    plan: Plan

    def value(self, kind: Kind) -> str | None:
        """Return the value of the one token of a kind."""
        return next(iter(self.values(kind)), None)

    def values(self, kind: Kind) -> list[str]:
        return [token.value for token in self.tokens if token.kind == kind]


def read(line: str, names: Names, asked: Asked, within: str = INBOX) -> Reading:
    """Read a line; ``within`` is the key of the project that it belongs to if it names none."""
    marks = [_with_day(mark, asked.today) if mark.kind == "deadline" else mark for mark in marks_of(line)]
    meant, unknown = _known(marks, names, within)
    text = _masked(line, marks)
    plan = planned(*_moments(text, asked), asked)
    tokens = sorted([*meant, *_said(line, plan)], key=lambda token: token.start)
    literal = [mark for mark in marks if mark.kind is None]
    return Reading(_title(line, tokens, literal), tuple(tokens), tuple(unknown), plan)


def _with_day(mark: Mark, today: date) -> Mark:
    """Return a deadline with its day as value; braces that hold no day are literal text."""
    text = readable(mark.value.strip())
    day = day_at(text, 0, today)
    if day is None or day.end != len(text):
        return replace(mark, kind=None)
    return replace(mark, value=day.day.isoformat())


def _known(marks: Sequence[Mark], names: Names, within: str) -> tuple[list[Token], list[Token]]:
    """Return tokens for the marks whose names are known, and for the others.

    Of kinds that a task has once the last known one counts; the others are text, as if they were not marked.
    """
    project = next((key for key in _keys(marks, "project", names, within)), within)
    meant: list[Token] = []
    unknown: list[Token] = []
    once: set[Kind] = set()
    for mark in reversed(marks):
        if mark.kind is None or mark.kind in once:
            continue
        value = names.find(mark, project)
        token = Token(mark.start, mark.end, mark.kind, mark.value if value is None else value)
        (unknown if value is None else meant).append(token)
        if value is not None and mark.kind not in _SEVERAL:
            once.add(mark.kind)
    return meant, unknown[::-1]


def _keys(marks: Sequence[Mark], kind: Kind, names: Names, within: str) -> Iterable[str]:
    named = [mark for mark in reversed(marks) if mark.kind == kind]
    return (name_key(mark.value) for mark in named if names.find(mark, within) is not None)


def _masked(line: str, marks: Sequence[Mark]) -> str:
    """Return the line as patterns read it, with nothing to read where marks are."""
    text = list(readable(line))
    for mark in marks:
        text[mark.start : mark.end] = (LITERAL if mark.kind is None else TOKEN) * (mark.end - mark.start)
    return "".join(text)


def _moments(text: str, asked: Asked) -> tuple[list[Moment], list[Repeat]]:
    moments: list[Moment] = []
    repeats: list[Repeat] = []
    reached = 0
    for word in _WORD.finditer(text):
        start = word.start()
        if start < reached:
            continue
        if (repeat := repeat_at(text, start, asked.today)) is not None:
            repeats += [repeat] if repeat.understood else []
            reached = repeat.end
        elif (moment := moment_at(text, start, asked)) is not None:
            reached = range_end(text, moment, asked)
            if reached == moment.end:
                moments.append(moment)
    return moments, repeats


def _said(line: str, plan: Plan) -> Iterable[Token]:
    """Yield the tokens of a plan."""
    if plan.due is not None:
        for moment in plan.moments:
            yield Token(moment.start, after_punctuation(line, moment.end), "date", plan.due.local)
    if plan.repeat is not None and plan.rule is not None:
        yield Token(plan.repeat.start, after_punctuation(line, plan.repeat.end), "recurrence", plan.rule)


def _title(line: str, tokens: Sequence[Token], literal: Sequence[Mark]) -> str:
    """Return what is in no token, white space collapsed, without the backslash of what is escaped.

    Where nothing but one quoted text is left, the title is what stands in the quotes, to the letter.
    """
    edits = [(token.start, token.end, " ") for token in tokens]
    edits += [(mark.start, mark.end, mark.value) for mark in literal if line[mark.start] == "\\"]
    left, reached = [], 0
    for start, end, instead in sorted(edits):
        left += [line[reached:start], instead]
        reached = end
    title = " ".join("".join([*left, line[reached:]]).split())
    quoted = next((mark for mark in literal if mark.quoted), None)
    if quoted is not None and title == " ".join(line[quoted.start : quoted.end].split()):
        return quoted.value.strip()
    return title
