"""Days and times as they stand together: ``on friday at 9``, ``9am tomorrow``, ``mon, 24 dec``, ``in 4 hours``."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from taskmanager.tasks.dates import in_zone
from taskmanager.tasks.quick_add.clocks import clock_at, following, within_part
from taskmanager.tasks.quick_add.days import Day, day_at
from taskmanager.tasks.quick_add.grammar import ALONE, NUMBER, number, spelled

_LEADING = re.compile(r"(?:due:? +)?(?:on|by|for|over|at) +|due:? +|(?:starting|beginning) +(?:on +|from +)?")
_ON = re.compile(r",? +(?:on +)?(?=\S)")
_HOURS = r"(?P<unit>hour|hr|minute|min)s?"
_REST = r"(?P<rest> and a half|(?:,? and)? (?P<minutes>\d{1,2}) min(?:ute)?s?)?"
_COUNTED = tuple(
    spelled(pattern)
    for pattern in (
        rf"in (?P<count>{NUMBER}|\d{{1,3}}\.5|half an) {_HOURS}{_REST}",
        r"in (?P<count>\d{1,4})(?P<unit>h|hr|min)s?",
        rf"(?P<count>{NUMBER}) {_HOURS} from now",
    )
)
# Before a day or time these say something else than "then": from monday, the rest of today, the friday meeting.
_BEFORE = re.compile(
    r"(?:^|.* )(?:from|to|since|until|till|til|before|after|than|of|or|and|between|not|last|past|previous|every|each|"
    r"except|excluding|but|other|second|[1-5](?:st|nd|rd|th)|the|a|my|our|your|his|her|their|"
    r"good|black|cyber|easter|ash|palm|shrove|maundy|holy|super|at 12) +\Z"
)
_RANGE = re.compile(r"(?: *[-\u2013/&,] *| +(?:to|till|until|through|thru|or|and|vs) +| +(?=in ))(?=\S)")


@dataclass(frozen=True, slots=True)
class Asked:
    """When and where a text is read: an aware instant and an IANA zone."""

    now: datetime
    timezone: str

    @property
    def wall(self) -> datetime:
        """What the clocks of the zone show, to the minute."""
        return in_zone(self.now, self.timezone).replace(tzinfo=None, second=0, microsecond=0)

    @property
    def today(self) -> date:
        return self.wall.date()

    def after(self, span: timedelta) -> datetime | None:
        """Return what the clocks show so much later; None beyond the calendar."""
        try:
            instant = self.now.astimezone(UTC) + span
        except OverflowError:
            return None
        return Asked(instant, self.timezone).wall


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both, as they stand from ``start`` to ``end``."""

    start: int
    end: int
    day: date | None
    clock: time | None


def moment_at(text: str, position: int, asked: Asked) -> Moment | None:
    """Return the moment that begins at a position of a readable text, or None if it is none for certain."""
    if _BEFORE.match(text[max(position - 20, 0) : position]):
        return None
    moment = _counted(text, position, asked) or _joined(text, position, asked)
    leading = _LEADING.match(text, position) if moment is None else None
    if leading is not None:
        moment = _counted(text, leading.end(), asked) or _joined(text, leading.end(), asked, led=True)
    return None if moment is None else replace(moment, start=position)


def range_end(text: str, moment: Moment, asked: Asked) -> int:
    """Return where a list or range that a moment begins ends (``monday to friday``), or its own end if it is alone."""
    end = moment.end
    while (link := _RANGE.match(text, end)) is not None:
        other = _joined(text, link.end(), asked, led=True)
        if other is None:
            break
        end = other.end
    return end


def _counted(text: str, position: int, asked: Asked) -> Moment | None:
    match = next(filter(None, (pattern.match(text, position) for pattern in _COUNTED)), None)
    if match is None:
        return None
    given = match.groupdict()
    count = 0.5 if given["count"] == "half an" else _decimal(given["count"])
    if (given.get("rest") or "").endswith("half"):
        count += 0.5
    minutes = count * (60 if given["unit"].startswith("h") else 1) + int(given.get("minutes") or 0)
    wall = asked.after(timedelta(minutes=minutes))
    if wall is None:
        return None
    return Moment(position, match.end(), wall.date(), wall.time())


def _decimal(text: str) -> float:
    return float(text) if "." in text else number(text)


def _joined(text: str, position: int, asked: Asked, *, led: bool = False) -> Moment | None:
    """Return a day with its time, or a time with its day, whichever reads more."""
    day, clock = _day(text, position, asked.today), clock_at(text, position)
    if day is not None and (clock is None or day.end >= clock.end):
        clock = clock_at(text, following(text, day.end), after_day=True)
        end = clock.end if clock is not None else day.end
    elif clock is not None:
        day = _day(text, _on(text, clock.end), asked.today)
        end = clock.end
        if day is not None:
            clock = within_part(text, clock._replace(end=day.end))
            if clock is None:
                return None
            end = clock.end
    else:
        return None
    alone = day is None or clock is None
    vague = alone and not led and any(one.vague for one in (day, clock) if one is not None)
    if vague and ALONE.match(text, end) is None:
        return None
    return Moment(position, end, day and day.day, clock and clock.time)


def _day(text: str, position: int, today: date) -> Day | None:
    """Return the day at a position; a weekday goes with the date that follows if it is that date's."""
    day = day_at(text, position, today)
    if day is None or not day.is_weekday:
        return day
    dated = day_at(text, _on(text, day.end), today)
    return dated if dated is not None and not dated.is_weekday and dated.day.weekday() == day.day.weekday() else day


def _on(text: str, position: int) -> int:
    found = _ON.match(text, position)
    return found.end() if found is not None else position
