"""Recurrences in words: ``every other week``, ``every mon and thu at 9``, ``every! 3 days``, ``every 31st``."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, time

from taskmanager.tasks.quick_add.clocks import PARTS, clock_at, following
from taskmanager.tasks.quick_add.days import day_at
from taskmanager.tasks.quick_add.grammar import (
    ALONE,
    MONTH,
    NUMBER,
    ORDINAL,
    PLACE,
    WEEKDAY,
    listed,
    number,
    place,
    spelled,
)
from taskmanager.tasks.quick_add.rule_days import Parts, RuleDays, rule_days_at
from taskmanager.tasks.recurrence.recurrence import Anchor


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a recurrence in words says. ``first`` is the day it starts from; ``span`` how long it goes on."""

    start: int
    end: int
    freq: str
    interval: int = 1
    parts: Parts = field(default_factory=dict)
    anchor: Anchor = "due"
    clock: time | None = None
    first: date | None = None
    until: date | None = None
    count: int | None = None
    span: tuple[int, str] | None = None
    # Could as well be something else: every 3rd customer, the daily report, every minute counts.
    vague: bool = False
    understood: bool = True


# Unit: frequency, and how many of its periods.
_UNITS = {
    "minute": ("MINUTELY", 1),
    "min": ("MINUTELY", 1),
    "hour": ("HOURLY", 1),
    "day": ("DAILY", 1),
    "hr": ("HOURLY", 1),
    "week": ("WEEKLY", 1),
    "wk": ("WEEKLY", 1),
    "fortnight": ("WEEKLY", 2),
    "month": ("MONTHLY", 1),
    "quarter": ("MONTHLY", 3),
    "year": ("YEARLY", 1),
}
# "Biweekly" is not here: some mean twice a week.
_ADVERBS = {
    "hourly": ("HOURLY", 1),
    "daily": ("DAILY", 1),
    "everyday": ("DAILY", 1),
    "weekly": ("WEEKLY", 1),
    "fortnightly": ("WEEKLY", 2),
    "monthly": ("MONTHLY", 1),
    "quarterly": ("MONTHLY", 3),
    "yearly": ("YEARLY", 1),
    "annually": ("YEARLY", 1),
    "semiannually": ("MONTHLY", 6),
    "once a day": ("DAILY", 1),
    "once a week": ("WEEKLY", 1),
    "once a month": ("MONTHLY", 1),
    "once a year": ("YEARLY", 1),
}
_EVERY = re.compile(r"(?<!of )(?<!in )(?:every|each|ev)(?P<counted>!)? +")
_UNIT = spelled(
    rf"(?:(?:(?P<other>other)|(?P<ordinal>second|third|fourth|fifth|{ORDINAL})|(?P<count>{NUMBER})) )?"
    rf"(?P<unit>{'|'.join(_UNITS)})s?"
)
_OTHER = re.compile(r"other +")
_PART = spelled("|".join(PARTS))
_ADVERB = spelled("|".join(_ADVERBS))
# The short forms with an s are one day: tues, weds, thurs.
_PLURAL = spelled(rf"(?:on )?(?P<days>(?!(?:tue|wed|thur)s(?!\w)){listed(f'{WEEKDAY}s')}|week(?:day|end)s)")
# Part of something that was not understood: every day except weekends, every weekday and sundays.
_GOING_ON = re.compile(r"(?:^|.* )(?:except|excluding|but|not|no|and|or|to|&)(?: +(?:on|for))? +\Z")
_EVERY_MONTH = re.compile(r"(?:of|in) +(?:each|every) +month\Z")
_ON = re.compile(r",? +on +")
_FROM = re.compile(r",? +(?:starting|beginning|start|from)(?: +(?:on|from))? +")
_UNTIL = re.compile(r",? +(?:until|till|til|ending|ends|through|thru)(?: +on)? +")
_FOR = spelled(rf",? for (?:the next )?(?P<count>{NUMBER}) (?:(?P<times>times)|(?P<unit>day|week|month|year)s?)")
_MORE = spelled(
    rf"(?:,? (?:and|or|to|&) (?:on |at |in )?(?:the )?|\x20*[-\u2013]\x20*)"
    rf"(?:{WEEKDAY}s?|{ORDINAL}|last|\d{{1,2}}(?::\d\d)?(?:\x20*[ap]m)?|{'|'.join(PARTS)}|noon|midnight)|"
    rf"(?:,? (?:and|or|&) |, ?)(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}|{MONTH} \d{{1,2}}|"
    rf"(?:{PLACE}|{ORDINAL}) (?:{WEEKDAY}|(?:work|week|working |business )day)s?)| (?:in|of) {MONTH}|"
    r",? (?:except|excluding|but|between|from \d.*)"
)


def repeat_at(text: str, position: int, today: date) -> Repeat | None:
    """Return the recurrence that begins at a position of a readable text, or None if it is none for certain.

    One that is not ``understood`` stays text as far as it goes.
    """
    every = _EVERY.match(text, position)
    bare = _every(text, every) if every is not None else _adverb(text, position)
    if bare is None:
        return None
    found = _limited(text, bare, today)
    if bare.vague and found.end == bare.end and ALONE.match(text, found.end) is None:
        return None
    # What goes on in a way that is not understood is not understood at all: every monday and 15th.
    more = _MORE.match(text, found.end)
    return found if more is None else replace(found, end=_end_of_more(text, more), understood=False)


