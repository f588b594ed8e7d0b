"""Recurrence in iCalendar: one RRULE that begins at DUE; what goes beyond that is kept as it stands."""

import json
from collections.abc import Iterator, Sequence

from icalendar.parser import unescape_backslash
from pydantic import ValidationError

from taskmanager.integrations.formats.drafts import Moment, RecurrenceDraft
from taskmanager.integrations.formats.own_records import RecurrenceRecord

PROGRESS = "X-TASKMANAGER-RECURRENCE"
NAMES = {"RRULE", "RDATE", "EXDATE", "EXRULE", PROGRESS}
Property = tuple[str, str]
"""Name and value of a content line."""


def follow(properties: Sequence[Property], due: Moment | None) -> RecurrenceDraft | None:
    """Return what the properties of a task say together, or None if that cannot be followed."""
    values = dict(properties)
    if due is None or "RRULE" not in values or len(values) < len(properties) or not set(values) <= {"RRULE", PROGRESS}:
        return None
    for progress in (values.get(PROGRESS, ""), ""):
        try:
            known = json.loads(unescape_backslash(progress)) if progress else {}
            return RecurrenceRecord.model_validate({**known, "rrule": values["RRULE"]}).draft(due)
        except (ValidationError, ValueError, TypeError, RecursionError):
            continue
    return None


def told(recurrence: RecurrenceDraft) -> Iterator[Property]:
    """Yield the properties of a recurrence; the second one is for ourselves, its value a text to be escaped."""
    yield "RRULE", recurrence.rrule
    progress = {
        "anchor": recurrence.anchor,
        "catch_up": recurrence.catch_up,
        "start": recurrence.start.as_json(),
        "occurrence": recurrence.occurrence.as_json(),
        "number": recurrence.number,
    }
    yield PROGRESS, json.dumps(progress)
