"""Alarms of iCalendar tasks (RFC 5545, 3.6.6): those that only say when become reminders, the others are kept.

An alarm counts from the beginning of a day that is due, a reminder from nine in the morning of it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from icalendar.parser import Contentline

from taskmanager.integrations.formats.drafts import Moment, ReminderDraft
from taskmanager.tasks.reminders.schemas import MOST_REMINDERS
from taskmanager.tasks.reminders.times import MINUTES_OF_A_DAY, MORNING, MOST_MINUTES

# What may be left out: how an alarm sounds, what it says, what its program calls it.
_KNOWN = {"ACTION", "TRIGGER", "DESCRIPTION", "SUMMARY", "ATTACH", "UID", "X-WR-ALARMUID"}
_ACTIONS = {"DISPLAY", "AUDIO"}
_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?", re.ASCII
)
_MINUTES = (7 * MINUTES_OF_A_DAY, MINUTES_OF_A_DAY, 60, 1)
_MORNING = MORNING.hour * 60


def take_alarms(
    nested: Sequence[str], start: Moment | None, due: Moment | None
) -> tuple[tuple[ReminderDraft, ...], list[str]]:
    """Return the reminders among the components inside a task, and the content lines of the others."""
    reminders: dict[ReminderDraft, None] = {}
    kept: list[str] = []
    for component in _components(nested):
        reminder = _reminder(component, start, due)
        if reminder is not None and (reminder in reminders or len(reminders) < MOST_REMINDERS):
            reminders[reminder] = None
        else:
            kept += component
    return tuple(reminders), kept


def _components(lines: Sequence[str]) -> Iterator[list[str]]:
    component: list[str] = []
    depth = 0
    for line in lines:
        component.append(line)
        word = line.strip().partition(":")[0].partition(";")[0].upper()
        depth += (word == "BEGIN") - (word == "END")
        if depth == 0:
            yield component
            component = []


def _reminder(component: Sequence[str], start: Moment | None, due: Moment | None) -> ReminderDraft | None:
    if component[0].strip().upper() != "BEGIN:VALARM":
        return None
    found: dict[str, tuple[dict[str, str], str]] = {}
    for line in component[1:-1]:
        try:
            name, params, value = Contentline(line).raw_parts()  # type: ignore[no-untyped-call]
        except ValueError:
            return None
        if name.upper() not in _KNOWN or name.upper() in found:
            return None
        found[name.upper()] = {key.upper(): str(params[key]).upper() for key in params}, value.strip().upper()
    if "TRIGGER" not in found or found.get("ACTION", ({}, "DISPLAY"))[1] not in _ACTIONS:
        return None
    says, when = found["TRIGGER"]
    return _at(when) if says.get("VALUE") == "DATE-TIME" else _before_due(says, when, start, due)


def _at(value: str) -> ReminderDraft | None:
    try:
        return ReminderDraft(at=datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
    except ValueError:
        return None


def _before_due(params: dict[str, str], value: str, start: Moment | None, due: Moment | None) -> ReminderDraft | None:
    """Return a reminder of an alarm that counts from the due date; from the start only where there is no other."""
    match = _DURATION.fullmatch(value)
    counts_from_due = params.get("RELATED", "START") == "END" or start is None or start == due
    if match is None or due is None or not counts_from_due or int(match[6] or 0) % 60:
        return None
    minutes = sum(int(part or 0) * each for part, each in zip(match.groups()[1:5], _MINUTES, strict=True))
    minutes += int(match[6] or 0) // 60
    before = (minutes if match[1] == "-" else -minutes) + (_MORNING if due.local is None else 0)
    return ReminderDraft(minutes_before_due=before) if 0 <= before <= MOST_MINUTES else None


def trigger_of(reminder: ReminderDraft, due: Moment | None) -> str | None:
    """Return the content line of a trigger; None where there is no due date to count from."""
    if reminder.at is not None:
        instant = reminder.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
        return f"TRIGGER;VALUE=DATE-TIME:{instant.replace('-', '').replace(':', '')}Z"
    if due is None or reminder.minutes_before_due is None:
        return None
    before = reminder.minutes_before_due - (_MORNING if due.local is None else 0)
    days, minutes = divmod(abs(before), MINUTES_OF_A_DAY)
    parts = (f"{days}D" if days else "") + (f"T{minutes}M" if minutes or not days else "")
    return f"TRIGGER;RELATED=END:{'-' if before > 0 else ''}P{parts}"