def _end_of_more(text: str, more: re.Match[str] | None) -> int:
    """Return where all ends that goes on after a recurrence, with the times of day in it."""
    end = 0
    while more is not None:
        clock = clock_at(text, following(text, more.end()), after_day=True)
        end = clock.end if clock is not None else more.end()
        more = _MORE.match(text, end)
    return end


def _every(text: str, every: re.Match[str]) -> Repeat | None:
    """Return so many units, perhaps with the days in them, or such days alone, whichever reads more."""
    begun = Repeat(every.start(), every.end(), "DAILY", anchor="completion" if every["counted"] else "due")
    found: list[Repeat] = []
    unit = _UNIT.match(text, every.end())
    # The first day is one of something; the third one may as well be every three.
    if unit is not None and not (unit["ordinal"] and place(unit["ordinal"]) == 1):
        freq, times = _UNITS[unit["unit"]]
        counted = replace(begun, end=unit.end(), freq=freq, interval=_interval(unit) * times)
        minute = freq == "MINUTELY" and not unit["count"]
        found.append(_on_days(text, replace(counted, vague=minute)))
    other = _OTHER.match(text, every.end())
    days = rule_days_at(text, other.end() if other is not None else every.end())
    if days is not None and (other is None or days.freq == "WEEKLY"):
        found.append(_with(replace(begun, interval=1 if other is None else 2), days))
    if not found and _PART.match(text, every.end()) is not None:
        # Which time that is, is read with what follows: every morning at 8.
        found.append(begun)
    return max(found, key=lambda one: one.end, default=None)


def _interval(unit: re.Match[str]) -> int:
    if unit["other"]:
        return 2
    return place(unit["ordinal"]) if unit["ordinal"] else number(unit["count"] or "one")


def _adverb(text: str, position: int) -> Repeat | None:
    adverb = _ADVERB.match(text, position)
    if adverb is not None:
        freq, interval = _ADVERBS[" ".join(adverb[0].split())]
        return _on_days(text, Repeat(position, adverb.end(), freq, interval, vague=True))
    begin = position + len("on ") if text.startswith("on ", position) else position
    monthly = rule_days_at(text, begin, within=True)
    if monthly is not None and _EVERY_MONTH.search(text, position, monthly.end):
        return _with(Repeat(position, position, "MONTHLY"), monthly)
    plural = _PLURAL.match(text, position)
    days = rule_days_at(text, plural.start("days")) if plural is not None else None
    if days is None or _GOING_ON.match(text[max(position - 20, 0) : position]):
        return None
    return replace(_with(Repeat(position, position, "WEEKLY"), days), vague=not text.startswith("on ", position))


def _on_days(text: str, repeat: Repeat) -> Repeat:
    """Add the days that follow: ``every 2 weeks on mon and thu``, ``monthly on the 15th``."""
    on = _ON.match(text, repeat.end)
    days = rule_days_at(text, on.end(), within=True) if on is not None else None
    return replace(_with(repeat, days), vague=False) if days is not None and days.freq == repeat.freq else repeat


def _with(repeat: Repeat, days: RuleDays) -> Repeat:
    return replace(repeat, end=days.end, freq=days.freq, parts=days.parts, vague=days.vague)


def _limited(text: str, repeat: Repeat, today: date) -> Repeat:
    """Add what follows about the time of day, the start and the end, each once, in whatever order."""
    while True:
        longer = (
            _at(text, repeat)
            or _starting(text, repeat, today)
            or _until(text, repeat, today)
            or _for(text, repeat)
        )  # fmt: skip
        if longer is None:
            return repeat
        repeat = longer


def _at(text: str, repeat: Repeat) -> Repeat | None:
    clock = clock_at(text, following(text, repeat.end), after_day=True) if repeat.clock is None else None
    return clock and replace(repeat, end=clock.end, clock=clock.time)


def _starting(text: str, repeat: Repeat, today: date) -> Repeat | None:
    lead = _FROM.match(text, repeat.end) if repeat.first is None else None
    day = day_at(text, lead.end(), today) if lead is not None else None
    return day and replace(repeat, end=day.end, first=day.day)


def _until(text: str, repeat: Repeat, today: date) -> Repeat | None:
    lead = _UNTIL.match(text, repeat.end) if _is_endless(repeat) else None
    day = day_at(text, lead.end(), today) if lead is not None else None
    return day and replace(repeat, end=day.end, until=day.day)


def _for(text: str, repeat: Repeat) -> Repeat | None:
    match = _FOR.match(text, repeat.end) if _is_endless(repeat) else None
    if match is None:
        return None
    count = number(match["count"])
    if match["times"]:
        return replace(repeat, end=match.end(), count=count)
    return replace(repeat, end=match.end(), span=(count, match["unit"]))


def _is_endless(repeat: Repeat) -> bool:
    return repeat.until is None and repeat.count is None and repeat.span is None
