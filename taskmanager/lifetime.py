"""What lives as long as the server: built when it starts, given back when it stops, in one place."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI

from taskmanager import upkeep
from taskmanager.analytics import rollup
from taskmanager.analytics.usage import Usage
from taskmanager.analytics.usage_hours import hours_of
from taskmanager.auth.access_tokens import AccessTokens
from taskmanager.auth.accounts import UserCreated, ZoneChanged
from taskmanager.auth.api_tokens import ApiTokens
from taskmanager.auth.audit_chain import Seals
from taskmanager.auth.audit_refusals import Refusals
from taskmanager.auth.audit_sealing import Sealer
from taskmanager.auth.cookies import Cookies
from taskmanager.auth.counters import Counters
from taskmanager.auth.deps import Auth
from taskmanager.auth.master import Master, load_master
from taskmanager.auth.notices import Told
from taskmanager.auth.passwords import Passwords
from taskmanager.auth.post import JOB, Post
from taskmanager.auth.recovery import FORGOT, Recovery
from taskmanager.auth.refresh_tokens import RefreshTokens
from taskmanager.auth.revocations import AccessChanged, Revocations, write_down
from taskmanager.auth.ring import Follower, RingChanged
from taskmanager.auth.rotation import Rotation
from taskmanager.auth.snapshots import Snapshots
from taskmanager.auth.token_checks import TokenChecks
from taskmanager.journal.answers import Answers
from taskmanager.journal.freshness import Freshness
from taskmanager.journal.history import load_epoch
from taskmanager.journal.service import Journalled
from taskmanager.kit.cache import Cache, MemoryCache
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus
from taskmanager.kit.jobs import Jobs
from taskmanager.kit.lookout import Lookout
from taskmanager.kit.replica import Replica
from taskmanager.kit.settings import Settings
from taskmanager.kit.throttle import Throttle
from taskmanager.kit.wakeups import open_wakeups
from taskmanager.projects.sections import SectionGone
from taskmanager.projects.service import add_inbox
from taskmanager.sync.replay import may_replay
from taskmanager.sync.sequences import Sequences
from taskmanager.sync.streams import Streams
from taskmanager.tasks.notifications import post as notification_post
from taskmanager.tasks.placing import leave_section
from taskmanager.tasks.reminders import firing
from taskmanager.tasks.reminders.following import follow_zone

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifetime(app: FastAPI) -> AsyncIterator[None]:
    """Open everything that requests need, keep it in ``app.state``, and close it in the reverse order."""
    settings: Settings = app.state.settings
    master = load_master(settings)
    events = listeners(settings)
    database = Database(settings, events)
    cache = _open_cache(settings, master)
    rotation, follower = Rotation(master, settings), Follower(database, master)
    revocations, freshness, sealer = Revocations(database), Freshness(database), Sealer(database, Seals(master))
    lookout = Lookout(database, revocations, freshness)
    snapshots = Snapshots(database, cache, revocations)
    tokens = ApiTokens(database, master.derive("api-tokens"))
    passwords = Passwords(settings)
    post = _post(settings, master)
    access = AccessTokens(follower.ring, settings.issuer, timedelta(minutes=settings.access_token_minutes))
    state = app.state
    events.after(AccessChanged, snapshots.forget)
    events.after(AccessChanged, state.counters.revoked)
    events.after(RingChanged, follower.follow)
    streams = state.streams = Streams(database, open_wakeups(settings.redis_url))
    events.after(Journalled, streams.written)
    state.answers = Answers(freshness, cache)
    events.after(AccessChanged, streams.doubted)
    state.database, state.cache, state.started = database, cache, time.monotonic()
    replica = state.replica = _replica(settings, database, cache)
    state.draining = False
    state.throttle = Throttle(cache, master.derive("throttle-buckets"), on=settings.rate_limits)
    state.metrics_token, state.seals = settings.metrics_secret(), Seals(master)
    state.idempotency_secret, state.cursor_secret = master.derive("idempotency"), master.derive("cursors")
    state.may_replay = may_replay
    state.auth = Auth(
        ring=follower.ring,
        rotation=rotation,
        access=access,
        refresh=RefreshTokens(master.derive("refresh-tokens")),
        api_tokens=tokens,
        passwords=passwords,
        checks=TokenChecks(access, snapshots, cache, lookout),
        cookies=Cookies(settings),
        registration=settings.registration,
        max_sessions=settings.max_sessions,
        post=post,
        refusals=Refusals(database, master.derive("audit-names")),
        counters=state.counters,
    )
    jobs = state.jobs = _jobs(settings, database, master, state.numbers.job_ended)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(database.stop)
        closing.push_async_callback(cache.close)
        closing.callback(passwords.stop)
        async with database.write() as session:
            await rotation.prepare(session)
            state.sequences = Sequences(master.derive("sequences"), await load_epoch(session))
        usage = Usage(database, hours_of(cache), partial(_used, app))
        parts: list[Any] = [follower, lookout, tokens, sealer, streams, usage]
        for part in (*parts, replica) if replica is not None else parts:
            await part.start()
            closing.push_async_callback(part.stop)
        if settings.run_jobs:
            await jobs.start()
            closing.push_async_callback(jobs.stop)
        else:
            logger.info("jobs are left to `taskmanager worker`")
        yield


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    """Run the jobs of servers that leave them to others, and nothing else."""
    master = load_master(settings)
    database = open_database(settings)
    jobs = _jobs(settings, database, master)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(database.stop)
        await jobs.start()
        closing.push_async_callback(jobs.stop)
        yield


def _jobs(
    settings: Settings,
    database: Database,
    master: Master,
    ended: Callable[[str, bool], None] = lambda _kind, _done: None,
) -> Jobs:
    """Return everything that is done by itself, in whichever process."""
    jobs, post = Jobs(database, ended), _post(settings, master)
    upkeep.schedule(jobs, Seals(master), settings.audit_days, settings.analytics_days)
    Rotation(master, settings).schedule(jobs)
    jobs.watch(firing.KIND, firing.waits, partial(firing.fire, by_mail=post is not None))
    counting = rollup.Rollup(settings.analytics_days)
    jobs.watch(rollup.KIND, counting.waits, counting.step)
    if post is not None:
        _send_mail(jobs, settings, database, post)
    return jobs


def _used(app: FastAPI) -> dict[str, int]:
    answers = {f"answers_{digit}": n for digit, n in app.state.counted.answers().items()}
    counters: Counters = app.state.counters
    return answers | counters.totals()


def _post(settings: Settings, master: Master) -> Post | None:
    return Post(master.derive("mailed-links")) if settings.sends_mail else None


def _open_cache(settings: Settings, master: Master) -> Cache:
    if not settings.redis_url:
        return MemoryCache()
    from taskmanager.kit.redis_cache import RedisCache  # noqa: PLC0415 - a server without Redis needs no library for it

    return RedisCache(settings.redis_url, master.derive("cache-seals"))


def _replica(settings: Settings, database: Database, cache: Cache) -> Replica | None:
    if not settings.replica_url or not cache.shared:
        return None
    return Replica(settings, database.writer, cache)


def _send_mail(jobs: Jobs, settings: Settings, database: Database, post: Post) -> None:
    # Imported here: the libraries of mail cost 70 ms of a start that may never send any.
    from taskmanager.auth.courier import Courier  # noqa: PLC0415
    from taskmanager.kit.mail import Mailer  # noqa: PLC0415
    from taskmanager.tasks.notifications.courier import NotificationCourier  # noqa: PLC0415

    mailer = Mailer(settings)

    async def answer(session: Any, payload: dict[str, Any]) -> None:
        await Recovery(session, post).answer(payload)

    jobs.handle(FORGOT, answer)
    jobs.outside(JOB, Courier(database, mailer, post, settings.public_url).deliver)
    jobs.outside(notification_post.JOB, NotificationCourier(database, mailer, settings.public_url).deliver)


def listeners(settings: Settings) -> EventBus:
    """Return who must hear of what within a transaction, whoever makes it: a request or the command line."""
    events = EventBus()
    if settings.sends_mail:
        events.inside(Told, Post.send_notice)
    events.inside(AccessChanged, write_down)
    events.inside(UserCreated, _give_inbox)
    events.inside(SectionGone, leave_section)
    events.inside(ZoneChanged, follow_zone)
    return events


def open_database(settings: Settings) -> Database:
    """Return the database for work outside a server."""
    return Database(settings, listeners(settings))


async def _give_inbox(session: Any, fact: UserCreated) -> None:
    await add_inbox(session, fact.user_id)
