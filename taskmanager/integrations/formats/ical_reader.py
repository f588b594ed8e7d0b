"""iCalendar tasks (RFC 5545 VTODO): what a task has a field for is read, the rest is kept as it stands."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from icalendar.parser import split_on_unescaped_comma, unescape_backslash
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from taskmanager.integrations.formats import values
from taskmanager.integrations.formats.building import finish, settle
from taskmanager.integrations.formats.dates import check_moment, local_instant, zones
from taskmanager.integrations.formats.decoding import decode
from taskmanager.integrations.formats.drafts import CommentDraft, Moment, Problems, Reading, RowProblem, TaskDraft
from taskmanager.integrations.formats.ical_alarms import take_alarms
from taskmanager.integrations.formats.ical_components import Calendar, Todo, parse
from taskmanager.integrations.formats.ical_recurrence import NAMES as RECURRENCE
from taskmanager.integrations.formats.ical_recurrence import follow
from taskmanager.integrations.formats.values import BadValueError, refuse, shown
from taskmanager.integrations.formats.words import is_number
from taskmanager.tasks.schemas import MAX_ASSIGNEES, MAX_LABELS

DEADLINE = "X-TASKMANAGER-DEADLINE"
PROJECT = "X-TASKMANAGER-PROJECT"

_STATUS = {"NEEDS-ACTION": "todo", "IN-PROCESS": "in_progress", "COMPLETED": "done", "CANCELLED": "cancelled"}
# RFC 5545, 3.8.1.9: 1 is the highest of nine, 5 the middle, 0 none.
_PRIORITY = {"0": 0, "1": 4, "2": 4, "3": 3, "4": 3, "5": 2, "6": 1, "7": 1, "8": 1, "9": 1}
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?", re.ASCII)
# Made anew by every writer.
_DROPPED = {"DTSTAMP"}
_LONGEST_KEPT_LINE = 10_000


def read_ical(content: bytes, timezone: str) -> Reading:
    """Read the VTODO components of an iCalendar file.

    Local times of COMPLETED and CREATED, which should be UTC, are read in ``timezone``. What has no field of ours
    (exceptions of a recurrence, X- properties) is kept in ``raw``, one content line each.

    Raises UnreadableFileError for what is no iCalendar file.
    """
    calendar = parse(decode(content))
    problems = Problems()
    notes = []
    drafts: list[TaskDraft] = []
    left_out = unfollowed = 0
    for row, todo in enumerate(calendar.todos, start=1):
        reader = _TodoReader(calendar, timezone, RowProblem(row, f"VTODO {row}", "", "", ""), problems)
        draft = reader.read(todo)
        left_out += reader.left_out
        unfollowed += reader.unfollowed
        if draft is not None:
            drafts.append(draft)
    if calendar.others:
        notes.append(f"{calendar.others:,} components that are no tasks (VTODO) were left out.")
    if left_out:
        notes.append(f"{left_out:,} properties too long to keep (attachments) were left out.")
    if unfollowed:
        notes.append(f"{unfollowed:,} recurrences that cannot be followed (no DUE, exceptions, rare rules) were kept.")
    return Reading("icalendar", len(calendar.todos), finish(drafts, problems), problems, notes=tuple(notes))


@dataclass(slots=True)
class _TodoReader:
    calendar: Calendar
    timezone: str
    where: RowProblem
    problems: Problems
    found: dict[str, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[CommentDraft] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    recurring: list[tuple[str, str, str]] = field(default_factory=list)
    unfollowed: int = 0
    percent: int = 0
    left_out: int = 0

    def read(self, todo: Todo) -> TaskDraft | None:
        """Return the draft, or None once all problems are noted."""
        before = self.problems.count
        occurrence = ""
        for line in todo.lines:
            try:
                name, params, value = line.raw_parts()
            except ValueError:
                self._note("", "malformed", f"{shown(line)} is no content line.")
                continue
            name = name.upper()
            if name == "RECURRENCE-ID":
                occurrence = "#" + value
            try:
                if not self._take(name, params, value):
                    self._set_aside(name, value, str(line))
            except BadValueError as error:
                self._note(name, error.code, error.message)
        self._try("CATEGORIES", self._take_lists)
        self._take_recurrence(follows=not occurrence)
        if "title" not in self.found and self.problems.count == before:
            self._note("SUMMARY", "missing", "Is missing.")
        # An occurrence that was changed on its own shares the UID of its series.
        if occurrence and "external_id" in self.found:
            self.found["external_id"] = (self.found["external_id"] + occurrence)[: values.EXTERNAL_ID_LENGTH]
        self.found["reminders"], nested = take_alarms(todo.nested, self.found.get("start"), self.found.get("due"))
        self._try("", lambda: self.found.update(raw=values.check_text("\n".join(self._keep(self.kept + nested)))))
        if self.problems.count > before:
            return None
        if self.percent and "completed_at" not in self.found:
            self.found.setdefault("status", "done" if self.percent == 100 else "in_progress")  # noqa: PLR2004
        return TaskDraft(**settle(self.found), row=self.where.row, place=self.where.place)

    def _set_aside(self, name: str, value: str, line: str) -> None:
        if name in RECURRENCE:
            self.recurring.append((name, value, line))
        else:
            self.kept.append(line)

    def _note(self, field_name: str, code: str, message: str) -> None:
        self.problems.add(RowProblem(self.where.row, self.where.place, field_name, code, message))

    def _try(self, name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except BadValueError as error:
            self._note(name, error.code, error.message)

    def _take_lists(self) -> None:
        self.found["labels"] = values.check_names(self.labels, values.LABEL_LENGTH, MAX_LABELS)
        self.found["assignees"] = values.check_names(self.assignees, values.NAME_LENGTH, MAX_ASSIGNEES)
        if len(self.comments) > values.MOST_COMMENTS:
            refuse("too_many", f"At most {values.MOST_COMMENTS:,} comments fit.")
        self.found["comments"] = tuple(self.comments)
        if "project" not in self.found and self.calendar.name.strip():
            self.found["project"] = values.check_line(self.calendar.name)

    def _take_recurrence(self, *, follows: bool) -> None:
        """Take the rule, or keep all that belongs to it."""
        properties = [(name, value) for name, value, _ in self.recurring]
        self.found["recurrence"] = follow(properties, self.found.get("due")) if follows else None
        if properties and self.found["recurrence"] is None:
            self.kept += [line for _, _, line in self.recurring]
            self.unfollowed += 1

    def _keep(self, lines: list[str]) -> Iterator[str]:
        room = values.TEXT_LENGTH
        for line in lines:
            room -= len(line) + 1
            if len(line) > _LONGEST_KEPT_LINE or room < 0:
                self.left_out += 1
            else:
                yield line

    def _take(self, name: str, params: Any, value: str) -> bool:
        """Take a property into its field; False if there is none for it."""
        if name in _DROPPED:
            return True
        target = _FIELDS.get(name)
        if target is None:
            return self._take_list(name, params, value)
        if target in self.found or (target == "parent" and params.get("RELTYPE", "PARENT").upper() != "PARENT"):
            return False
        self.found[target] = self._value(target, params, value)
        return True

    def _take_list(self, name: str, params: Any, value: str) -> bool:
        match name:
            case "CATEGORIES":
                self.labels += split_on_unescaped_comma(value)
            case "COMMENT":
                body = unescape_backslash(value)
                self.comments += [CommentDraft(values.check_comment(body))] if body.strip() else []
            case "ATTENDEE":
                self.assignees.append(_person(params, value))
            case "PERCENT-COMPLETE":
                self.percent = int(value) if is_number(value) and len(value) < 4 else 0  # noqa: PLR2004
                return False
            case _:
                return False
        return True

    def _value(self, target: str, params: Any, value: str) -> object:
        if target in {"start", "due"}:
            return self._moment(params, value)
        if target.endswith("_at"):
            return self._instant(params, value)
        if target == "author":
            return values.check_line(_person(params, value))
        return _CHECKS[target](value)

    def _moment(self, params: Any, value: str) -> Moment:
        day, local, utc = _time(value)
        if local is None:
            return Moment(day=day)
        moment = Moment(local=local, zone="UTC" if utc else self._zone(params))
        try:
            return check_moment(moment)
        except ValueError:
            refuse("invalid_date", f"{shown(value)} is out of range.")

    def _instant(self, params: Any, value: str) -> datetime:
        day, local, utc = _time(value)
        local = local or datetime(day.year, day.month, day.day)  # noqa: DTZ001 - its zone follows
        if utc:
            return local.replace(tzinfo=UTC)
        try:
            return local_instant(local, self._zone(params) or self.timezone)
        except ValueError:
            refuse("invalid_date", f"{shown(value)} is out of range.")

    def _zone(self, params: Any) -> str | None:
        """Return the IANA name of TZID: itself, by Windows' names, by the file's hint, or after a vendor's prefix."""
        name = params.get("TZID")
        if not name:
            return None
        name = str(name)
        pieces = name.split("/")
        guesses = (
            name,
            WINDOWS_TO_OLSON.get(name),
            self.calendar.zones.get(name),
            "/".join(pieces[-2:]),
            "/".join(pieces[-3:]),
        )
        zone = next((guess for guess in guesses if guess in zones()), None)
        if zone is None:
            refuse("unknown_zone", f"{shown(name)} is no time zone that is known.")
        return zone


