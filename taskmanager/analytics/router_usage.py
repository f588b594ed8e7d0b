"""The route of administrators: how the installation is used."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from taskmanager.analytics import usage
from taskmanager.analytics.usage import ACTIVE, HOURS_OF_A_DAY
from taskmanager.analytics.usage_hours import HOUR_SECONDS
from taskmanager.auth import scopes
from taskmanager.auth.deps import AdminDep
from taskmanager.kit import clock
from taskmanager.kit.db import ReaderDep
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import Output

SHOWN_HOURS = 48
MAX_DAYS = 366

usage_routes = router(prefix="/admin", tags=["administration"], opening=scopes.ADMIN)


class UsageCounts(Output):
    """Requests, sign-ins and refresh tokens by outcome."""

    requests: int
    refused: Annotated[int, Field(description="Requests answered by a 4xx.")]
    failed: Annotated[int, Field(description="Requests answered by a 5xx.")]
    sign_ins: int
    sign_ins_refused: int
    sign_ins_throttled: int
    refreshes: Annotated[int, Field(description="Refresh tokens that were exchanged for the next one.")]
    refreshes_repeated: Annotated[int, Field(description="Lost answers fetched again, and tabs that came at once.")]
    refreshes_reused: Annotated[int, Field(description="Used tokens shown again: each ended its session.")]
    refreshes_refused: Annotated[int, Field(description="Tokens of ended sessions, and what is no token of ours.")]


class UsageHourOut(UsageCounts):
    at: datetime


class UsageDay(UsageCounts):
    date: date
    active_accounts: Annotated[
        int, Field(description="Accounts that signed in, refreshed, or used an API token on that day.")
    ]


class UsageOut(Output):
    """How the installation is used, in hours and days of UTC; a minute old at most."""

    hours: Annotated[list[UsageHourOut], Field(description="The last 48, the present one last.")]
    days: list[UsageDay]


@usage_routes.get("/analytics", response_model=UsageOut, responses=refusals(400, 401, 403, 422))
async def read_usage(
    actor: AdminDep,  # noqa: ARG001 - an administrator is all that is asked for
    session: ReaderDep,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="How many days, up to today.")] = 30,
) -> Any:
    """Read how often the server was asked, who came in and who did not."""
    now = usage.hour_of(clock.now())
    today = now // HOURS_OF_A_DAY
    first = today - days + 1
    found = await usage.read(session, min(first * HOURS_OF_A_DAY, now - SHOWN_HOURS))
    by_day: dict[int, Counter[str]] = {day: Counter() for day in range(first, today + 1)}
    for hour, counts in found.items():
        if hour // HOURS_OF_A_DAY in by_day:
            by_day[hour // HOURS_OF_A_DAY].update(counts)
    return UsageOut(
        hours=[
            UsageHourOut(at=_moment(hour), **_counts(found.get(hour, {})))
            for hour in range(now - SHOWN_HOURS + 1, now + 1)
        ],
        days=[
            UsageDay(
                date=_moment(day * HOURS_OF_A_DAY).date(), active_accounts=by_day[day][ACTIVE], **_counts(by_day[day])
            )
            for day in by_day
        ],
    )


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=hour * HOUR_SECONDS)


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    def total(*kinds: str) -> int:
        return sum(counts.get(kind, 0) for kind in kinds)

    answered = [kind for kind in counts if kind.startswith("answers_")]
    return {
        "requests": total(*answered),
        "refused": total("answers_4"),
        "failed": total("answers_5"),
        "sign_ins": total("login_success"),
        "sign_ins_refused": total("login_refused"),
        "sign_ins_throttled": total("login_throttled"),
        "refreshes": total("refresh_rotated"),
        "refreshes_repeated": total("refresh_recovered", "refresh_concurrent"),
        "refreshes_reused": total("refresh_reused"),
        "refreshes_refused": total("refresh_invalid", "refresh_ended", "refresh_ahead"),
    }
