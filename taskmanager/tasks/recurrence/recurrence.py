"""What follows when an occurrence of a recurring task ends."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Literal

from taskmanager.tasks.dates import When
from taskmanager.tasks.recurrence.series import Series

Anchor = Literal["due", "completion"]
CatchUp = Literal["none", "all"]
_TICK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A series, and how far a task has come in it.

    ``current`` is the occurrence that the task stands for, wherever its due date was moved to; ``number`` counts from
    1 how many it has stood for. ``anchor`` tells what the next one is counted from: the start of the series, or the
    completion. ``catch_up`` tells whether those that were missed meanwhile come all the same.
    """

    series: Series
    anchor: Anchor
    catch_up: CatchUp
    current: When
    number: int

    def next(self, due: When, now: datetime, zone: str, *, skipped: bool = False) -> When | None:
        """Return the date after an occurrence that ends now, or None if it was the last.

        Counted from the start of the series, or from this completion, never from the date before: nothing drifts.
        ``zone`` is where the clocks of a series without a zone are read.
        """
        if self.anchor == "due":
            return next(self.series.after(self._end(due, now, zone)), None)
        if self._left == 0:
            return None
        series = self._restarted(due if skipped else None, now, zone)
        mark = series.start.sort_key
        if not skipped or self.catch_up == "none":
            mark = max(mark, series.mark_of(now, zone))
        return next(series.after(mark), None)

    def to_come(self, due: When, now: datetime, zone: str, since: datetime | None = None) -> Iterator[When]:
        """Yield the due date, and what follows it if it is met, or now if it was not.

        Of what follows, some of what is before the instant ``since`` may be left out.
        """
        series, mark = self.series, self._end(due, now, zone)
        if self.anchor == "completion":
            late = series.mark(due) < series.mark_of(now, zone)
            series = self._restarted(None if late else due, now, zone)
            mark = max(series.start.sort_key, series.mark_of(now, zone))
            if self._left is not None:
                return chain([due], islice(series.after(mark), self._left))
        if since is not None:
            mark = max(mark + _TICK, series.mark_of(since, zone)) - _TICK
        return chain([due], series.after(mark))

    @property
    def _left(self) -> int | None:
        """How many occurrences follow if they count from completions, or None if that has no end."""
        count = self.series.rule.count
        return None if count is None else max(count - self.number, 0)

    def _end(self, due: When, now: datetime, zone: str) -> datetime:
        mark = max(self.series.mark(self.current), self.series.mark(due))
        return mark if self.catch_up == "all" else max(mark, self.series.mark_of(now, zone))

    def _restarted(self, due: When | None, now: datetime, zone: str) -> Series:
        """Return the series as it begins anew at a date, or now; with the time of day that it has."""
        wall = self.series.wall_of(now, zone) if due is None else self.series.wall(due)
        if self.series.rule.freq in {"HOURLY", "MINUTELY"}:
            wall = wall.replace(second=0, microsecond=0)
        else:
            wall = datetime.combine(wall, self.series.wall(self.series.start).time())
        return Series(replace(self.series.rule, count=None), self.series.at(wall))
