"""The instants of reminders.

A due date without a zone means the clocks of whoever is reminded, and a day without a time nine in the morning there.
Whole days before it go by the calendar, what is left by the clock: "a day before nine" is at nine in every week of the
year, "half an hour before three" is never after three.
"""

from datetime import datetime, time, timedelta

from taskmanager.kit import clock
from taskmanager.tasks.dates import EARLIEST, When, resolve
from taskmanager.tasks.models import Task
from taskmanager.tasks.reminders.models import Reminder
from taskmanager.tasks.state import CLOSED

MORNING = time(9)
MINUTES_OF_A_DAY = 24 * 60
MOST_MINUTES = 365 * MINUTES_OF_A_DAY


def instant_of(due: When, zone: str, *, minutes_before: int = 0) -> datetime:
    """Return so many minutes before a due date, for somebody whose clocks show ``zone``."""
    days, minutes = divmod(minutes_before, MINUTES_OF_A_DAY)
    wall = datetime.fromisoformat(due.local)
    if due.is_all_day:
        wall = datetime.combine(wall, MORNING)
    try:
        return resolve(wall - timedelta(days=days), due.timezone or zone) - timedelta(minutes=minutes)
    except OverflowError:
        return EARLIEST


def arm(reminder: Reminder, task: Task, zone: str) -> None:
    """Keep ``fire_at`` in step with the task; what would be past by now is not told any more.

    One that is due already and not told yet stays so: the server may have been away when its time came.
    """
    wanted = _wanted(reminder, task, zone)
    if wanted != reminder.fire_at:
        reminder.fire_at = wanted if wanted is not None and wanted > clock.now() else None


def _wanted(reminder: Reminder, task: Task, zone: str) -> datetime | None:
    if task.deleted_at is not None or task.status in CLOSED:
        return None
    if reminder.minutes_before_due is None:
        return reminder.at
    return instant_of(task.due, zone, minutes_before=reminder.minutes_before_due) if task.due else None
