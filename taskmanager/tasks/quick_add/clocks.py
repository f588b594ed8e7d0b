"""Times of day in words: ``14:00``, ``9am``, ``at 9 in the evening``, ``half past nine``, ``in the morning``."""

import re
from datetime import time
from typing import NamedTuple

from taskmanager.tasks.quick_add.grammar import NUMBER, Words, any_of, number, spelled

PARTS = {"morning": time(9), "afternoon": time(15), "evening": time(18), "night": time(20)}
"""When a part of the day is meant and no hour is named."""

_NOON = 12
_HOURS = 24
_MINUTES = 60
_PART = r"(?:in the (?P<part>morning|afternoon|evening)|at (?P<night>night))"
_PART_OF_DAY = spelled(_PART)
_PART_AFTER_DAY = spelled(rf"{_PART}|(?P<bare>morning|afternoon|evening|night)")
_HALF = r"(?P<half>[ap])\.?m\b\.?"
_PATTERNS = (
    rf"(?:at |@\x20*)?(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?:h|\x20*{_HALF})?",
    rf"(?:at |@\x20*)?(?P<hour>\d{{1,2}})\x20*{_HALF}",
    r"(?:at )?(?P<word>noon|midday|midnight)",
    rf"(?:at )?(?P<hour>{NUMBER}) o'?clock",
    rf"(?:at )?(?P<fraction>half past|quarter past|quarter to) (?P<hour>{NUMBER})(?:\x20*{_HALF})?",
    r"at (?P<bare>\d{1,2})",
    r"(?P<hour>\d{1,2})(?= (?:in the (?:morning|afternoon|evening)|at night))",
)
_CLOCKS = tuple(spelled(pattern) for pattern in _PATTERNS)
_ANY = any_of(_PATTERNS)
_AFTER = re.compile(r",? +|, *")


class Clock(NamedTuple):
    """A time of day that was read, up to ``end``.

    A vague one could as well be something else: ``at 3``. One that is ``halved`` says which half of the day it is in.
    """

    end: int
    time: time
    vague: bool
    halved: bool


def clock_at(text: str, position: int, *, after_day: bool = False) -> Clock | None:
    """Return the time that begins at a position of a readable text.

    After a day the part of it stands bare as well: ``tomorrow evening at 8``.
    """
    part = (_PART_AFTER_DAY if after_day else _PART_OF_DAY).match(text, position)
    if part is None:
        clock = _hour_at(text, position)
        return clock and within_part(text, clock, _PART_OF_DAY)
    clock = _hour_at(text, following(text, part.end()))
    if clock is None:
        return Clock(part.end(), PARTS[_word(part)], vague=not after_day, halved=True)
    return _within(clock, _word(part), clock.end)


def within_part(text: str, clock: Clock, parts: Words = _PART_AFTER_DAY) -> Clock | None:
    """Return a time within the part of the day that follows, if one does; None if it cannot be in it."""
    part = parts.match(text, following(text, clock.end))
    return clock if part is None else _within(clock, _word(part), part.end())


def following(text: str, position: int) -> int:
    """Return where the next word begins, behind blanks and perhaps a comma."""
    found = _AFTER.match(text, position)
    return found.end() if found is not None else position


def _hour_at(text: str, position: int) -> Clock | None:
    best: Clock | None = None
    if _ANY.match(text, position) is None:
        return None
    for pattern in _CLOCKS:
        match = pattern.match(text, position)
        if match is not None and (best is None or match.end() > best.end):
            best = _hour_of(match) or best
    return best


def _hour_of(match: re.Match[str]) -> Clock | None:
    given = match.groupdict()
    if word := given.get("word"):
        return Clock(match.end(), time(0 if word == "midnight" else _NOON), vague=False, halved=True)
    bare, half = given.get("bare"), given.get("half")
    hour, minute = number(bare or given["hour"]), int(given.get("minute") or 0)
    if fraction := given.get("fraction"):
        minute = 30 if fraction.startswith("half") else 15
        if fraction.endswith("to"):
            hour, minute = hour - 1 if hour > 1 else hour + _NOON - 1, _MINUTES - minute
    if half is not None:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if half == "p" else 0)
    if hour >= _HOURS or minute >= _MINUTES:
        return None
    halved = half is not None or hour > _NOON
    return Clock(match.end(), time(hour, minute), vague=bare is not None, halved=halved)


def _within(clock: Clock, part: str, end: int) -> Clock | None:
    """Return a time of the twelve-hour clock within a part of the day, if it can be in it."""
    moved = clock.time
    if not clock.halved and part != "morning":
        if moved.hour == _NOON and part != "afternoon":
            return None
        moved = moved.replace(hour=moved.hour % _NOON + _NOON)
    elif moved.hour >= _NOON and part == "morning":
        return None
    return Clock(end, moved, vague=False, halved=True)


def _word(match: re.Match[str]) -> str:
    return next(word for word in match.groupdict().values() if word)
