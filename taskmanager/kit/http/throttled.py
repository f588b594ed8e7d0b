"""Limits as clients see them: the refusal, the headers that tell what is left, and the limit of each address."""

import logging
import math
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from taskmanager.kit.errors import AppError, problem
from taskmanager.kit.http import caller
from taskmanager.kit.http.client import is_loopback, network_of
from taskmanager.kit.throttle import Bucket, Limit, Throttle, Verdict

logger = logging.getLogger(__name__)

_NOTES = "rate_limits"


class TooManyRequestsError(AppError):
    """A full bucket refused. When to come back stands in ``Retry-After``, as in every refusal of this status."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests. Wait a moment."

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(headers={"Retry-After": str(_seconds(verdict.wait))})


def note(scope: Scope, verdicts: Iterable[Verdict]) -> None:
    """Let the answer say what is left, whatever it turns out to be."""
    scope.setdefault(_NOTES, []).extend(verdicts)


def forget_notes(scope: Scope) -> None:
    """Let the answer say nothing of what was noted so far."""
    scope.pop(_NOTES, None)


def describe(headers: MutableHeaders, scope: Scope) -> None:
    """Write what was noted (draft-ietf-httpapi-ratelimit-headers-11)."""
    verdicts: list[Verdict] | None = scope.get(_NOTES)
    if verdicts:
        limits = [(verdict, verdict.limit) for verdict in verdicts]
        policies = [f'"{limit.name}";q={limit.quota};w={_seconds(limit.window)}' for _, limit in limits]
        headers["RateLimit-Policy"] = ", ".join(policies)
        left = [f'"{limit.name}";r={verdict.remaining};t={_seconds(verdict.reset)}' for verdict, limit in limits]
        headers["RateLimit"] = ", ".join(left)


def _seconds(time: float) -> int:
    return max(1, math.ceil(time))


class Turnstile:
    """Counts every request by address, in this process alone: what a general limit guards is the process.

    Loopback is not counted: it is this machine, or a proxy that nobody named, behind which everybody would be one.
    """

    def __init__(self, app: ASGIApp, limit: Limit) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = caller.current().address if scope["type"] == "http" else ""
        if not address or is_loopback(address):
            await self._app(scope, receive, send)
            return
        throttle: Throttle = scope["app"].state.throttle
        verdict = throttle.take_here(Bucket(self._limit, network_of(address)))
        if verdict is not None:
            note_if_low(scope, verdict)
            if verdict.wait:
                if verdict.news:
                    logger.warning("too many requests from %s", network_of(address))
                error = TooManyRequestsError(verdict)
                refusal = problem(Request(scope), error.status, error.code, error.title, headers=error.headers)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def note_if_low(scope: Scope, verdict: Verdict) -> None:
    """Note a generous limit only when little of it is left."""
    if verdict.remaining < verdict.limit.quota // 4:
        note(scope, [verdict])
