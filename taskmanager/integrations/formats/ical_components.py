"""The tree of an iCalendar file (RFC 5545, 3.4), as far as tasks need it: components, zones, the calendar's name."""

from dataclasses import dataclass, field

from icalendar.parser import Contentline, Contentlines, unescape_backslash

from taskmanager.integrations.formats.drafts import MAX_ROWS
from taskmanager.integrations.formats.errors import UnreadableFileError

# Components that stand directly in the calendar.
_TOP = 2


@dataclass(slots=True)
class Todo:
    """One VTODO: its own content lines, unfolded, and those of the components inside it."""

    lines: list[Contentline] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Calendar:
    """All tasks of a file; ``zones`` maps its own TZIDs to IANA names, ``others`` counts what is no task."""

    todos: list[Todo] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    name: str = ""
    others: int = 0


def parse(text: str) -> Calendar:
    """Return the tree. Raises UnreadableFileError for what does not nest as RFC 5545 has it."""
    lines = [line for line in Contentlines.from_ical(text) if line.strip()]  # type: ignore[no-untyped-call]
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        message = "The file does not begin with BEGIN:VCALENDAR."
        raise UnreadableFileError(message)
    parser = _Parser()
    for line in lines:
        parser.take(line)
    if parser.path:
        message = f"The file ends in the middle of a {parser.path[-1][:40]}."
        raise UnreadableFileError(message)
    if len(parser.calendar.todos) > MAX_ROWS:
        message = f"The file has more than {MAX_ROWS:,} tasks. Split it."
        raise UnreadableFileError(message)
    return parser.calendar


@dataclass(slots=True)
class _Parser:
    calendar: Calendar = field(default_factory=Calendar)
    path: list[str] = field(default_factory=list)
    zone: str = ""

    def take(self, line: Contentline) -> None:
        name, _, value = line.strip().partition(":")
        name, value = name.partition(";")[0].upper(), value.strip()
        inside = self.path[1:2]
        if name == "BEGIN":
            self._begin(value.upper())
        below = len(self.path) > _TOP
        if name == "END":
            self._end(value.upper())
        if inside == ["VTODO"] and below:
            self.calendar.todos[-1].nested.append(str(line))
        elif name not in {"BEGIN", "END"}:
            self._take_property(line, name, value)

    def _begin(self, kind: str) -> None:
        self.path.append(kind)
        if len(self.path) == _TOP:
            if kind == "VTODO":
                self.calendar.todos.append(Todo())
            elif kind != "VTIMEZONE":
                self.calendar.others += 1

    def _end(self, kind: str) -> None:
        if not self.path or self.path.pop() != kind:
            message = f"END:{kind[:40]} closes nothing that is open."
            raise UnreadableFileError(message)

    def _take_property(self, line: Contentline, name: str, value: str) -> None:
        if self.path[1:] == ["VTODO"]:
            self.calendar.todos[-1].lines.append(line)
        elif self.path[1:] == ["VTIMEZONE"]:
            if name == "TZID":
                self.zone = value
            elif name == "X-LIC-LOCATION":
                self.calendar.zones[self.zone] = value
        elif len(self.path) == 1 and name in {"X-WR-CALNAME", "NAME"}:
            self.calendar.name = self.calendar.name or unescape_backslash(value)
