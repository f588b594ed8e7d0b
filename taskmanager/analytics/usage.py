"""How the installation is used: requests, sign-ins and refreshes by hour, for its administrators.

Nothing is written for it by any request. Every few seconds what the process counts of itself anyway goes to short-lived
counts of the hour (``usage_hours.py``), and every minute those of this and the last hour into a table. A count there
only grows to what its source says, so it does not matter who writes it, how often, or whether that was cut short.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, select, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.analytics.models import NOBODY, UsageHour
from taskmanager.analytics.usage_hours import HOUR_SECONDS, Hours
from taskmanager.auth.models import ApiToken, Session
from taskmanager.kit import clock
from taskmanager.kit.db import Database

logger = logging.getLogger(__name__)

ADD_SECONDS = 5.0
ROLL_UP_EVERY = 12
"""After so many additions what was added is written into the table."""
ACTIVE = "active"
"""Kind of the accounts that a day has seen; its hour is the first one of the day."""
HOURS_OF_A_DAY = 24
MAX_KIND = 32

Totals = Callable[[], Mapping[str, int]]
"""What the process has counted since its start, by kind."""


def hour_of(moment: datetime) -> int:
    """Return the number of the hour since 1970 that an instant lies in."""
    return int(moment.timestamp()) // HOUR_SECONDS


class Usage:
    """Takes what one process counts to where it is kept."""

    def __init__(self, database: Database, hours: Hours, totals: Totals) -> None:
        self._database = database
        self._hours = hours
        self._totals = totals
        self._added: Counter[str] = Counter()
        self._written: dict[tuple[int, str, str], int] = {}
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        """Let what is under way end, for what is cut short may be added twice; keep what was counted up to now."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _loop(self) -> None:
        turn = 0
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ADD_SECONDS):
                    await self._stopping.wait()
            await self.add()
            turn += 1
            if turn % ROLL_UP_EVERY == 0 or self._stopping.is_set():
                await self._rolled_up()

    async def _rolled_up(self) -> None:
        try:
            await self.roll_up()
        except (SQLAlchemyError, OSError):
            logger.warning("cannot keep how the installation is used; it is tried again", exc_info=True)

    async def add(self) -> None:
        """Add what was counted since the last time to the present hour; what cannot be added now is added later."""
        totals = Counter({kind: n for kind, n in self._totals().items() if n})
        news = totals - self._added
        if news and await self._hours.add(hour_of(clock.now()), news):
            self._added = totals

    async def roll_up(self) -> None:
        """Write what is known of this and the last hour into the table, as far as it is new."""
        this = hour_of(clock.now())
        rows: dict[tuple[int, str, str], int] = {}
        for hour in (this - 1, this):
            found = await self._hours.read(hour)
            if found is not None:
                rows |= {(hour, kind[:MAX_KIND], found.source): n for kind, n in found.counts.items()}
        news = {key: n for key, n in rows.items() if self._written.get(key) != n}
        if not news:
            return
        async with self._database.write() as session:
            today = this - this % HOURS_OF_A_DAY
            news[today, ACTIVE, NOBODY] = await _active_since(session, today)
            await _write(session, news)
        self._written = rows


async def _active_since(session: AsyncSession, hour: int) -> int:
    """Return how many accounts have signed in, refreshed or used an API token since."""
    since = datetime.fromtimestamp(hour * HOUR_SECONDS, clock.now().tzinfo)
    of_sessions = select(Session.user_id).where(Session.rotated_at >= since)
    of_tokens = select(ApiToken.user_id).where(ApiToken.last_used_at >= since)
    people = union(of_sessions, of_tokens).subquery()
    return int(await session.scalar(select(func.count()).select_from(people)) or 0)


async def _write(session: AsyncSession, news: Mapping[tuple[int, str, str], int]) -> None:
    add: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [{"hour": hour, "kind": kind, "source": source, "n": n} for (hour, kind, source), n in sorted(news.items())]
    statement = add(UsageHour).values(rows)
    more = case((statement.excluded.n > UsageHour.n, statement.excluded.n), else_=UsageHour.n)
    await session.execute(statement.on_conflict_do_update(index_elements=["hour", "kind", "source"], set_={"n": more}))


async def read(session: AsyncSession, since: int) -> dict[int, dict[str, int]]:
    """Return what was counted by hour and kind since an hour."""
    statement = select(UsageHour.hour, UsageHour.kind, func.sum(UsageHour.n)).where(UsageHour.hour >= since)
    found: dict[int, dict[str, int]] = {}
    for hour, kind, n in await session.execute(statement.group_by(UsageHour.hour, UsageHour.kind)):
        found.setdefault(hour, {})[kind] = int(n)
    return found


async def purge(session: AsyncSession, before: datetime) -> None:
    """Forget hours before an instant."""
    await session.execute(delete(UsageHour).where(UsageHour.hour < hour_of(before)))
