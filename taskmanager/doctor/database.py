"""The checks of the database, of what waits in it, and of the clock against it."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.master import KeyProblem, master_path
from taskmanager.auth.models import AuditEvent
from taskmanager.auth.restored import running_nodes
from taskmanager.auth.ring import load_keys
from taskmanager.doctor.findings import Finding, Findings
from taskmanager.doctor.surroundings import is_there, read_master
from taskmanager.kit import clock, migrate, postgresql, sqlite
from taskmanager.kit.db import Database
from taskmanager.kit.jobs import Job
from taskmanager.kit.settings import Settings

SLOW_SECONDS = 0.02
LEAST_POSTGRESQL = 130_000
OVERDUE = timedelta(minutes=10)
LONG_TRANSACTION_SECONDS = 300
CLOCK_SECONDS = 1.0
_OLDEST = "SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0) FROM pg_stat_activity WHERE state <> 'idle'"
_NETWORKED = {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"}


async def check_database(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    """Yield what is to be said of the database; everything after "cannot be reached" is left out."""
    say = Findings("database")
    path = Path(make_url(settings.database).database or "")
    if database.is_sqlite and not is_there(path):
        yield say.warn(f"no database {path} yet", "the first start makes one")
        return
    try:
        async with database.read() as session:
            begun = time.monotonic()
            await session.execute(text("SELECT 1"))
            latency = time.monotonic() - begun
            checks = _of_sqlite(session, path, settings) if database.is_sqlite else _of_postgresql(session, latency)
            async for finding in checks:
                yield finding
            current = await _revision(session)
            yield current
            if current.level == "ok":
                async for finding in _of_contents(session, settings):
                    yield finding
    except (TimeoutError, SQLAlchemyError, OSError) as error:
        yield say.fail(f"cannot be used: {getattr(error, 'orig', None) or error}", "is it running, and where it says?")


async def _revision(session: AsyncSession) -> Finding:
    say, newest = Findings("revision"), migrate.newest()
    here = await (await session.connection()).run_sync(migrate.current)
    if here == newest:
        return say.ok(newest)
    if here is not None and here not in migrate.known():
        return say.fail(f"{here} is of a newer version of the program", "use that version, or restore a backup")
    return say.warn(f"{here or 'empty'} instead of {newest}", "`taskmanager migrate`; serving does it by itself")


async def _of_sqlite(session: AsyncSession, path: Path, settings: Settings) -> AsyncIterator[Finding]:
    say, module = Findings("database"), sqlite.driver()
    words = f"SQLite {module.sqlite_version} by {module.__name__.partition('.')[0]}"
    if sqlite.has_reset_bug(module.sqlite_version_info):
        advice = "install pysqlite3, or use PostgreSQL: older ones can damage a database that two processes write"
        yield (say.fail if settings.workers > 1 else say.warn)(
            f"{words} has the WAL-reset bug (fixed in 3.51.3)", advice
        )
    else:
        yield say.ok(words)
    kind = await asyncio.to_thread(_filesystem, path)
    if kind in _NETWORKED:
        yield say.fail(f"{path} lies on {kind}", "WAL needs a local disk; move the data folder or use PostgreSQL")
    begun = time.monotonic()
    found = (await session.execute(text("PRAGMA quick_check(1)"))).scalar_one()
    if found == "ok":
        yield say.ok(f"intact (quick_check, {time.monotonic() - begun:.1f} s)")
    else:
        yield say.fail(f"damaged: {found}", "stop the server, keep the file, restore the newest backup")


def _filesystem(path: Path) -> str:
    """Return the kind of file system that holds a file, where Linux tells it."""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    mounts = [line.split()[1:3] for line in lines]
    above = [(place, kind) for place, kind in mounts if path.resolve().is_relative_to(place)]
    return max(above, key=lambda one: len(one[0]), default=("", ""))[1]


async def _of_postgresql(session: AsyncSession, latency: float) -> AsyncIterator[Finding]:
    say = Findings("database")
    number = int(await _shown(session, "server_version_num"))
    words = f"PostgreSQL {await _shown(session, 'server_version')}, {latency * 1000:.1f} ms away"
    if number < LEAST_POSTGRESQL:
        yield say.fail(words, "PostgreSQL 13 or newer is needed")
    elif latency > SLOW_SECONDS:
        yield say.warn(words, "a request asks several times: keep server and database in one place")
    else:
        yield say.ok(words)
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if await _shown(session, name) == "off":
            yield say.fail(f"{name} is off: a crash loses what was acknowledged", f"set {name} = on")
    if await _shown(session, "statement_timeout") == "0":
        yield say.warn("no statement has an end", "ALTER ROLE ... SET statement_timeout = '30s'; see DATABASE_POOLER")
    if await _shown(session, "data_checksums") == "off":
        yield say.warn("data_checksums is off", "pg_checksums --enable: else damage on the disk goes unnoticed")
    if await session.scalar(text("SELECT pg_is_in_recovery()")):
        yield say.fail("this is a standby, which takes no writes", "point DATABASE_URL at the primary")
    oldest = text(
        "SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0) FROM pg_stat_activity WHERE state <> 'idle'"
    )
    seconds = float((await session.execute(oldest)).scalar_one())
    if seconds > LONG_TRANSACTION_SECONDS:
        advice = "pg_stat_activity shows whose; live updates wait until it ends, and nothing is vacuumed"
        yield say.warn(f"a transaction is open for {seconds / 60:.0f} minutes", advice)


async def _shown(session: AsyncSession, name: str) -> str:
    return str((await session.execute(select(func.current_setting(name)))).scalar_one())


async def _of_contents(session: AsyncSession, settings: Settings) -> AsyncIterator[Finding]:
    """Yield what the rows tell: keys that open, work that waits, processes that serve."""
    say = Findings("keys")
    if master_path(settings).exists():
        try:
            keys = await load_keys(session, read_master(settings))
            yield say.ok(f"{len(keys)} signing keys open with the master secret")
        except KeyProblem as error:
            yield say.fail(str(error), "without it nobody can sign in; see docs/operations.md")
    say, now = Findings("work"), clock.now()
    overdue = await _count(session, Job.id, Job.due_at < now - OVERDUE)
    unsealed = await _count(
        session,
        AuditEvent.id,
        AuditEvent.position.is_(None),
        AuditEvent.at < now - OVERDUE,
    )
    nodes = await running_nodes(session)
    if nodes and overdue:
        yield say.warn(f"{overdue:,} jobs are overdue", "is RUN_JOBS off, and no `taskmanager worker` there?")
    if nodes and unsealed:
        yield say.fail(f"{unsealed:,} audit records wait to be sealed", "`taskmanager audit verify` tells why")
    yield say.ok(f"{nodes} server processes were heard of within a minute; {overdue:,} jobs overdue")


async def _count(session: AsyncSession, column: Any, *conditions: Any) -> int:
    return int((await session.execute(select(func.count(column)).where(*conditions))).scalar_one())


async def check_replica(settings: Settings) -> AsyncIterator[Finding]:
    """Ask the standby, where one is named, whether it is one and whether it follows."""
    if not settings.replica_url:
        return
    say = Findings("replica")
    engine = postgresql.create_engine(settings, settings.replica_url)
    try:
        async with engine.connect() as connection:
            standby = (await connection.execute(text("SELECT pg_is_in_recovery()"))).scalar_one()
            walking = text("SELECT count(*) FROM pg_stat_wal_receiver")
            followed = standby and (await connection.execute(walking)).scalar_one()
            feedback = (await connection.execute(text("SELECT current_setting('hot_standby_feedback')"))).scalar_one()
    except (SQLAlchemyError, OSError) as error:
        yield say.fail(f"cannot be used: {getattr(error, 'orig', None) or error}", "lists are read from the primary")
        return
    finally:
        await engine.dispose()
    if not standby:
        yield say.fail("it is no standby, and is not read", "point REPLICA_URL at a standby of this primary")
    elif not followed:
        yield say.fail("it follows nobody", "look at its log; lists are read from the primary")
    elif feedback == "off":
        yield say.warn("hot_standby_feedback is off", "set it on, or long lists are cancelled there now and then")
    else:
        yield say.ok("a standby that follows")


async def check_clock(database: Database) -> AsyncIterator[Finding]:
    """Compare with PostgreSQL's clock; SQLite has none of its own."""
    if database.is_sqlite:
        return
    say = Findings("clock")
    try:
        async with database.read() as session:
            await session.execute(text("SELECT 1"))  # connecting takes its time
            before = clock.now()
            there = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
            after = clock.now()
    except (SQLAlchemyError, OSError):
        return  # told by the check of the database
    apart = abs((there - (before + (after - before) / 2)).total_seconds())
    words = f"{apart * 1000:.0f} ms from the database's"
    if apart > CLOCK_SECONDS:
        yield say.fail(words, "run an NTP client on both: sessions and reminders go by it")
    else:
        yield say.ok(words)
