"""What happens to every request and answer, in plain ASGI: id, host and origin checks, headers, the last resort."""

import ipaddress
import logging
import re
import time
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
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
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]*")
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
_RAW = tuple((name.lower().encode(), value.encode()) for name, value in _HEADERS.items())
MOST_HOSTS = 256
CLIENT_GONE = 499
"""What the log calls a request whose client left before it was read (no such status is ever sent)."""
NO_ROUTE = "none"
"""What metrics call a path that no route has: its number of spellings is unlimited."""
YEAR = 365 * 24 * 3600
_TRANSPORT = (b"strict-transport-security", b"max-age=%d; includeSubDomains" % YEAR)


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
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        scope["request_id"] = given if _REQUEST_ID.fullmatch(given) else new_id()
        client = caller.begin(scope, headers.get(b"user-agent", b"").decode("latin-1"))
        started = 0
        begun = time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message["status"]
                self._complete(message, scope)
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
                client.address or "-",
                scope["method"],
                _column(scope["path"]),
                started,
                scope.get("problem", "-"),
                milliseconds,
                scope["request_id"],
            )

    def _complete(self, message: Message, scope: Scope) -> None:
        headers: list[tuple[bytes, bytes]] = list(message["headers"])
        message["headers"] = headers
        there = {name for name, _ in headers}
        headers.append((b"x-request-id", scope["request_id"].encode()))
        if scope["app"].state.draining:
            # Whoever keeps its connection would send its next request into a socket that is being closed.
            headers.append((b"connection", b"close"))
        describe(MutableHeaders(raw=headers), scope)
        headers.extend(one for one in _RAW if one[0] not in there)
        if (self._secure or scope["scheme"] == "https") and _TRANSPORT[0] not in there:
            headers.append(_TRANSPORT)


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
        self._is_ours = lru_cache(MOST_HOSTS)(self._names_us)
        self._origins = {origin.rstrip("/").lower() for origin in settings.cors_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            detail = f"If this server should answer to that name, list it in {PREFIX}ALLOWED_HOSTS."
            refusal = problem(Request(scope), 400, "unknown_host", "This server does not answer to that host.", detail)
            await refusal(scope, receive, send)
            return
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if not all(self._may_call(Request(scope), origin) for origin in origins):
            title = "Requests from pages of other origins are refused."
            await problem(Request(scope), 403, "cross_site_request", title)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _names_us(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].strip("[]").lower()
        return name in self._hosts or (self._any_address and _is_address(name))

    def _may_call(self, request: Request, origin: str) -> bool:
        return origin.lower() in self._origins or is_own_origin(request, origin)


def _column(path: str) -> str:
    """Return a path without blanks and controls: whoever chose it chooses no other column of the log."""
    return path if _PLAIN_PATH.fullmatch(path) else path.encode("unicode_escape").decode().replace(" ", "\\x20")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
