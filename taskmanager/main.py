"""The application: every room's routes and handlers, wired in one place."""

import ipaddress
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

import taskmanager
from taskmanager import metrics, upkeep
from taskmanager.admin.api_tokens import api_tokens
from taskmanager.admin.audit_router import audit
from taskmanager.admin.router import admin
from taskmanager.admin.router_keys import admin_keys
from taskmanager.admin.router_sessions import sessions
from taskmanager.auth import quotas
from taskmanager.auth import router as sign_in_routes
from taskmanager.auth import router_accounts as account_routes
from taskmanager.auth import router_api_tokens as api_token_routes
from taskmanager.auth import router_keys as key_routes
from taskmanager.auth import router_recovery as recovery_routes
from taskmanager.auth.access_tokens import AccessTokens
from taskmanager.auth.accounts import UserCreated
from taskmanager.auth.api_tokens import ApiTokens
from taskmanager.auth.audit_chain import Seals
from taskmanager.auth.audit_refusals import Refusals, on_forbidden
from taskmanager.auth.audit_sealing import Sealer
from taskmanager.auth.cookies import CLIENT_HEADER, Cookies
from taskmanager.auth.counters import Counters
from taskmanager.auth.deps import Auth, get_actor
from taskmanager.auth.master import load_master
from taskmanager.auth.notices import Told
from taskmanager.auth.passwords import Passwords
from taskmanager.auth.post import JOB, Post
from taskmanager.auth.recovery import FORGOT, Recovery
from taskmanager.auth.refresh_tokens import RefreshTokens
from taskmanager.auth.ring import Follower, RingChanged
from taskmanager.auth.rotation import Rotation
from taskmanager.auth.snapshots import AccessChanged, Snapshots
from taskmanager.health import health
from taskmanager.integrations.router import transfer
from taskmanager.kit.cache import open_cache
from taskmanager.kit.db import Database
from taskmanager.kit.errors import HANDLERS, ForbiddenError
from taskmanager.kit.events import EventBus
from taskmanager.kit.http import openapi
from taskmanager.kit.http.docs import docs_routes
from taskmanager.kit.http.middleware import Edge, Gate
from taskmanager.kit.http.pages import web_app
from taskmanager.kit.http.route import methods_of
from taskmanager.kit.http.throttled import Turnstile
from taskmanager.kit.jobs import Jobs
from taskmanager.kit.metrics import Metrics
from taskmanager.kit.settings import Settings
from taskmanager.kit.throttle import Throttle
from taskmanager.projects.router import labels, projects
from taskmanager.projects.sections import SectionGone
from taskmanager.projects.service import add_inbox
from taskmanager.sync.replay import may_replay
from taskmanager.sync.router import undo
from taskmanager.tasks.filters.router import filters
from taskmanager.tasks.placing import leave_section
from taskmanager.tasks.router import tasks
from taskmanager.tasks.router_actions import actions

