"""The application: every room's routes and handlers, wired in one place."""

import ipaddress
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount, Route

import taskmanager
from taskmanager import metrics
from taskmanager.admin.api_tokens import api_tokens
from taskmanager.admin.audit_router import audit
from taskmanager.admin.router import admin
from taskmanager.admin.router_keys import admin_keys
from taskmanager.admin.router_sessions import sessions
from taskmanager.analytics.router import analytics
from taskmanager.analytics.router_usage import usage_routes
from taskmanager.auth import quotas
from taskmanager.auth import router as sign_in_routes
from taskmanager.auth import router_accounts as account_routes
from taskmanager.auth import router_api_tokens as api_token_routes
from taskmanager.auth import router_keys as key_routes
from taskmanager.auth import router_recovery as recovery_routes
from taskmanager.auth.audit_refusals import on_forbidden
from taskmanager.auth.cookies import CLIENT_HEADER
from taskmanager.auth.counters import Counters
from taskmanager.auth.deps import get_actor
from taskmanager.health import health
from taskmanager.integrations.router import transfer
from taskmanager.kit.errors import HANDLERS, ForbiddenError
from taskmanager.kit.http import openapi
from taskmanager.kit.http.docs import docs_routes
from taskmanager.kit.http.fast import FastRoutes
from taskmanager.kit.http.middleware import Edge, Gate
from taskmanager.kit.http.pages import web_app
from taskmanager.kit.http.route import methods_of
from taskmanager.kit.http.throttled import Turnstile
from taskmanager.kit.metrics import Metrics
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import lifetime
from taskmanager.projects.router import labels, projects
from taskmanager.sync.router import sync, undo
from taskmanager.tasks.filters.router import filters
from taskmanager.tasks.kept import KeptReads
from taskmanager.tasks.notifications.router import notifications
from taskmanager.tasks.quick_add.router import quick_add
from taskmanager.tasks.reminders.router import reminders
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
    quick_add,
    reminders,
    notifications,
    undo,
    sync,
    projects,
    labels,
    filters,
    transfer,
    analytics,
    admin,
    usage_routes,
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
        lifespan=lifetime,
        exception_handlers={**HANDLERS, ForbiddenError: on_forbidden},
        # Nobody listens to the framework's own hooks; requests are counted and traced at the edge.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # "DELETE /sessions/" without its id must not become "DELETE /sessions".
        redirect_slashes=False,
    )
    app.state.settings = settings
    counted = Metrics("taskmanager")
    app.state.counted = counted
    app.state.counters, app.state.numbers = Counters(counted), metrics.Numbers(counted)
    app.state.trusted_networks = tuple(ipaddress.ip_network(n, strict=False) for n in settings.trusted_proxies)
    for router in ROUTERS:
        # Not included: the framework would build every route again for each application, and match them by detours.
        app.router.routes.extend(router.routes)
    app.state.methods_of = partial(methods_of, ROUTERS)
    document: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if not document:
            document.update(openapi.document(app, ROUTERS, get_actor))
        return document

    app.openapi = describe  # type: ignore[method-assign]
    app.router.routes.extend(docs_routes(OPENAPI_URL))
    # A plain route: the framework's own remembers a function of ours, and with it every application, for ever.
    app.router.routes.append(Route(OPENAPI_URL, _openapi, include_in_schema=False))
    app.router.routes.append(Mount("/app", web_app(settings.web_dir)))
    for path in ("/", "/app"):
        app.router.routes.append(Route(path, lambda _: RedirectResponse("/app/", status_code=307)))
    app.add_middleware(FastRoutes, routes=[KeptReads()])
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
                "Last-Event-ID",
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
    if settings.otel:
        from taskmanager.kit.tracing import Traced  # noqa: PLC0415 - an optional dependency

        app.add_middleware(Traced)
    return app


async def _openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())
