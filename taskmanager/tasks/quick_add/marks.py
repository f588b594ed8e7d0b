"""What a line holds beside plain words: ``#project /section @label +name p1 {deadline} "literal" // note``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from taskmanager.tasks.quick_add.grammar import ESCAPE, MARKS, TRAILING

Kind = Literal["project", "section", "label", "assignee", "priority", "date", "recurrence", "deadline", "description"]
KINDS: dict[str, Kind] = {"#": "project", "/": "section", "@": "label", "+": "assignee"}
_LONGEST: dict[Kind, int] = {"project": 200, "section": 200, "label": 60, "assignee": 64}
# How names may look without quotes: a path is no section, +1 nobody, @5pm a time.
_BARE: dict[Kind, re.Pattern[str]] = {
    "section": re.compile(r"[^/]+"),
    "assignee": re.compile(r"[a-z][a-z0-9._-]*", re.IGNORECASE | re.ASCII),
    "label": re.compile(r"(?!\d{1,2}(?::\d\d(?:[ap]m)?|[ap]\.?m)\Z).+", re.IGNORECASE | re.ASCII),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_URGENT = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a line with its value; offsets count code points. Without a kind it is literal text of the title."""

    start: int
    end: int
    kind: Kind | None
    value: str
    quoted: bool = False


def marks_of(line: str) -> Iterator[Mark]:
    """Yield the marks of a line in order; a note goes to its end."""
    for match in MARKS.finditer(line):
        match match.lastgroup:
            case "note":
                yield Mark(match.start(), len(line), "description", line[match.end() :].strip())
                return
            case "quoted":
                yield Mark(match.start(), match.end(), None, ESCAPE.sub(r"\1", match[0][1:-1]), quoted=True)
            case "escaped":
                yield Mark(match.start(), match.end(), None, match[0][1:])
            case "deadline":
                yield _until_punctuation(line, match, "deadline", match["deadline"])
            case "priority":
                yield _until_punctuation(line, match, "priority", str(_MOST_URGENT + 1 - int(match["priority"][1])))
            case "urgency":
                yield _until_punctuation(line, match, "priority", str(len(match[0])))
            case _:
                yield from _named(line, match)


def _named(line: str, match: re.Match[str]) -> Iterator[Mark]:
    kind, word = KINDS[match["mark"]], match["word"]
    if word is not None and kind in _BARE and not _BARE[kind].fullmatch(word):
        return
    name = word if word is not None else " ".join(ESCAPE.sub(r"\1", match["name"]).split())
    if name and len(name) <= _LONGEST[kind] and not _CONTROL.search(name):
        yield _until_punctuation(line, match, kind, name, quoted=word is None)


def _until_punctuation(line: str, match: re.Match[str], kind: Kind, value: str, *, quoted: bool = False) -> Mark:
    return Mark(match.start(), after_punctuation(line, match.end()), kind, value, quoted)


def after_punctuation(line: str, end: int) -> int:
    """Return where a token ends with the mark of punctuation that closes it, if one does."""
    return end + 1 if TRAILING.match(line, end) else end
