"""What is asked for and answered; every list can be drawn as it is."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from taskmanager.kit.errors import InvalidError
from taskmanager.kit.limits import Date, Filter, IdText, Output, Timezone

MAX_DAYS = 366
USUAL_DAYS = 30

Age = Literal["0-1", "2-7", "8-30", "31-90", "91+"]
Table = Literal["days", "by_project", "by_priority", "by_assignee", "by_hour", "open_by_age"]


class AnalyticsQuery(Filter):
    """Which days, of which zone, of which projects."""

    since: Annotated[Date | None, Field(alias="from", description="First day; by default 29 days before the last.")] = (
        None
    )
    until: Annotated[Date | None, Field(alias="to", description="Last day; by default today.")] = None
    timezone: Annotated[Timezone | None, Field(description="Whose days; by default those of your account.")] = None
    project_id: Annotated[IdText | None, Field(description="One project instead of all that you may see.")] = None


def days_of(query: AnalyticsQuery, today: date) -> tuple[date, date]:
    """Return the first and the last day that are asked for; raises 422 if they are out of order or too many."""
    last = query.until or max(today, query.since or today)
    first = query.since or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise InvalidError.at("/query/to", "before_from", "The last day is before the first one.")
    if (last - first).days >= MAX_DAYS:
        raise InvalidError.at("/query/from", "too_many_days", f"At most {MAX_DAYS} days can be asked for at once.")
    return first, last


class ExportQuery(AnalyticsQuery):
    """Which table, as what."""

    format: Annotated[Literal["csv", "json"], Field(description="csv has one table, json all of them.")] = "csv"
    table: Annotated[Table, Field(description="Which table a CSV file has.")] = "days"


class AnalyticsDay(Output):
    """What happened on one day; averages are null where there is nothing to average."""

    date: date
    created: int
    completed: int
    with_due: Annotated[int, Field(description="Completed ones that had a due date.")]
    on_time: Annotated[int, Field(description="Those of them that were not late.")]
    lead_seconds: Annotated[int | None, Field(description="Average time from making to completion.")]
    cycle_seconds: Annotated[int | None, Field(description="Average time from in_progress to completion.")]


class AnalyticsTotals(Output):
    """All days together, and what is open now."""

    created: int
    completed: int
    with_due: int
    on_time: int
    on_time_rate: Annotated[float | None, Field(description="0 to 1.")]
    lead_seconds: int | None
    cycle_seconds: int | None
    open: int
    overdue: int


class AnalyticsAge(Output):
    """Open tasks by how many days ago they were made."""

    days: Age
    open: int


class AnalyticsProject(Output):
    """One project: what happened in it on these days, and what is open in it now."""

    project_id: str
    name: str
    color: str | None
    created: int
    completed: int
    open: int
    overdue: int


class AnalyticsPriority(Output):
    """Open tasks of one priority, 0 (none) to 4 (urgent)."""

    priority: int
    open: int


class AnalyticsAssignee(Output):
    """What one account has to do, and has done on these days; null stands for nobody.

    The name is null where the account is in none of your projects any more.
    """

    user_id: str | None
    username: str | None
    completed: int
    open: int
    overdue: int


class AnalyticsHour(Output):
    """One hour of the week; 0 is Monday."""

    weekday: int
    hour: int
    created: int
    completed: int


class Analytics(Output):
    """What was done, and what is left, of all that you may see."""

    since: Annotated[date, Field(serialization_alias="from")]
    until: Annotated[date, Field(serialization_alias="to")]
    timezone: str
    as_of: Annotated[datetime | None, Field(description="Everything up to then is counted; null: not counted yet.")]
    kept_from: Annotated[date, Field(description="What happened before this day is not kept.")]
    totals: AnalyticsTotals
    days: list[AnalyticsDay]
    open_by_age: list[AnalyticsAge]
    by_project: Annotated[list[AnalyticsProject], Field(description="At most 100, those with most open tasks first.")]
    by_priority: list[AnalyticsPriority]
    by_assignee: Annotated[list[AnalyticsAssignee], Field(description="At most 100, in the same way.")]
    by_hour: Annotated[list[AnalyticsHour], Field(description="168, from Monday at 0; of the last 92 of the days.")]