_FIELDS = {
    "SUMMARY": "title",
    "DESCRIPTION": "description",
    "STATUS": "status",
    "PRIORITY": "priority",
    "DTSTART": "start",
    "DUE": "due",
    DEADLINE: "deadline",
    "COMPLETED": "completed_at",
    "CREATED": "created_at",
    "LAST-MODIFIED": "updated_at",
    "UID": "external_id",
    "RELATED-TO": "parent",
    "ESTIMATED-DURATION": "estimate_minutes",
    "ORGANIZER": "author",
    PROJECT: "project",
}


_CHECKS: dict[str, Callable[[str], object]] = {
    "title": lambda value: values.check_line(unescape_backslash(value), values.TITLE_LENGTH),
    "description": lambda value: values.check_text(unescape_backslash(value)),
    "status": lambda value: _look_up(_STATUS, value.strip().upper()),
    "priority": lambda value: _look_up(_PRIORITY, value.strip()),
    "deadline": lambda value: _time(value)[0],
    "external_id": lambda value: values.check_line(unescape_backslash(value), values.EXTERNAL_ID_LENGTH),
    "parent": lambda value: values.check_line(unescape_backslash(value), values.EXTERNAL_ID_LENGTH),
    "estimate_minutes": values.check_minutes,
    "project": lambda value: values.check_line(unescape_backslash(value)),
}


def _look_up(known: dict[str, Any], word: str) -> Any:
    if word not in known:
        refuse("unknown_value", f"{shown(word)} is not among {', '.join(known)}.")
    return known[word]


def _time(value: str) -> tuple[date, datetime | None, bool]:
    match = _TIME.fullmatch(value.strip())
    try:
        if match is None:
            raise ValueError(value)  # noqa: TRY301 - both ways end in the same refusal
        day = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4] is None:
            return day, None, False
        # A leap second, which RFC 5545 allows, is the second before it.
        second = min(int(match[6]), 59) if match[6] == "60" else int(match[6])
        local = datetime(day.year, day.month, day.day, int(match[4]), int(match[5]), second)  # noqa: DTZ001
        return day, local, match[7] is not None
    except ValueError:
        refuse("invalid_date", f"{shown(value)} is no date or time of RFC 5545.")


def _person(params: Any, value: str) -> str:
    name = params.get("CN")
    return str(name) if name else re.sub(r"^mailto:", "", value.strip(), flags=re.IGNORECASE)
