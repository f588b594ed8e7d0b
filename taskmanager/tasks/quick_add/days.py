"""Days in words, as a person types them: how each is written, and which day it is.

A table: the rule that reads most of the text wins. None as a meaning: it looks like a day, but there is no such day.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from taskmanager.tasks.date_words import FIRST, LAST, NextWeekday, read_day
from taskmanager.tasks.quick_add.grammar import (
    MONTH,
    NUMBER,
    ORDINAL,
    PLACE,
    WEEKDAY,
    YEAR,
    Words,
    any_of,
    month,
    number,
    place,
    spelled,
    weekday,
)

Match = re.Match[str]
SATURDAY = 5
_MONTHS = 12
_DIGITS = 2


class Day(NamedTuple):
    """A day that was read, up to ``end``. A vague one could as well be another word: ``sun``, ``the 15th``."""

    end: int
    day: date
    vague: bool
    is_weekday: bool


def day_at(text: str, position: int, today: date) -> Day | None:
    """Return the day that begins at a position of a readable text."""
    best: Day | None = None
    if _ANY.match(text, position) is None:
        return None
    for rule in _RULES:
        match = rule.pattern.match(text, position)
        if match is None or (best is not None and match.end() <= best.end):
            continue
        try:
            day = rule.meaning(match, today)
        except (ValueError, OverflowError):
            # Beyond the calendar.
            continue
        if day is not None and FIRST <= day <= LAST:
            best = Day(match.end(), day, rule.vague, rule.meaning is _weekday)
    return best


def later(day: date, count: int, unit: str) -> date | None:
    """Return the day so many days, weeks, months or years later; None beyond the calendar.

    A month without such a day ends with its last one.
    """
    try:
        if unit in {"day", "week", "fortnight"}:
            return day + timedelta(days=count * {"day": 1, "week": 7, "fortnight": 14}[unit])
        year, at = divmod(day.year * _MONTHS + day.month - 1 + count * (_MONTHS if unit == "year" else 1), _MONTHS)
        return date(year, at + 1, min(day.day, monthrange(year, at + 1)[1]))
    except (ValueError, OverflowError):
        return None


def _near(word: str, today: date) -> date | None:
    day = read_day(word) or NextWeekday(weekday(word))
    return day.seen_from(today)


def _weekday(match: Match, today: date) -> date:
    return NextWeekday(weekday(match["day"])).seen_from(today)


def _this_weekday(match: Match, today: date) -> date:
    return today + timedelta(days=(weekday(match["day"]) - today.weekday()) % 7)


def _of_next_week(match: Match, today: date) -> date | None:
    return later(_next_monday(today), weekday(match["day"]), "day")


def _next_monday(today: date) -> date:
    return NextWeekday(0).seen_from(today)


def _weekend(today: date) -> date:
    return today if today.weekday() >= SATURDAY else today + timedelta(days=SATURDAY - today.weekday())


def _in_units(match: Match, today: date) -> date | None:
    base = _given(match, "day")
    start = today if base in {None, "now"} else _near(base, today) if base else None
    return later(start, number(match["count"]), match["unit"]) if start is not None else None


def _in_that_week(match: Match, today: date) -> date | None:
    """Return a weekday of the week that so many weeks lead to."""
    then = later(today, number(match["count"]), "week")
    return later(then, weekday(match["day"]) - then.weekday(), "day") if then is not None else None


def _period(match: Match, today: date) -> date | None:
    """Return the first day of the month or year that a text speaks of."""
    words = match["period"]
    if words.endswith("year") or words == "eoy":
        return date(today.year + words.startswith("next"), 1, 1)
    if words.endswith("month") or words == "eom":
        return later(today.replace(day=1), int(words.startswith("next")), "month")
    if year := _given(match, "year"):
        return date(int(year), month(words), 1)
    return date(today.year + (month(words) < today.month), month(words), 1)


def _end_of_period(match: Match, today: date) -> date | None:
    first = _period(match, today)
    yearly = match["period"].endswith("year") or match["period"] == "eoy"
    after = later(first, 1, "year" if yearly else "month") if first is not None else None
    return later(after, -1, "day") if after is not None else None


def _start_of_period(match: Match, today: date) -> date | None:
    return _not_past(_period(match, today), today)


def _place_in_period(match: Match, today: date) -> date | None:
    """Return such a weekday of a month: the third Friday, the last one."""

    def in_month(first: date) -> date | None:
        days = [first.replace(day=day) for day in range(1, monthrange(first.year, first.month)[1] + 1)]
        found = [day for day in days if day.weekday() == weekday(match["day"])]
        at = place(match["place"])
        return found[at - 1 if at > 0 else at] if at <= len(found) else None

    return _coming_in_period(match, today, in_month)


def _day_of_period(match: Match, today: date) -> date | None:
    return _coming_in_period(match, today, lambda first: _dated(first.year, first.month, place(match["date"])))


def _coming_in_period(match: Match, today: date, in_month: Callable[[date], date | None]) -> date | None:
    """Return a day of the month that is named; "of the month" is of the next one if it is over in this one."""
    first = _period(match, today)
    found = _not_past(in_month(first), today) if first is not None else None
    if found is None and first is not None and match["period"] == "the month":
        following = later(first, 1, "month")
        found = in_month(following) if following is not None else None
    return found


def _not_past(day: date | None, today: date) -> date | None:
    return day if day is not None and day >= today else None


def _in_month(match: Match, today: date) -> date | None:
    """Return a day of a named month: this year's, or of the years after it the first that has it."""
    at, day = month(match["month"]), place(match["date"])
    return _dated(int(match["year"]), at, day) if match["year"] else _coming(today, at, day)


