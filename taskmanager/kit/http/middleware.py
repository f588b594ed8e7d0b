"""What happens to every request and answer, in plain ASGI: id, host and origin checks, headers, the last resort."""

import ipaddress
import logging
import re
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskmanager.kit.errors import on_anything, problem
from taskmanager.kit.http import caller
from taskmanager.kit.http.client import is_own_origin
from taskmanager.kit.http.throttled import describe
from taskmanager.kit.ids import new_id
from taskmanager.kit.metrics import Metrics
from taskmanager.kit.settings import PREFIX, Settings

access = logging.getLogger("taskmanager.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Host is a name or address with a port (RFC 9110, 7.2); nothing may stand before it as in a URL.
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{0,5})?")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_WILDCARDS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
# Whoever opens an answer of the API as a page gets dead text (ASVS 3.2.1).
API_POLICY = (
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
_HEADERS = {
    "Content-Security-Policy": API_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
CLIENT_GONE = 499
"""What the log calls a request whose client left before it was read (no such status is ever sent)."""
NO_ROUTE = "none"
"""What metrics call a path that no route has: its number of spellings is unlimited."""
YEAR = 365 * 24 * 3600


class Edge:
    """The outermost layer: gives each request an id, each answer its security headers, each surprise a 500."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._secure = settings.public_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        scope["request_id"] = given if _REQUEST_ID.fullmatch(given) else new_id()
        caller.begin(HTTPConnection(scope))
        started = 0
        begun = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message["status"]
                self._complete(MutableHeaders(scope=message), scope)
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            # Gone in the middle of its request: nothing was done, and nobody is left to be answered.
            started = started or CLIENT_GONE
        except Exception as error:
            if started:
                raise
            await on_anything(Request(scope), error)(scope, receive, answer)
        finally:
            milliseconds = (time.perf_counter() - begun) * 1000
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            self._metrics.answered(scope["method"], route, started, milliseconds / 1000)
            access.info(
                "%s %s %s %d %s %.1f ms %s",
                caller.current().address or "-",
                scope["method"],
                # No blank in it: whoever chose the path chooses no other column.
                scope["path"].encode("unicode_escape").decode().replace(" ", "\\x20"),
                started,
                scope.get("problem", "-"),
                milliseconds,
                scope["request_id"],
            )

    def _complete(self, headers: MutableHeaders, scope: Scope) -> None:
        headers["X-Request-ID"] = scope["request_id"]
        if scope["app"].state.draining:
            # Whoever keeps its connection would send its next request into a socket that is being closed.
            headers["Connection"] = "close"
        describe(headers, scope)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if self._secure or scope["scheme"] == "https":
            headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains")


class Gate:
    """Refuses hosts that are not ours (DNS rebinding) and pages of foreign origins (cross-site requests)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._any_address = settings.host in _WILDCARDS
        public = urlsplit(settings.public_url)
        named = {host.lower() for host in settings.allowed_hosts}
        self._hosts = (
            _LOOPBACK_NAMES | named | {settings.host.lower()} | ({public.hostname} if public.hostname else set())
        )
        self._origins = {origin.rstrip("/").lower() for origin in settings.cors_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            detail = f"If this server should answer to that name, list it in {PREFIX}ALLOWED_HOSTS."
            refusal = problem(Request(scope), 400, "unknown_host", "This server does not answer to that host.", detail)
            await refusal(scope, receive, send)
            return
        if not all(self._may_call(Request(scope), origin) for origin in headers.getlist("origin")):
            title = "Requests from pages of other origins are refused."
            await problem(Request(scope), 403, "cross_site_request", title)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].strip("[]").lower()
        return name in self._hosts or (self._any_address and _is_address(name))

    def _may_call(self, request: Request, origin: str) -> bool:
        return origin.lower() in self._origins or is_own_origin(request, origin)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
