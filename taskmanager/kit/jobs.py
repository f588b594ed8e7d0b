"""Things due later: one table, claimed by lease, run inside the server's process.

A job is enqueued in the transaction that wants it, and its effect is written in the transaction that ends it, so a
crash loses none and doubles none.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, Text, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit import clock
from taskmanager.kit.columns import Id, Instant, Json, Model
from taskmanager.kit.db import Database
from taskmanager.kit.ids import new_id

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
POLL_SECONDS = 5.0
MAX_BACKOFF = timedelta(hours=1)
MAX_DOUBLINGS = 12

Handler = Callable[[AsyncSession, dict[str, Any]], Awaitable[None]]
Outside = Callable[["Job"], Awaitable[None]]
Step = Callable[[], Awaitable[bool]]
"""Does one thing; False when there was nothing to do."""


class Job(Model):
    """One thing to do at a time; ``unique_key`` lets it be asked for twice and done once."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    unique_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class _Recurring:
    interval: timedelta
    handler: Handler


@dataclass(frozen=True)
class _Watched:
    waits: Callable[[AsyncSession], Awaitable[bool]]
    handler: Callable[[AsyncSession], Awaitable[None]]


async def enqueue(
    session: AsyncSession,
    kind: str,
    due_at: datetime,
    payload: dict[str, Any] | None = None,
    unique_key: str | None = None,
) -> None:
    """Add a job in this transaction; one with the same ``unique_key`` stays as it is."""
    values = {
        "id": new_id(),
        "kind": kind,
        "unique_key": unique_key,
        "payload": payload or {},
        "due_at": due_at,
        "attempts": 0,
    }
    insert: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(insert(Job).values(values).on_conflict_do_nothing())


class Jobs:
    """The worker: knows the handlers, claims what is due, and runs it."""

    def __init__(self, database: Database, ended: Callable[[str, bool], None] = lambda _kind, _done: None) -> None:
        """Work on ``database``; ``ended`` is told the kind of each job that was run, and whether it was done."""
        self._database = database
        self._ended = ended
        self._handlers: dict[str, Handler] = {}
        self._recurring: dict[str, _Recurring] = {}
        self._outside: dict[str, Outside] = {}
        self._watched: dict[str, _Watched] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = asyncio.Event()

    def handle(self, kind: str, handler: Handler) -> None:
        """Run ``handler`` for jobs of ``kind``; it gets the transaction that also ends the job."""
        self._handlers[kind] = handler

    def outside(self, kind: str, handler: Outside) -> None:
        """Run ``handler`` without a transaction: for what leaves the house, such as mail.

        After a crash it may run again for the same job; whoever receives can tell by the job's id. What is slow out
        there holds up no other job.
        """
        self._outside[kind] = handler

    def every(self, interval: timedelta, kind: str, handler: Handler) -> None:
        """Run ``handler`` once per ``interval`` across all processes."""
        self._recurring[kind] = _Recurring(interval, handler)

    def watch(
        self,
        kind: str,
        waits: Callable[[AsyncSession], Awaitable[bool]],
        handler: Callable[[AsyncSession], Awaitable[None]],
    ) -> None:
        """Run ``handler`` in one transaction after the other as long as ``waits``, by reading, finds work for it.

        For tables that say themselves what is due: idle nothing is written, where claiming and ending a job would be
        two writes each time. All processes do it at once, so a handler takes rows that no other one has locked.
        """
        self._watched[kind] = _Watched(waits, handler)

    async def start(self) -> None:
        async with self._database.write() as session:
            for kind in self._recurring:
                await enqueue(session, kind, clock.now(), unique_key=f"recurring:{kind}")
        lanes = ([*self._handlers, *self._recurring], [*self._outside])
        steps: list[Step] = [partial(self.run_due, kinds) for kinds in lanes if kinds]
        steps += [partial(self.run_watched, kind) for kind in self._watched]
        self._tasks = [asyncio.create_task(self._loop(step)) for step in steps]

    async def stop(self) -> None:
        """Let the jobs under way end, then return."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def _loop(self, step: Step) -> None:
        while not self._stopping.is_set():
            try:
                while not self._stopping.is_set() and await step():
                    pass
            except (SQLAlchemyError, OSError):
                logger.warning("jobs wait for the database", exc_info=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), POLL_SECONDS)

    async def run_watched(self, kind: str) -> bool:
        """Do one batch of what is watched; return False when there was none, or it failed."""
        watched = self._watched[kind]
        async with self._database.read() as session:
            if not await watched.waits(session):
                return False
        try:
            async with self._database.write() as session:
                await watched.handler(session)
        except Exception:
            # As with jobs: it is tried again, and the others go on.
            logger.exception("%s failed", kind)
            self._ended(kind, False)
            return False
        self._ended(kind, True)
        return True

    async def run_due(self, kinds: Sequence[str] | None = None) -> bool:
        """Run one due job, of certain kinds or of any; return False when there is none."""
        async with self._database.read() as session:
            found = await session.scalar(select(Job.id).where(self._claimable(kinds)).order_by(Job.due_at).limit(1))
        if found is None:
            return False
        job = await self._claim(kinds)
        if job is not None:
            await self._run(job)
        return True

    def _claimable(self, kinds: Sequence[str] | None) -> ColumnElement[bool]:
        now = clock.now()
        kinds = kinds or [*self._handlers, *self._recurring, *self._outside]
        free = or_(Job.lease_until.is_(None), Job.lease_until < now)
        return (Job.due_at <= now) & free & Job.kind.in_(kinds)

    async def _claim(self, kinds: Sequence[str] | None = None) -> Job | None:
        async with self._database.write() as session:
            statement = select(Job).where(self._claimable(kinds)).order_by(Job.due_at).limit(1)
            job = (await session.execute(statement.with_for_update(skip_locked=True))).scalar_one_or_none()
            if job is not None:
                job.lease_until = clock.now() + LEASE
                job.attempts += 1
        return job

    async def _run(self, job: Job) -> None:
        recurring, outside = self._recurring.get(job.kind), self._outside.get(job.kind)
        mine = (Job.id == job.id) & (Job.lease_until == job.lease_until)
        try:
            if outside:
                await outside(job)
            async with self._database.write() as session:
                # Ended first: whoever lost the lease has no effect, and nobody claims a row that is being ended.
                if recurring:
                    after = {"due_at": clock.now() + recurring.interval, "lease_until": None, "attempts": 0}
                    ended: Any = await session.execute(update(Job).where(mine).values(after))
                else:
                    ended = await session.execute(delete(Job).where(mine))
                if ended.rowcount and not outside:
                    await (recurring.handler if recurring else self._handlers[job.kind])(session, job.payload)
        except Exception as error:
            # A failing job must neither stop the worker nor be forgotten.
            logger.exception("job %s failed", job.kind)
            self._ended(job.kind, False)
            await self._postpone(job, mine, error)
        else:
            self._ended(job.kind, True)

    async def _postpone(self, job: Job, mine: ColumnElement[bool], error: Exception) -> None:
        wait = min(timedelta(seconds=2 ** min(job.attempts, MAX_DOUBLINGS)), MAX_BACKOFF)
        async with self._database.write() as session:
            values = {"due_at": clock.now() + wait, "lease_until": None, "last_error": repr(error)[:1000]}
            await session.execute(update(Job).where(mine).values(values))
