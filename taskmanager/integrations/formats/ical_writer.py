"""iCalendar tasks out: valid for other programs, and read back by us without loss in what the format can carry."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache

from icalendar import Timezone
from icalendar.parser import Contentline

from taskmanager.integrations.formats.drafts import Moment, TaskDraft
from taskmanager.integrations.formats.ical_alarms import trigger_of
from taskmanager.integrations.formats.ical_reader import DEADLINE, PROJECT
from taskmanager.integrations.formats.ical_recurrence import told

_STATUS = {"todo": "NEEDS-ACTION", "in_progress": "IN-PROCESS", "done": "COMPLETED", "cancelled": "CANCELLED"}
_PRIORITY = {4: "1", 3: "3", 2: "5", 1: "9"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_ical(drafts: Iterable[TaskDraft]) -> Iterator[bytes]:
    """Yield a calendar in pieces (RFC 5545), one VTODO a task; a zone is defined before the first task that uses it.

    Comments and assignees are left out: iCalendar has no authors of comments, and an attendee needs a mail address.
    """
    yield b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//TaskManager//EN\r\n"
    defined: set[str] = {"UTC"}
    for number, draft in enumerate(drafts, start=1):
        for moment in (draft.start, draft.due):
            if moment is not None and moment.zone is not None and moment.zone not in defined:
                defined.add(moment.zone)
                yield _definition(moment.zone)
        lines = ["BEGIN:VTODO", *_lines(draft, number), *_kept(draft.raw), *_alarms(draft), "END:VTODO"]
        yield b"".join(_fold(line) for line in lines)
    yield b"END:VCALENDAR\r\n"


def _fold(line: str) -> bytes:
    return bytes(Contentline(line).to_ical()) + b"\r\n"  # type: ignore[no-untyped-call]


@lru_cache(maxsize=64)
def _definition(zone: str) -> bytes:
    return bytes(Timezone.from_tzid(zone).to_ical())


def _lines(draft: TaskDraft, number: int) -> Iterator[str]:
    yield f"UID:{_text(draft.external_id or f'task-{number}')}"
    yield f"DTSTAMP:{_instant(draft.updated_at or draft.created_at or _EPOCH)}"
    yield f"SUMMARY:{_text(draft.title)}"
    yield f"STATUS:{_STATUS[draft.status]}"
    optional = {
        "DESCRIPTION:": draft.description and _text(draft.description),
        "PRIORITY:": _PRIORITY.get(draft.priority),
        "DTSTART": draft.start and _moment(draft.start),
        "DUE": draft.due and _moment(draft.due),
        f"{DEADLINE};VALUE=DATE:": draft.deadline and _day(draft.deadline),
        "CATEGORIES:": ",".join(map(_text, draft.labels)),
        "RELATED-TO:": draft.parent and _text(draft.parent),
        "ESTIMATED-DURATION:": None if draft.estimate_minutes is None else f"PT{draft.estimate_minutes}M",
        f"{PROJECT}:": draft.project and _text(draft.project),
        "CREATED:": draft.created_at and _instant(draft.created_at),
        "LAST-MODIFIED:": draft.updated_at and _instant(draft.updated_at),
        "COMPLETED:": draft.completed_at and _instant(draft.completed_at),
    }
    yield from (name + value for name, value in optional.items() if value)
    if draft.recurrence is not None:
        for name, value in told(draft.recurrence):
            yield f"{name}:{value if name == 'RRULE' else _text(value)}"


def _alarms(draft: TaskDraft) -> Iterator[str]:
    for reminder in draft.reminders:
        trigger = trigger_of(reminder, draft.due)
        if trigger is not None:
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(draft.title)}", trigger, "END:VALARM")


def _kept(raw: str) -> list[str]:
    """Return the content lines of another program, unless they would break out of the task they belong to."""
    lines = [line for line in raw.split("\n") if line]
    open_ones: list[str] = []
    for line in lines:
        try:
            name, _, value = Contentline(line).raw_parts()  # type: ignore[no-untyped-call]
        except ValueError:
            return []
        if name.upper() == "BEGIN":
            open_ones.append(value.upper())
        elif name.upper() == "END" and (not open_ones or open_ones.pop() != value.upper()):
            return []
    return [] if open_ones else lines


def _text(text: str) -> str:
    # The library's own escaping takes a backslash before a capital N for a line break.
    text = _CONTROLS.sub(" ", text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _instant(instant: datetime) -> str:
    return _local(instant.astimezone(UTC)) + "Z"


def _local(local: datetime) -> str:
    return local.replace(microsecond=0, tzinfo=None).isoformat().replace("-", "").replace(":", "")


def _moment(moment: Moment) -> str:
    if moment.local is None:
        return f";VALUE=DATE:{_day(moment.day or _EPOCH)}"
    if moment.zone == "UTC":
        return f":{_local(moment.local)}Z"
    return f"{f';TZID={moment.zone}' if moment.zone else ''}:{_local(moment.local)}"
