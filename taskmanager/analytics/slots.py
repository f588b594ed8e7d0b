"""Quarters of an hour, the pieces of which the days of every time zone are made.

A slot is a quarter of an hour of UTC, numbered since 1970. All clocks in use differ from UTC by whole quarters, so a
day in a zone is a whole number of slots, and which day, weekday and hour a slot belongs to is plain arithmetic as long
as the clocks are not changed. A range of days is cut where they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from taskmanager.analytics.models import DAYS, EXACT
from taskmanager.tasks.dates import start_of_day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
OF_A_DAY = 96
# Where the clocks go back at midnight, an hour of one day comes after the next one has begun.
_MARGIN = 8
_MONTH = timedelta(days=30)


def slot_of(moment: datetime) -> int:
    """Return the slot that an instant lies in."""
    return (moment - EPOCH) // QUARTER


def number_of(day: date) -> int:
    """Return the number of a day since 1970."""
    return (day - EPOCH.date()).days


def day_of(number: int) -> date:
    """Return the day with a number."""
    return EPOCH.date() + timedelta(days=number)


def offset_at(slot: int, zone: ZoneInfo) -> int:
    """Return by how many quarters a zone's clocks are ahead of UTC."""
    ahead = (EPOCH + slot * QUARTER).astimezone(zone).utcoffset()
    return (ahead or timedelta(0)) // QUARTER


def offsets_of(timezone: str, now: datetime) -> set[int]:
    """Return the offsets of a zone within a year before now."""
    zone = ZoneInfo(timezone)
    return {offset_at(slot_of(now - months * _MONTH), zone) for months in range(13)}


@dataclass(frozen=True, slots=True)
class Piece:
    """Slots from ``low`` up to but not including ``high``, of a grain, while clocks are ``offset`` ahead of UTC.

    Of whole days the slots are the numbers of the days themselves.
    """

    grain: int
    low: int
    high: int
    offset: int


def segments(first: date, last: date, timezone: str) -> Iterator[Piece]:
    """Yield the slots of some days, cut where the clocks are changed; none if the last day is before the first."""
    days = (number_of(first) * OF_A_DAY, (number_of(last) + 1) * OF_A_DAY)
    for begin, end, offset in _unchanged(first, last, timezone) if first <= last else ():
        low, high = max(begin, days[0] - offset), min(end, days[1] - offset)
        if low < high:
            yield Piece(EXACT, low, high, offset)


def _unchanged(first: date, last: date, timezone: str) -> Iterator[tuple[int, int, int]]:
    """Yield first slot, end and offset of each time in which the clocks are not changed, from before some days on."""
    zone = ZoneInfo(timezone)
    slot = begin = slot_of(start_of_day(first, timezone)) - _MARGIN
    end = slot_of(start_of_day(last + timedelta(days=1), timezone)) + _MARGIN
    offset = offset_at(begin, zone)
    while slot < end:
        following = min(slot + OF_A_DAY, end)
        if offset_at(following, zone) != offset:
            following = next(one for one in range(slot + 1, following + 1) if offset_at(one, zone) != offset)
            yield begin, following, offset
            begin, offset = following, offset_at(following, zone)
        slot = following
    yield begin, end, offset


def pieces(first: date, last: date, timezone: str, kept: Sequence[int]) -> Iterator[Piece]:
    """Yield what some days are made of: whole days of the offsets that are kept, slots for the rest."""
    for segment in segments(first, last, timezone):
        offset = segment.offset
        begin, end = -(-(segment.low + offset) // OF_A_DAY), (segment.high + offset) // OF_A_DAY
        if offset not in kept or begin >= end:
            yield segment
            continue
        edges = (segment.low, begin * OF_A_DAY - offset), (end * OF_A_DAY - offset, segment.high)
        yield Piece(DAYS + offset, begin, end, offset)
        yield from (Piece(EXACT, low, high, offset) for low, high in edges if low < high)
