"""The dates of a recurring task that are still to come."""

from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.errors import InvalidError
from taskmanager.tasks.dates import EARLIEST, NEVER, When, in_zone, start_of_day
from taskmanager.tasks.occurrence_schemas import OccurrenceQuery
from taskmanager.tasks.recurring import recurrence_of
from taskmanager.tasks.repository import TaskRepository
from taskmanager.tasks.schemas import read_moment
from taskmanager.tasks.state import CLOSED, when_out

MOST = 200


class Upcoming:
    """Looks ahead in tasks that the actor may see; nothing of it is stored."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._tasks = TaskRepository(session, actor)
        self._zone = actor.timezone

    async def of_task(self, task_id: str, query: OccurrenceQuery) -> dict[str, Any]:
        """Return the dates to come, the due date first; none if the task does not recur or is closed."""
        task = await self._tasks.get(task_id)
        since = self._bound(query.since) if query.since else None
        until = self._bound(query.until, whole_day=True) if query.until else NEVER
        if (since or EARLIEST) >= until:
            raise InvalidError.at("/query/to", "invalid_range", "Must be later than from.")
        recurrence = recurrence_of(task)
        if recurrence is None or task.status in CLOSED:
            return {"items": []}
        found = recurrence.to_come(task.due or recurrence.current, clock.now(), self._zone, since)
        within = (when for when in found if since is None or self._instant(when) >= since)
        return {"items": list(map(when_out, islice(takewhile(lambda when: self._instant(when) < until, within), MOST)))}

    def _bound(self, text: str, *, whole_day: bool = False) -> datetime:
        """Return the instant that a bound means: a day begins where the asker is, and with ``whole_day`` it is over."""
        moment = read_moment(text)
        if isinstance(moment, datetime):
            return in_zone(moment, "UTC")
        return start_of_day(min(moment, date.max - timedelta(days=1)) + timedelta(days=whole_day), self._zone)

    def _instant(self, when: When) -> datetime:
        """Return when a date is for the asker."""
        if when.is_all_day:
            return start_of_day(date.fromisoformat(when.local), self._zone)
        return When(when.local, when.timezone or self._zone).at or NEVER
