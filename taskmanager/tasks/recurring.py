"""How a task's fields follow from its recurrence; they are JSON values as :func:`taskmanager.tasks.state.state` has.

``recurrence`` is the rule with the start of its series; ``occurrence`` is the date of the series that the task stands
for now, and which one that is. Both stay as they are when the due date is moved.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from taskmanager.kit.errors import InvalidError
from taskmanager.tasks.dates import When
from taskmanager.tasks.models import Task
from taskmanager.tasks.recurrence.recurrence import Recurrence
from taskmanager.tasks.recurrence.rule import RuleError, parse
from taskmanager.tasks.recurrence.series import Series
from taskmanager.tasks.state import when_json, when_of

Fields = dict[str, Any]
_RULE = ("rrule", "anchor", "catch_up")


def settled(before: Mapping[str, Any], named: Mapping[str, Any]) -> Fields:
    """Return ``recurrence`` and ``occurrence`` where a change of ``named`` fields decides on them.

    A new rule begins its series at the due date; so does the same rule together with a new due date. A due date alone
    moves one occurrence. Raises 422 for a rule without a due date or without a future.
    """
    due = named["due"] if "due" in named else before["due"]
    told = "recurrence" in named
    recurrence = named["recurrence"] if told else before["recurrence"]
    if recurrence is None:
        return {"recurrence": None, "occurrence": None} if told else {}
    if due is None:
        raise InvalidError.at("/recurrence" if told else "/due", "needs_due", "A recurring task needs a due date.")
    if not told:
        return {}
    known = before["recurrence"]
    if known is not None and due == before["due"] and all(known[name] == recurrence[name] for name in _RULE):
        return {"recurrence": known}
    return begun(recurrence, when_of(due))


def begun(recurrence: Mapping[str, Any], due: When) -> Fields:
    """Return the fields of a series that begins now; raises 422 for a rule that does not fit its first date."""
    try:
        Series(parse(recurrence["rrule"]), due).check()
    except RuleError as error:
        raise InvalidError.at("/recurrence/rrule", "invalid_rule", f"The rule {error}.") from error
    start = when_json(due)
    return {"recurrence": {**recurrence, "start": start}, "occurrence": {"date": start, "number": 1}}


def recurrence_of(task: Task) -> Recurrence | None:
    """Return how a task recurs, if it does."""
    if task.recurrence is None or task.occurrence is None:
        return None
    return Recurrence(
        series=Series(parse(task.recurrence["rrule"]), when_of(task.recurrence["start"])),
        anchor=task.recurrence["anchor"],
        catch_up=task.recurrence["catch_up"],
        current=when_of(task.occurrence["date"]),
        number=task.occurrence["number"],
    )


def rolled(task: Task, recurrence: Recurrence, now: datetime, zone: str, *, skipped: bool) -> Fields | None:
    """Return the fields of a task that goes on to its next occurrence, or None if there is none."""
    due = task.due or recurrence.current
    following = recurrence.next(due, now, zone, skipped=skipped)
    if following is None:
        return None
    return {
        "status": "todo",
        "completed_at": None,
        "due": when_json(following),
        "start": when_json(_moved(task.start, due, following)) if task.start else None,
        "occurrence": {"date": when_json(following), "number": recurrence.number + 1},
    }


def _moved(start: When, due: When, following: When) -> When:
    """Return a start date that lies before the new due date as it lay before the old one.

    By the clock where both dates have one clock, else by days.
    """
    wall, old, new = (datetime.fromisoformat(one.local) for one in (start, due, following))
    clocks = {(one.is_all_day, one.timezone) for one in (start, due, following)}
    passed = new - old if len(clocks) == 1 else timedelta(days=(new.date() - old.date()).days)
    moved = wall + passed
    return When(moved.date().isoformat() if start.is_all_day else moved.isoformat(), start.timezone)