def _coming(today: date, at: int, day: int) -> date | None:
    years = (_dated(year, at, day) for year in range(today.year, today.year + 9))
    return next((found for found in years if found is not None and found >= today), None)


def _day_of_month(match: Match, today: date) -> date | None:
    """Return the next such day, in whatever month has one."""
    firsts = (later(today.replace(day=1), count, "month") for count in range(3))
    days = (_dated(first.year, first.month, place(match["date"])) for first in firsts if first is not None)
    return next((day for day in days if day is not None and day >= today), None)


def _numbers(match: Match, today: date) -> date | None:
    """Return the day of ``12/24`` or ``24/12/2026``: only if one number alone can be the month."""
    one, other, year = int(match["one"]), int(match["other"]), _given(match, "year")
    if max(one, other) <= _MONTHS and (one != other or year is None):
        return None
    at, day = (one, other) if other > _MONTHS else (other, one)
    if year is not None:
        return _dated(_full(year), at, day)
    # Round the clock is no day.
    return _coming(today, at, day) if match[0] != "24/7" else None


def _written(match: Match, today: date) -> date | None:
    """Return the day of ``2026-12-24``, ``24.12.2026`` or ``24.12.``."""
    year, at, day = _given(match, "year"), int(match["month"]), int(match["date"])
    return _dated(_full(year), at, day) if year is not None else _coming(today, at, day)


def _full(year: str) -> int:
    return int(year) + (2000 if len(year) == _DIGITS else 0)


def _given(match: Match, name: str) -> str | None:
    return match.groupdict().get(name)


def _dated(year: int, at: int, day: int) -> date | None:
    try:
        return date(year, at, day)
    except ValueError:
        return None


class _Rule(NamedTuple):
    pattern: Words
    meaning: Callable[[Match, date], date | None]
    vague: bool


_DAY = rf"(?P<day>{WEEKDAY})"
_IN_YEAR = rf"(?:,? (?P<year>{YEAR}))?"
_UNITS = rf"(?P<count>{NUMBER}) (?P<unit>day|week|fortnight|month|year)s?"
_THIS = r"(?:the |this )?"
_NAMED = rf"{MONTH}(?: (?P<year>{YEAR}))?"
_PERIOD = rf"(?P<period>{_THIS}(?:month|year)|next (?:month|year)|{_NAMED})"
_MONTHLY = rf"(?P<period>(?:the |this |next )month|{_NAMED})"
_IN_MONTH = r"\d{1,2}(?:st|nd|rd|th)?"

_AT_A_TIME = r"(?=,? (?:at |@\x20*)?(?:\d{1,2}(?::\d\d|\x20*[ap]\.?m)|noon|midnight))"