OPENAPI_URL = "/openapi.json"
DESCRIPTION = """Tasks, projects and people, behind authorization that its users can verify.

Sign in with `POST /login`, send the access token as `Authorization: Bearer`, and exchange the refresh token at
`POST /refresh` before it expires. Programs may send an API token (`POST /api-tokens`) in its place, which opens what
its scopes name and never more than the role of its account. Refusals are `application/problem+json` (RFC 9457) with a
stable `code`.
"""
ROUTERS = (
    sign_in_routes.credentials,
    sign_in_routes.own,
    account_routes.entrance,
    account_routes.own,
    api_token_routes.own,
    recovery_routes.entrance,
    recovery_routes.own,
    tasks,
    actions,
    undo,
    projects,
    labels,
    filters,
    transfer,
    admin,
    api_tokens,
    sessions,
    admin_keys,
    key_routes.published,
    audit,
    health,
    metrics.operations,
)


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its resources are opened when the server starts it."""
    app = FastAPI(
        title="TaskManager",
        version=taskmanager.__version__,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=openapi.operation_id,
        exception_handlers={**HANDLERS, ForbiddenError: on_forbidden},
        # "DELETE /sessions/" without its id must not become "DELETE /sessions".
        redirect_slashes=False,
    )
    app.state.settings = settings
    counted = Metrics("taskmanager")
    app.state.counters, app.state.numbers = Counters(counted), metrics.Numbers(counted)
    app.state.trusted_networks = tuple(ipaddress.ip_network(n, strict=False) for n in settings.trusted_proxies)
    for router in ROUTERS:
        app.include_router(router)
    app.state.methods_of = partial(methods_of, ROUTERS)
    document: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if not document:
            document.update(openapi.document(app, ROUTERS, get_actor))
        return document

    app.openapi = describe  # type: ignore[method-assign]
    app.router.routes.extend(docs_routes(OPENAPI_URL))
    app.add_api_route(OPENAPI_URL, describe, include_in_schema=False)
    app.router.routes.append(Mount("/app", web_app(settings.web_dir)))
    for path in ("/", "/app"):
        app.router.routes.append(Route(path, lambda _: RedirectResponse("/app/", status_code=307)))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                CLIENT_HEADER,
            ],
            expose_headers=[
                *("ETag", "Link", "Location", "X-Operation-ID", "X-Request-ID", "Idempotency-Replayed"),
                *("RateLimit", "RateLimit-Policy", "Retry-After"),
            ],
        )
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(Turnstile, limit=quotas.ADDRESS)
    app.add_middleware(Edge, settings=settings, metrics=counted)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    master = load_master(settings)
    events = _events(settings)
    database = Database(settings, events)
    cache = open_cache(settings.redis_url)
    snapshots = Snapshots(database, cache, master.derive("cache-seals"))
    events.after(AccessChanged, snapshots.forget)
    events.after(AccessChanged, app.state.counters.revoked)
    state = app.state
    state.database, state.cache, state.started = database, cache, time.monotonic()
    state.draining = False
    state.throttle = Throttle(cache, master.derive("throttle-buckets"), on=settings.rate_limits)
    state.metrics_token = settings.metrics_secret()
    state.idempotency_secret = master.derive("idempotency")
    state.cursor_secret = master.derive("cursors")
    state.may_replay = may_replay
    rotation, follower = Rotation(master, settings), Follower(database, master)
    events.after(RingChanged, follower.follow)
    life = timedelta(minutes=settings.access_token_minutes)
    passwords = Passwords(settings)
    tokens = ApiTokens(database, master.derive("api-tokens"))
    post = Post(master.derive("mailed-links")) if settings.sends_mail else None
    state.auth = Auth(
        ring=follower.ring,
        rotation=rotation,
        access=AccessTokens(follower.ring, settings.issuer, life),
        refresh=RefreshTokens(master.derive("refresh-tokens")),
        api_tokens=tokens,
        passwords=passwords,
        snapshots=snapshots,
        cookies=Cookies(settings),
        registration=settings.registration,
        max_sessions=settings.max_sessions,
        post=post,
        refusals=Refusals(database, master.derive("audit-names")),
        counters=state.counters,
    )
    state.seals = Seals(master)
    sealer = Sealer(database, state.seals)
    jobs = state.jobs = Jobs(database, state.numbers.job_ended)
    upkeep.schedule(jobs, state.seals, settings.audit_days)
    if post is not None:
        _send_mail(jobs, settings, database, post)
    rotation.schedule(jobs)
    try:
        async with database.write() as session:
            await rotation.prepare(session)
        await follower.start()
        await snapshots.start()
        await tokens.start()
        await sealer.start()
        await jobs.start()
        yield
    finally:
        await jobs.stop()
        await tokens.stop()
        await follower.stop()
        await sealer.stop()
        await snapshots.stop()
        passwords.stop()
        await cache.close()
        await database.stop()


def _send_mail(jobs: Jobs, settings: Settings, database: Database, post: Post) -> None:
    # Imported here: the libraries of mail cost 70 ms of a start that may never send any.
    from taskmanager.auth.courier import Courier  # noqa: PLC0415
    from taskmanager.kit.mail import Mailer  # noqa: PLC0415

    async def answer(session: Any, payload: dict[str, Any]) -> None:
        await Recovery(session, post).answer(payload)

    jobs.handle(FORGOT, answer)
    jobs.outside(JOB, Courier(database, Mailer(settings), post, settings.public_url).deliver)


def _events(settings: Settings) -> EventBus:
    """Return who must hear of what within a transaction, whoever makes it: a request or the command line."""
    events = EventBus()
    if settings.sends_mail:
        events.inside(Told, Post.send_notice)
    events.inside(AccessChanged, Snapshots.write_down)
    events.inside(UserCreated, _give_inbox)
    events.inside(SectionGone, leave_section)
    return events


def open_database(settings: Settings) -> Database:
    """Return the database for work outside a server."""
    return Database(settings, _events(settings))


async def _give_inbox(session: Any, fact: UserCreated) -> None:
    await add_inbox(session, fact.user_id)
