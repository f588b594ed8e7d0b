"""How dates of tasks compare with days in the asker's time zone.

A due date that is a day is that day, everywhere. A floating time is on the day that it says, everywhere. A time in a
zone is an instant, and on the day on which the asker's own clock shows it. Instants such as ``created_at`` likewise.
No date at all compares with nothing. These conditions are true or false, never null, so that "not" may stand before
them.
"""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from taskmanager.tasks.dates import NEVER, in_zone, start_of_day
from taskmanager.tasks.models import Task

_ZONED = Task.due_timezone.is_not(None)
_DUE = Task.due_local.is_not(None)
_DAY_LENGTH = 10
_A_DAY = timedelta(days=1)

InstantColumn = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]


def due_days(first: date | None, last: date | None, timezone: str) -> ColumnElement[bool]:
    """Due on the days from ``first`` to ``last``, both included; None is no bound."""
    instants = (_begin(first, timezone), _end(last, timezone))
    walls = (_wall(first), _wall(last + _A_DAY) if last is not None else None)
    return and_(_DUE, _either(instants, walls))


def due_moments(moment: datetime, timezone: str, *, before: bool) -> ColumnElement[bool]:
    """Due before an instant, or after it; days and floating times compare with what the asker's clock shows then."""
    instant, wall = in_zone(moment, "UTC"), _shown(moment, timezone)
    if before:
        return and_(_DUE, _either((None, instant), (None, wall)))
    return and_(_DUE, or_(and_(_ZONED, Task.due_sort > instant), and_(~_ZONED, Task.due_sort > wall)))


def no_due() -> ColumnElement[bool]:
    """No due date; an index knows them by what they sort by."""
    return and_(Task.due_local.is_(None), Task.due_sort == NEVER)


def overdue(now: datetime, timezone: str) -> ColumnElement[bool]:
    """Not finished, and the day, or the moment if there is one, is over."""
    wall = _shown(now, timezone)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    is_day = func.length(Task.due_local) == _DAY_LENGTH
    # One comparison: of several that say nearly the same PostgreSQL believes that hardly any row fulfils all.
    limit = case((_ZONED, _instant(now)), (is_day, _instant(midnight)), else_=_instant(wall))
    open_ = Task.status.in_(("todo", "in_progress"))
    return and_(open_, _DUE, Task.due_sort < max(now, wall), Task.due_sort < limit)


def deadline_days(first: date | None, last: date | None) -> ColumnElement[bool]:
    """The deadline is one of some days."""
    return and_(
        Task.deadline.is_not(None),
        Task.deadline >= first if first is not None else true(),
        Task.deadline <= last if last is not None else true(),
    )


def instant_days(
    column: InstantColumn,
    first: date | None,
    last: date | None,
    timezone: str,
) -> ColumnElement[bool]:
    """An instant lies on one of some days."""
    return and_(column.is_not(None), _within(column, _begin(first, timezone), _end(last, timezone)))


Bounds = tuple[datetime | None, datetime | None]
"""From the first, up to but not including the second."""


def _either(instants: Bounds, walls: Bounds) -> ColumnElement[bool]:
    """Within one pair of bounds or the other, depending on the kind of the due date.

    What holds for both comes first by itself: an index can begin there.
    """
    begins = [bound for bound in (instants[0], walls[0]) if bound is not None]
    ends = [bound for bound in (instants[1], walls[1]) if bound is not None]
    around = (min(begins, default=None), max(ends, default=NEVER))
    return and_(
        _within(Task.due_sort, *around),
        or_(and_(_ZONED, _within(Task.due_sort, *instants)), and_(~_ZONED, _within(Task.due_sort, *walls))),
    )


def _within(column: InstantColumn, begin: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    return and_(column >= begin if begin is not None else true(), column < end if end is not None else true())


def _instant(moment: datetime) -> ColumnElement[datetime]:
    return literal(moment, Task.due_sort.type)


def _begin(day: date | None, timezone: str) -> datetime | None:
    return start_of_day(day, timezone) if day is not None else None


def _end(day: date | None, timezone: str) -> datetime | None:
    return start_of_day(day + _A_DAY, timezone) if day is not None else None


def _wall(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=UTC) if day is not None else None


def _shown(moment: datetime, timezone: str) -> datetime:
    """Return what a zone's clocks show at an instant, written as UTC: the form in which wall times are stored."""
    return in_zone(moment, timezone).replace(tzinfo=UTC)
