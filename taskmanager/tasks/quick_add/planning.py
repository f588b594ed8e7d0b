"""From what words say about days, times and recurrences to a due date and a rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from taskmanager.tasks.dates import When
from taskmanager.tasks.quick_add.days import later
from taskmanager.tasks.quick_add.moments import Asked, Moment
from taskmanager.tasks.quick_add.repeats import Repeat
from taskmanager.tasks.quick_add.rule_days import SHORTEST_MONTH, month_days
from taskmanager.tasks.recurrence.expansion import TooFarError, walls
from taskmanager.tasks.recurrence.recurrence import Anchor
from taskmanager.tasks.recurrence.rule import RuleError, parse
from taskmanager.tasks.recurrence.series import Series

_ONE_DAY = timedelta(days=1)
# So many recurrences that cannot be are looked at, from the last one on.
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """When a task is due and comes again, and the words that say so."""

    due: When | None = None
    rule: str | None = None
    anchor: Anchor = "due"
    moments: Sequence[Moment] = ()
    repeat: Repeat | None = None


def planned(moments: Sequence[Moment], repeats: Sequence[Repeat], asked: Asked) -> Plan:
    """Choose the last day, the last recurrence, and the last time of day unless a chosen one has its own.

    What is not chosen stays in the title: of "prepare monday meeting friday" the last one is when.
    """
    for repeat in reversed(repeats[-_TRIES:]):
        chosen, when = _chosen(moments, repeat, asked)
        try:
            return _recurring(repeat, when, chosen)
        except (RuleError, TooFarError, OverflowError):
            # No such rule, or one that is over before it begins.
            continue
    chosen, when = _chosen(moments, None, asked)
    return Plan(when.once(), moments=chosen) if chosen else Plan()


def _chosen(moments: Sequence[Moment], repeat: Repeat | None, asked: Asked) -> "tuple[list[Moment], _When]":
    day = next((one for one in reversed(moments) if one.day is not None), None)
    clock = day if day is not None and day.clock is not None else None
    if clock is None and (repeat is None or repeat.clock is None):
        clock = next((one for one in reversed(moments) if one.day is None), None)
    time_of_day = clock.clock if clock is not None else repeat.clock if repeat is not None else None
    when = _When(day.day if day is not None else None, time_of_day, asked)
    return [one for one in moments if one is day or one is clock], when


@dataclass(frozen=True, slots=True)
class _When:
    day: date | None
    clock: time | None
    asked: Asked

    def at(self, day: date) -> When:
        if self.clock is None:
            return When(day.isoformat())
        return When(datetime.combine(day, self.clock).isoformat(), self.asked.timezone)

    def is_over(self, day: date) -> bool:
        """Tell whether the time of day has passed on a day; of a day itself none has before it ends."""
        instant = self.at(day).at
        return day < self.asked.today if instant is None else instant <= self.asked.now

    def once(self) -> When:
        return self.at(self.day or self.coming(self.asked.today))

    def coming(self, day: date) -> date:
        """Return the first day from this one on whose time is still to come."""
        while self.is_over(day):
            day += _ONE_DAY
        return day


def _recurring(repeat: Repeat, when: _When, chosen: Sequence[Moment]) -> Plan:
    due = _first(repeat, when)
    rule = _rule(repeat, date.fromisoformat(due.local[:10]))
    parsed = parse(rule)
    Series(parsed, due).check()
    return Plan(due, parsed.text, repeat.anchor, chosen, repeat)


def _first(repeat: Repeat, when: _When) -> When:
    """Return the first date: the day that is named, else the first from the start on that the rule names."""
    if when.day is not None and repeat.first is None:
        return when.at(when.day)
    start = repeat.first or when.asked.today
    if repeat.freq in {"HOURLY", "MINUTELY"} and when.clock is None:
        return _soon(repeat, when.asked)
    if not repeat.parts:
        return when.at(when.coming(start)) if repeat.freq not in {"HOURLY", "MINUTELY"} else _next(repeat, when, start)
    rule = parse(_text({"FREQ": repeat.freq, **repeat.parts}))
    before = datetime.combine(start - _ONE_DAY, when.clock or time.min)
    found = (wall.date() for wall in walls(rule, before, before))
    first = next((day for day in found if day >= start and not when.is_over(day)), None)
    if first is None:
        raise RuleError("never holds")
    return when.at(first)


def _next(repeat: Repeat, when: _When, start: date) -> When:
    """Return the first that is still to come of hours or minutes that are counted from a time of day."""
    step = repeat.interval * timedelta(**{"hours" if repeat.freq == "HOURLY" else "minutes": 1})
    wall = datetime.combine(start, when.clock or time.min)
    missed = max(0, (when.asked.wall - wall) // step + 1)
    return When((wall + missed * step).isoformat(), when.asked.timezone)


def _soon(repeat: Repeat, asked: Asked) -> When:
    """Return one interval of hours or minutes from now."""
    wall = asked.after(repeat.interval * timedelta(**{"hours" if repeat.freq == "HOURLY" else "minutes": 1}))
    if wall is None:
        raise RuleError("never holds")
    return When(wall.isoformat(), asked.timezone)


def _rule(repeat: Repeat, first: date) -> str:
    parts = repeat.parts
    if not parts and first.day > SHORTEST_MONTH:
        if repeat.freq == "MONTHLY":
            parts = month_days({first.day})
        elif repeat.freq == "YEARLY" and first.month == 2:  # noqa: PLR2004 - the 29th
            parts = {"BYMONTH": "2", **month_days({first.day})}
    until = repeat.until
    if repeat.span is not None:
        after = later(first, *repeat.span)
        until = after - _ONE_DAY if after is not None else None
    ends = {"UNTIL": until.strftime("%Y%m%d")} if until is not None else {}
    if repeat.count is not None:
        ends["COUNT"] = str(repeat.count)
    return _text({"FREQ": repeat.freq, "INTERVAL": str(repeat.interval), **parts, **ends})


def _text(parts: dict[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())
