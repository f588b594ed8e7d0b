"""Days in words, as filters and other short texts name them: English, few, and the same for the same today.

``2026-12-01``, ``today``, ``tomorrow``, ``yesterday``, ``+3 days``, ``-3 days``, ``mon`` or ``monday``. A weekday is
the next one after today: today has a word of its own.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

FIRST = date(2, 1, 1)
LAST = date(9998, 12, 31)
"""The outermost days that a date may have here; what lies beyond is as far as these."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1}
_WORDS_BY_DISTANCE = {days: word for word, days in _NEAR.items()}

PATTERN = rf"\d{{4}}-\d{{2}}-\d{{2}}|[+-]\s*\d{{1,5}}\s*days?|{'|'.join((*_NEAR, *_NAMES, *WEEKDAYS))}"
"""What the text of a day looks like, whatever its case; a date may still be one that no calendar has."""


@dataclass(frozen=True, slots=True)
class FixedDay:
    """A date, the same whenever it is asked for."""

    day: date

    def __str__(self) -> str:
        return self.day.isoformat()

    def seen_from(self, today: date) -> date:  # noqa: ARG002 - like the other days
        return self.day


@dataclass(frozen=True, slots=True)
class DayFromToday:
    """So many days after today, or before it."""

    days: int

    def __str__(self) -> str:
        return _WORDS_BY_DISTANCE.get(self.days, f"{self.days:+} days")

    def seen_from(self, today: date) -> date:
        return days_after(today, self.days)


@dataclass(frozen=True, slots=True)
class NextWeekday:
    """The first day of a name after today; Monday is 0."""

    weekday: int

    def __str__(self) -> str:
        return WEEKDAYS[self.weekday]

    def seen_from(self, today: date) -> date:
        return days_after(today, (self.weekday - today.weekday() - 1) % 7 + 1)


Day = FixedDay | DayFromToday | NextWeekday


def read_day(text: str) -> Day | None:
    """Return the day that a text names, or None if it names none."""
    word = "".join(text.lower().split())
    if word in _NEAR:
        return DayFromToday(_NEAR[word])
    if word in WEEKDAYS or word in _NAMES:
        return NextWeekday(WEEKDAYS.index(word[:3]))
    if distance := re.fullmatch(r"([+-]\d{1,5})days?", word, re.ASCII):
        return DayFromToday(int(distance[1]))
    return _read_date(word) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word, re.ASCII) else None


def _read_date(text: str) -> FixedDay | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return FixedDay(day) if FIRST <= day <= LAST else None


def days_after(day: date, count: int) -> date:
    """Return the day ``count`` days later (or earlier), at most the outermost there is."""
    reached = min(max(day.toordinal() + count, FIRST.toordinal()), LAST.toordinal())
    return day + timedelta(days=reached - day.toordinal())