_Meaning = Callable[[Match, date], date | None]
_STRONG: dict[str, _Meaning] = {
    r"today|tomorrow|yesterday": lambda match, today: _near(match[0], today),
    r"tod|eod|(?:the )?end of (?:the )?day|this(?= (?:morning|afternoon|evening))": lambda _, today: today,
    rf"(?:eod|(?:the )?end of (?:the )?day),? (?:on )?(?P<day>today|tomorrow|{WEEKDAY})": (
        lambda match, today: _near(match["day"], today)
    ),
    r"tom|tmr|tmrw": lambda _, today: later(today, 1, "day"),
    r"(?:the )?day after tomorrow": lambda _, today: later(today, 2, "day"),
    rf"(?!(?:sat|sun)(?![ud])){_DAY}": _weekday,
    rf"(?:this )?coming {_DAY}": _weekday,
    rf"this {_DAY}": _this_weekday,
    rf"next {_DAY}": _of_next_week,
    rf"{_DAY} (?:of )?next week": _of_next_week,
    rf"next week,? (?:on )?{_DAY}": _of_next_week,
    r"(?:(?:the )?(?:start|beginning) of )?next week": lambda _, today: _next_monday(today),
    r"next month": lambda _, today: later(today.replace(day=1), 1, "month"),
    r"next year": lambda _, today: later(today.replace(month=1, day=1), 1, "year"),
    r"(?:this|the) weekend": lambda _, today: _weekend(today),
    r"next weekend": lambda _, today: later(_next_monday(today), SATURDAY, "day"),
    rf"in {_UNITS}": _in_units,
    rf"in (?P<count>{NUMBER}) weeks? on {_DAY}": _in_that_week,
    rf"{_UNITS} from (?P<day>now|today|tomorrow|{WEEKDAY})": _in_units,
    rf"(?:the )?(?:end|last day) of {_PERIOD}": _end_of_period,
    r"(?P<period>eom|eoy)": _end_of_period,
    rf"(?:the )?(?:start|beginning|first day) of {_PERIOD}": _start_of_period,
    rf"(?:the )?(?P<place>{PLACE}) {_DAY} (?:of|in) {_MONTHLY}": _place_in_period,
    rf"(?:the )?(?P<date>{ORDINAL}) of (?P<period>(?:the |this |next )month)": _day_of_period,
    rf"(?P<period>(?:this |next )month),? on (?:the )?(?P<date>{ORDINAL})": _day_of_period,
    rf"(?:the )?(?P<date>{_IN_MONTH}) (?:of )?(?P<month>{MONTH}){_IN_YEAR}": _in_month,
    rf"(?P<month>{MONTH}) (?:the )?(?P<date>{_IN_MONTH}){_IN_YEAR}": _in_month,
    rf"(?P<year>{YEAR})-(?P<month>\d{{1,2}})-(?P<date>\d{{1,2}})": _written,
    rf"(?P<year>{YEAR})/(?P<month>\d{{1,2}})/(?P<date>\d{{1,2}})": _written,
    rf"(?P<one>\d{{1,2}})/(?P<other>\d{{1,2}})/(?P<year>{YEAR}|\d\d)": _numbers,
    rf"(?P<date>\d{{1,2}})\.\x20?(?P<month>\d{{1,2}})\.\x20?(?P<year>{YEAR})": _written,
    r"(?P<date>\d\d)\.(?P<month>\d\d)\.(?P<year>\d\d)": _written,
    # A single digit may as well be a version: 3.5.
    r"(?P<date>\d\d)\.(?P<month>\d{1,2})\.": _written,
    # Alone it may count anything: our 25th.
    rf"(?P<date>\d{{1,2}}(?:st|nd|rd|th)){_AT_A_TIME}": _day_of_month,
}

# Only where no other word follows, or one such as "with" or "at".
_VAGUE: dict[str, _Meaning] = {
    r"(?P<day>sat|sun)": _weekday,
    r"weekend": lambda _, today: _weekend(today),
    rf"the (?P<date>{ORDINAL})": _day_of_month,
    r"(?P<one>\d{1,2})/(?P<other>\d{1,2})": _numbers,
}

# The night is read as the part of a day.
_TONIGHT = r"to(?=night(?!\w))"
_RULES = (
    *(_Rule(spelled(pattern), meaning, vague=False) for pattern, meaning in _STRONG.items()),
    *(_Rule(spelled(pattern), meaning, vague=True) for pattern, meaning in _VAGUE.items()),
    _Rule(spelled(_TONIGHT, end=""), lambda _, today: today, vague=False),
)
_ANY = Words(f"{_TONIGHT}|{any_of((*_STRONG, *_VAGUE)).text}")
