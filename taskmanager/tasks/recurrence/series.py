"""The occurrences of a rule that began at a date of one of the three kinds; each is of the same kind as the first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from itertools import chain, islice

from taskmanager.tasks.dates import When, in_zone, resolve
from taskmanager.tasks.recurrence.expansion import TooFarError, walls
from taskmanager.tasks.recurrence.rule import Rule, RuleError

# Clocks of a zone are set by no more than a day (Samoa, 2011).
_SLACK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Series:
    """A rule and its first date, which is an occurrence itself and counts as one (RFC 5545, section 3.8.5.3).

    Dates are compared by marks: instants for a series in a zone, else wall times read as UTC, midnight for a day.
    """

    rule: Rule
    start: When

    def after(self, mark: datetime) -> Iterator[When]:
        """Yield the occurrences later than a mark, each later than the one before it; none that would be too far."""
        try:
            yield from self.search(mark)
        except TooFarError:
            return

    def search(self, mark: datetime) -> Iterator[When]:
        """Yield as :meth:`after` does; raises :class:`TooFarError` where that ends."""
        for wall in self._walls(mark):
            when = self.at(wall)
            if wall.year == MAXYEAR or self._is_over(when):
                return
            # Two wall times can be one instant where clocks go forward.
            if when.sort_key > mark:
                mark = when.sort_key
                yield when

    def _walls(self, mark: datetime) -> Iterator[datetime]:
        # As it was written: what clocks skip on that day is skipped on that day only.
        first = _wall(self.start)
        if self.rule.count is not None:
            return islice(chain([first], walls(self.rule, first, first)), self.rule.count)
        near = first
        if mark > self.start.sort_key:
            near = max(first, self.wall_of(mark, "UTC") - _SLACK)
        return chain([first], walls(self.rule, first, near))

    def _is_over(self, when: When) -> bool:
        until = self.rule.until
        if until is None:
            return False
        if not isinstance(until, datetime):
            return self.wall(when).date() > until
        if until.tzinfo is not None and when.at is not None:
            return when.at > until
        # Some programs write the end of a day in UTC whatever the series is: then it is meant as it is written.
        limit = until.replace(tzinfo=None)
        return self.wall(when) > (datetime.combine(limit, time.max) if when.is_all_day else limit)

    def at(self, wall: datetime) -> When:
        """Return a wall time, or its day, as a date of this series."""
        local = wall.date().isoformat() if self.start.is_all_day else wall.isoformat(timespec="seconds")
        return When(local, self.start.timezone)

    def wall(self, when: When) -> datetime:
        """Return any date as the clocks of this series show it; a day is its midnight."""
        if when.at is not None and self.start.timezone is not None:
            return in_zone(when.at, self.start.timezone).replace(tzinfo=None)
        return _wall(when)

    def wall_of(self, instant: datetime, zone: str) -> datetime:
        """Return an instant as the clocks of this series show it, or those of ``zone`` if it has no zone."""
        return in_zone(instant, self.start.timezone or zone).replace(tzinfo=None)

    def mark(self, when: When) -> datetime:
        """Return the mark of any date, which may be of another kind: a day is over when it ends."""
        if self.start.is_all_day:
            return datetime.combine(_wall(when), time.min, tzinfo=UTC)
        wall = datetime.combine(_wall(when), time(23, 59, 59)) if when.is_all_day else _wall(when)
        if self.start.timezone is None:
            return wall.replace(tzinfo=UTC)
        return when.at or resolve(wall, self.start.timezone)

    def mark_of(self, instant: datetime, zone: str) -> datetime:
        """Return the mark of an instant; a series without a zone has the clocks of ``zone``."""
        if self.start.timezone is not None:
            return instant
        wall = self.wall_of(instant, zone)
        return datetime.combine(wall, time.min if self.start.is_all_day else wall.time(), tzinfo=UTC)

    def check_start(self) -> None:
        """Raise :class:`RuleError` unless the rule fits its first date."""
        if self.start.is_all_day and self.rule.within_days:
            raise RuleError("must not name times of a day: the task is due all day")
        if self._is_over(self.start):
            raise RuleError("must not have UNTIL before the first date")

    def check(self) -> None:
        """Raise :class:`RuleError` unless the rule fits its first date and holds again, found without long search."""
        self.check_start()
        endless = replace(self, rule=replace(self.rule, count=None, until=None))
        try:
            if next(endless.search(self.start.sort_key), None) is None:
                raise RuleError("never holds after the first date")
            if self.rule.count is not None:
                for _ in self.search(self.start.sort_key):
                    pass
        except TooFarError as error:
            raise RuleError("never holds, or too seldom to be looked for") from error


def _wall(when: When) -> datetime:
    if when.is_all_day:
        return datetime.combine(date.fromisoformat(when.local), time.min)
    return datetime.fromisoformat(when.local)
