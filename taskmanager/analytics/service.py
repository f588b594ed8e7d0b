"""From counts to an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from taskmanager.analytics.models import UNASSIGNED
from taskmanager.analytics.repository import CountRepository, Sums
from taskmanager.analytics.schemas import (
    Age,
    Analytics,
    AnalyticsAge,
    AnalyticsAssignee,
    AnalyticsDay,
    AnalyticsHour,
    AnalyticsPriority,
    AnalyticsProject,
    AnalyticsQuery,
    AnalyticsTotals,
    days_of,
)
from taskmanager.analytics.slots import Piece, day_of, number_of, pieces, segments, slot_of
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.tasks.dates import in_zone, start_of_day

MAX_GROUPS = 100
HOURS_OF_DAYS = 92
_DAILY = ("created", "completed", "due", "lead", "cycle")
_BOTH = ("created", "completed")
_AGES: tuple[tuple[Age, int], ...] = (("0-1", 1), ("2-7", 7), ("8-30", 30), ("31-90", 90))
_ALL_OLDER: Age = "91+"
_NOTHING: Sums = (0, 0)
_PRIORITIES = range(4, -1, -1)


@dataclass(frozen=True, slots=True)
class _Span:
    """Some days of a zone, and what they are made of; ``first`` may be after ``last``: no day at all."""

    first: date
    last: date
    zone: str
    kept: Sequence[int]

    @property
    def pieces(self) -> list[Piece]:
        return list(pieces(self.first, self.last, self.zone, self.kept))

    @property
    def slots(self) -> list[Piece]:
        """The slots of these days, of the last ones if they are many."""
        first = max(self.first, self.last - timedelta(days=HOURS_OF_DAYS - 1))
        return list(segments(first, self.last, self.zone))


class AnalyticsService:
    """Answers for one actor."""

    def __init__(self, repository: CountRepository, actor: Actor, kept_days: int) -> None:
        self._repository = repository
        self._actor = actor
        self._kept_days = kept_days

    async def read(self, query: AnalyticsQuery) -> Analytics:
        """Return what was done on the days asked for, and what is left now."""
        now, zone = clock.now(), query.timezone or self._actor.timezone
        today = in_zone(now, zone).date()
        first, last = days_of(query, today)
        await self._repository.require_project()
        progress = await self._repository.progress()
        kept_from = today - timedelta(days=self._kept_days)
        span = _Span(max(first, kept_from), last, zone, progress.offsets if progress is not None else ())
        days = await self._days(first, span)
        ages = await self._ages(today, zone)
        overdue = await self._repository.overdue_by_project(now, zone)
        return Analytics(
            since=first,
            until=last,
            timezone=zone,
            as_of=progress.as_of if progress is not None else None,
            kept_from=kept_from,
            totals=_totals(days, sum(one.open for one in ages), sum(overdue.values())),
            days=[_day(number, sums) for number, sums in days.items()],
            open_by_age=ages,
            by_project=await self._projects(span, overdue),
            by_priority=await self._priorities(),
            by_assignee=await self._assignees(span, await self._repository.overdue_by_person(now, zone)),
            by_hour=await self._hours(span),
        )

    async def _days(self, first: date, span: _Span) -> dict[int, dict[str, Sums]]:
        days: dict[int, dict[str, Sums]] = {day: {} for day in range(number_of(first), number_of(span.last) + 1)}
        for (kind, day), sums in (await self._repository.by_day(span.pieces, _DAILY)).items():
            days[day][kind] = sums
        return days

    async def _ages(self, today: date, zone: str) -> list[AnalyticsAge]:
        slots = [slot_of(start_of_day(today - timedelta(days=days), zone)) for _, days in _AGES]
        *since, everything = await self._repository.open_since(slots)
        bounds = [0, *since, everything]
        names = [*(name for name, _ in _AGES), _ALL_OLDER]
        return [
            AnalyticsAge(days=name, open=upper - lower)
            for name, lower, upper in zip(names, bounds[:-1], bounds[1:], strict=True)
        ]

    async def _projects(self, span: _Span, overdue: Mapping[str, int]) -> list[AnalyticsProject]:
        flows = await self._repository.by_project(span.pieces, _BOTH)
        open_tasks = await self._repository.open_by_project()
        ids = {*open_tasks, *(project_id for _, project_id in flows)}
        projects = await self._repository.names_of_projects(sorted(ids))
        found = [
            AnalyticsProject(
                project_id=project.id,
                name=project.name,
                color=project.color,
                created=flows.get(("created", project.id), _NOTHING)[0],
                completed=flows.get(("completed", project.id), _NOTHING)[0],
                open=open_tasks.get(project.id, 0),
                overdue=overdue.get(project.id, 0),
            )
            for project in projects.values()
        ]
        found.sort(key=lambda one: (-one.open, -one.completed, one.name, one.project_id))
        return found[:MAX_GROUPS]

    async def _priorities(self) -> list[AnalyticsPriority]:
        found = await self._repository.open_by_priority()
        return [AnalyticsPriority(priority=priority, open=found.get(priority, 0)) for priority in _PRIORITIES]

    async def _assignees(self, span: _Span, overdue: Mapping[str, int]) -> list[AnalyticsAssignee]:
        flows = await self._repository.by_person(span.pieces)
        load = await self._repository.open_by_person()
        ids = {*load, *(who for _, who in flows)}
        names = await self._repository.names_of_people(sorted(ids - {UNASSIGNED}))
        found = [
            AnalyticsAssignee(
                user_id=None if who == UNASSIGNED else who,
                username=names.get(who),
                completed=flows.get(("done_for", who), _NOTHING)[0],
                open=load.get(who, 0),
                overdue=overdue.get(who, 0),
            )
            for who in ids
        ]
        found.sort(key=lambda one: (-one.open, -one.completed, one.username or "", one.user_id or ""))
        return found[:MAX_GROUPS]

    async def _hours(self, span: _Span) -> list[AnalyticsHour]:
        found = await self._repository.by_hour(span.slots, _BOTH)
        return [
            AnalyticsHour(
                weekday=hour // 24,
                hour=hour % 24,
                created=found.get(("created", hour), _NOTHING)[0],
                completed=found.get(("completed", hour), _NOTHING)[0],
            )
            for hour in range(7 * 24)
        ]


def _day(number: int, sums: Mapping[str, Sums]) -> AnalyticsDay:
    return AnalyticsDay(date=day_of(number), **_numbers(sums))


def _totals(days: Mapping[int, Mapping[str, Sums]], open_tasks: int, overdue: int) -> AnalyticsTotals:
    sums = {
        kind: (
            sum(day.get(kind, _NOTHING)[0] for day in days.values()),
            sum(day.get(kind, _NOTHING)[1] for day in days.values()),
        )
        for kind in _DAILY
    }
    with_due, on_time = sums["due"]
    rate = round(on_time / with_due, 4) if with_due else None
    return AnalyticsTotals(**_numbers(sums), on_time_rate=rate, open=open_tasks, overdue=overdue)


def _numbers(sums: Mapping[str, Sums]) -> dict[str, Any]:
    with_due, on_time = sums.get("due", _NOTHING)
    return {
        "created": sums.get("created", _NOTHING)[0],
        "completed": sums.get("completed", _NOTHING)[0],
        "with_due": with_due,
        "on_time": on_time,
        "lead_seconds": _average(sums.get("lead", _NOTHING)),
        "cycle_seconds": _average(sums.get("cycle", _NOTHING)),
    }


def _average(sums: Sums) -> int | None:
    return round(sums[1] / sums[0]) if sums[0] else None
