"""Sealing the audit trail behind those who write it, and purging what is older than it must be kept.

Records are sealed in the order of the feed: by id on SQLite, whose writers come one after the other, and on
PostgreSQL by transaction and id, and only once every transaction before has ended. So no record that commits late
finds its place taken.
"""

import asyncio
import contextlib
import logging
import time
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.audit_chain import (
    BATCH,
    SAID,
    START,
    MarkName,
    Point,
    Seals,
    TrailBrokenError,
    follow,
    read_mark,
    sealed_after,
)
from taskmanager.auth.models import AuditEvent, AuditMark
from taskmanager.kit.db import Database

logger = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
TOLD_EVERY_SECONDS = 3600.0
PURGED_AT_ONCE = 2000


class Sealer:
    """Seals what is new, each second. Idle it reads one index entry and writes nothing.

    Every node has one; the head, locked, lets one of them work at a time. This is no job of ``kit/jobs``: claiming
    and ending a job are two writes a second for ever, with nothing to seal.
    """

    def __init__(self, database: Database, seals: Seals) -> None:
        self._database = database
        self._seals = seals
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._told_at = float("-inf")
        self._complained = False

    async def start(self) -> None:
        self._task = asyncio.create_task(self._loop())

    async def stop(self) -> None:
        """Let the batch under way end, then return; what comes after it is sealed at the next start."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.seal()
            except TrailBrokenError as error:
                if not self._complained:
                    logger.critical("%s; nothing is sealed any more (taskmanager audit verify)", error)
                self._complained = True
            except (SQLAlchemyError, OSError):
                logger.warning("the audit trail cannot be sealed now", exc_info=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), EVERY_SECONDS)

    async def seal(self) -> int:
        """Seal everything that can be; return how many records. Each transaction seals a bounded number."""
        sealed = 0
        while not self._stopping.is_set() and await self._is_needed():
            async with self._database.write() as session:
                point, count = await seal_batch(session, self._seals)
            sealed += count
            if count:
                self._tell(point)
            if count < BATCH:
                break
        return sealed

    async def _is_needed(self) -> bool:
        async with self._database.read() as session:
            statement = select(AuditEvent.id).where(AuditEvent.position.is_(None)).limit(1)
            return (await session.scalar(statement)) is not None

    def _tell(self, head: Point) -> None:
        """Log the head now and then: who changes the database cannot also take it back from there."""
        now = time.monotonic()
        if now - self._told_at > TOLD_EVERY_SECONDS:
            self._told_at = now
            logger.info("the audit trail is sealed up to %d:%s", head.position, head.chain.hex())


async def seal_batch(session: AsyncSession, seals: Seals, limit: int = BATCH) -> tuple[Point, int]:
    """Seal up to ``limit`` records; return the head and how many. Nothing happens while another node seals.

    Raises :class:`TrailBrokenError` where the head is gone or not ours: sealing on would cover that up.
    """
    if not await _take_head(session, seals):
        return START, 0
    head = await read_mark(session, seals, "head") or START
    sealed: list[dict[str, Any]] = []
    for record in await _unsealed(session, limit):
        position = head.position + 1
        head = Point(position, seals.chain(head.chain, record, position))
        sealed.append({"sealed_id": record.id, "position": head.position, "chain": head.chain})
    if sealed:
        table: Any = AuditEvent.__table__
        await session.execute(update(table).where(table.c.id == bindparam("sealed_id")), sealed)
        await _set_mark(session, seals, "head", head)
    return head, len(sealed)


async def _take_head(session: AsyncSession, seals: Seals) -> bool:
    """Lock the head until the transaction ends; make it where nothing was sealed yet."""
    lock = select(AuditMark.name).where(AuditMark.name == "head").with_for_update(skip_locked=True)
    if await session.scalar(lock) is not None:
        return True
    if await session.get(AuditMark, "head", populate_existing=True) is not None:
        return False  # somebody else holds it
    # Of two nodes that begin at once, the later one waits here for the other, and then has nothing to do.
    if not await _set_mark(session, seals, "head", START, replace=False):
        return False
    sealed = select(AuditEvent.id).where(AuditEvent.position.is_not(None)).limit(1)
    if await session.get(AuditMark, "checkpoint") is not None or await session.scalar(sealed) is not None:
        message = "the head of the audit trail is gone"
        raise TrailBrokenError(message)
    return True


async def _unsealed(session: AsyncSession, limit: int) -> Any:
    statement = select(*SAID).where(AuditEvent.position.is_(None)).limit(limit)
    if session.get_bind().dialect.name == "sqlite":
        statement = statement.order_by(AuditEvent.id)
    else:
        # A record without a transaction number comes from another database, so it is older than all of this one.
        xid = func.coalesce(AuditEvent.xid, 0)
        oldest_running: ColumnElement[int] = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        statement = statement.where(xid < oldest_running).order_by(xid, AuditEvent.id)
    return (await session.execute(statement)).all()


async def _set_mark(session: AsyncSession, seals: Seals, name: MarkName, point: Point, *, replace: bool = True) -> bool:
    """Write a mark; without ``replace`` only where there is none. Return whether it was written."""
    values = {"position": point.position, "chain": point.chain, "mac": seals.mark(name, point)}
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(AuditMark).values(name=name, **values)
    if replace:
        statement = statement.on_conflict_do_update(index_elements=[AuditMark.name], set_=values)
    else:
        statement = statement.on_conflict_do_nothing()
    result: Any = await session.execute(statement)
    return bool(result.rowcount)


async def purge(session: AsyncSession, seals: Seals, before: datetime, limit: int = PURGED_AT_ONCE) -> int:
    """Remove up to ``limit`` of the oldest sealed records from before ``before``; return how many.

    A checkpoint takes their place, so that the rest can be verified. They are verified themselves first: what was
    tampered with is kept, raising :class:`TrailBrokenError`.
    """
    begin = await read_mark(session, seals, "checkpoint") or START
    old = takewhile(lambda record: record.at < before, await sealed_after(session, begin.position, limit))
    end, wrong = follow(seals, begin, old)
    if wrong is not None:
        message = f"the audit trail does not hold after position {end.position}; nothing is purged"
        raise TrailBrokenError(message)
    count = end.position - begin.position
    if count:
        purged = AuditEvent.position.between(begin.position + 1, end.position)
        await session.execute(delete(AuditEvent).where(purged))
        await _set_mark(session, seals, "checkpoint", end)
        await audit.record(session, audit.Event.AUDIT_PURGED, count=count, position=end.position)
    return count
