"""When something is due: three honest kinds, never turned into each other silently.

An all-day date, a wall time in a zone, or a floating wall time. A zoned wall time that does not exist (clocks go
forward) moves forward by the gap; one that exists twice is the first (RFC 5545, section 3.3.5).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""Sorts after every date; stands for "no date" in columns that are sorted by."""


@dataclass(frozen=True, slots=True)
class When:
    """``local`` is ``2026-12-01`` or ``2026-12-01T09:00:00``; a zone only with a time."""

    local: str
    timezone: str | None = None

    @property
    def is_all_day(self) -> bool:
        return "T" not in self.local

    @property
    def at(self) -> datetime | None:
        """The UTC instant, which only a zoned time has."""
        if self.timezone is None:
            return None
        return resolve(datetime.fromisoformat(self.local), self.timezone)

    @property
    def sort_key(self) -> datetime:
        """Return the instant to sort by: a zoned time's own, else the wall time read as UTC."""
        return self.at or datetime.combine(*_parts(self.local), tzinfo=UTC)


def resolve(wall: datetime, timezone: str) -> datetime:
    """Return the UTC instant of a naive wall time in an IANA zone."""
    return in_zone(wall.replace(tzinfo=ZoneInfo(timezone), fold=0), "UTC")


def in_zone(moment: datetime, timezone: str) -> datetime:
    """Return an aware instant as a zone's clocks show it; beyond the years 1 to 9999 the nearest there is."""
    zone = ZoneInfo(timezone)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        nearest = EARLIEST if moment.year == EARLIEST.year else NEVER
        return nearest.replace(tzinfo=zone)


def start_of_day(day: date, timezone: str) -> datetime:
    """Return the instant at which a calendar day begins in a zone."""
    return resolve(datetime.combine(day, time.min), timezone)


def _parts(local: str) -> tuple[date, time]:
    if "T" not in local:
        return date.fromisoformat(local), time.min
    wall = datetime.fromisoformat(local)
    return wall.date(), wall.time()
