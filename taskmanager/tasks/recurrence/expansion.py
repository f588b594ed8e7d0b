"""The wall times of a rule, as python-dateutil finds them.

It cannot be stopped between two results, so it begins in the period that is asked for instead of the first one, and
takes a step that counts: a rule that never yields ends after a bounded number of periods, not in the year 9999.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any, Literal

from dateutil.rrule import DAILY, HOURLY, MINUTELY, MONTHLY, WEEKLY, YEARLY, rrule, weekday

from taskmanager.tasks.recurrence.rule import Rule

# How many periods are looked through: 400 years, after which the calendar repeats, or some 40 years of days. All of
# them take about as long, less than a twentieth of a second.
_PERIODS = {"YEARLY": 400, "MONTHLY": 4_800}
_SHORT_PERIODS = 15_000
_FREQUENCIES: dict[str, Literal[0, 1, 2, 3, 4, 5]] = {
    "YEARLY": YEARLY,
    "MONTHLY": MONTHLY,
    "WEEKLY": WEEKLY,
    "DAILY": DAILY,
    "HOURLY": HOURLY,
    "MINUTELY": MINUTELY,
}
_MONTHS = 12


class TooFarError(Exception):
    """Nothing was found in as many periods as are looked through."""


class _Step(int):
    """An interval that can be added only so often."""

    left: int

    def _take(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooFarError

    def __radd__(self, other: int) -> int:
        self._take()
        return other + int(self)

    def __mul__(self, other: int) -> int:
        self._take()
        return int(self) * other


def walls(rule: Rule, first: datetime, near: datetime) -> Iterator[datetime]:
    """Yield the wall times of a rule that begins at ``first``, ascending, without ``first`` itself and without ends.

    Of those before ``near`` some or all are left out. Raises :class:`TooFarError`.
    """
    step = _Step(rule.interval)
    step.left = _PERIODS.get(rule.freq, _SHORT_PERIODS) // max(len(rule.numbers("BYSETPOS")), 1)
    parts = _parts(rule, first)
    begin = _period(rule, first, near)
    try:
        found = rrule(_FREQUENCIES[rule.freq], dtstart=begin, interval=step, wkst=rule.week_start, **parts)
        for wall in found:
            if wall > first:
                yield wall
    except ValueError:
        # No step ever meets an hour or minute of the rule, or the calendar is over.
        return


def _parts(rule: Rule, first: datetime) -> dict[str, Any]:
    """Return the BY parts with those that the first date implies."""
    parts: dict[str, Any] = {name.lower(): numbers for name, numbers in rule.by}
    if rule.days:
        parts["byweekday"] = [weekday(day, place) if place else weekday(day) for day, place in _places(rule)]
    if not {"byyearday", "bymonthday", "byweekday"} & set(parts):
        if rule.freq == "WEEKLY" or "byweekno" in parts:
            parts["byweekday"] = [weekday(first.weekday())]
        elif rule.freq in {"YEARLY", "MONTHLY"}:
            parts["bymonthday"] = [first.day]
            if rule.freq == "YEARLY":
                parts.setdefault("bymonth", [first.month])
    if rule.freq not in {"HOURLY", "MINUTELY"}:
        parts.setdefault("byhour", [first.hour])
    if rule.freq != "MINUTELY":
        parts.setdefault("byminute", [first.minute])
    parts.setdefault("bysecond", [first.second])
    return parts


def _places(rule: Rule) -> list[tuple[int, int]]:
    """Return the weekdays either all with a place or all without: dateutil takes a mixture for "both at once"."""
    if not any(place for _, place in rule.days):
        return list(rule.days)
    most = 5 if rule.freq == "MONTHLY" or rule.numbers("BYMONTH") else 53
    return [(day, place) for day, given in rule.days for place in ([given] if given else range(1, most + 1))]


def _period(rule: Rule, first: datetime, near: datetime) -> datetime:
    """Return the beginning of the last period up to ``near`` that a whole number of intervals leads to."""
    match rule.freq:
        case "YEARLY":
            years = _whole(near.year - first.year, rule.interval)
            moved = datetime(first.year + years, 1, 1)  # noqa: DTZ001 - wall times
        case "MONTHLY":
            months = _whole((near.year - first.year) * _MONTHS + near.month - first.month, rule.interval)
            year, month = divmod(first.month - 1 + months, _MONTHS)
            moved = datetime(first.year + year, month + 1, 1)  # noqa: DTZ001
        case "WEEKLY" | "DAILY":
            days = 7 if rule.freq == "WEEKLY" else 1
            begin = first.date()
            if rule.freq == "WEEKLY" and near > first:
                begin -= timedelta(days=(first.weekday() - rule.week_start) % 7)
            passed = _whole((near.date() - begin).days, rule.interval * days)
            moved = datetime.combine(begin + timedelta(days=passed), time.min)
        case _:
            unit = timedelta(hours=1) if rule.freq == "HOURLY" else timedelta(minutes=1)
            begun = first.replace(minute=0, second=0) if rule.freq == "HOURLY" else first.replace(second=0)
            moved = begun + _whole((near - begun) // unit, rule.interval) * unit
    return max(moved, first)


def _whole(passed: int, interval: int) -> int:
    return max(passed, 0) // interval * interval
