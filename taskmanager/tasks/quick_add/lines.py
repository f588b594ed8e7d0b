"""A pasted text as lines, each a task: bullets are taken off, what is indented belongs to the line above."""

import re
from dataclasses import dataclass

MAX_LINES = 200
_TAB = 4
_BREAK = re.compile(r"\r\n|\r|\n")
_BEGINNING = re.compile(r"(?P<indent>\s*)(?:[-*•]\s+)?(?:\[ ?\]\s+)?")


@dataclass(frozen=True, slots=True)
class Line:
    """The text of one task, where it starts in the whole, which line is its parent, and how deep it lies, from 1."""

    start: int
    text: str
    parent: int | None
    depth: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def lines_of(text: str) -> list[Line]:
    """Return the lines that are not blank."""
    lines: list[Line] = []
    above: list[tuple[int, int]] = []
    start = 0
    for whole in _BREAK.split(text):
        if beginning := _BEGINNING.match(whole):
            content = whole[beginning.end() :].rstrip()
            if content:
                indent = len(beginning["indent"].expandtabs(_TAB))
                while above and above[-1][0] >= indent:
                    above.pop()
                lines.append(Line(start + beginning.end(), content, above[-1][1] if above else None, len(above) + 1))
                above.append((indent, len(lines) - 1))
        start += len(whole)
        start += _break_at(text, start)
    return lines


def _break_at(text: str, position: int) -> int:
    found = _BREAK.match(text, position)
    return found.end() - position if found is not None else 0
