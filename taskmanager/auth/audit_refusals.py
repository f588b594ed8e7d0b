"""Refusals that the audit trail must tell of. They happen before any write, so each gets a transaction of its own."""

import hashlib
import hmac
import time
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response

from taskmanager.auth import audit
from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.kit.db import Database
from taskmanager.kit.errors import AppError, on_app_error

AGAIN_AFTER_SECONDS = 60.0
MOST_REMEMBERED = 10_000
DENIALS = frozenset({"forbidden", "insufficient_scope"})
_DIGEST_BYTES = 8


class Refusals:
    """Writes down refused sign-ins, wrong current passwords, and what a role may not do."""

    def __init__(self, database: Database, name_key: bytes) -> None:
        self._database = database
        self._name_key = name_key
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def login(self, name: str, user: User | None) -> None:
        """Write down a refused sign-in, with the same work whatever the reason (L1).

        People type passwords into the field for the name: what is no account's name is kept as a keyed digest only.
        """
        typed = hmac.digest(self._name_key, name.lower().encode("utf-8", "surrogatepass"), hashlib.sha256)
        reason = "unknown_name" if user is None else "wrong_password" if user.active else "disabled"
        async with self._database.write() as session:
            await audit.record(
                session,
                audit.Event.LOGIN_FAILED,
                outcome="failure",
                subject_id=user.id if user is not None else None,
                reason=reason,
                name=typed[:_DIGEST_BYTES].hex(),
            )

    async def current_password(self, actor: Actor, event: audit.Event) -> None:
        """Write down that the current password was not right, and what it was asked for."""
        async with self._database.write() as session:
            await audit.record(session, event, outcome="failure", actor=actor)

    async def role(self, actor: Actor, method: str, route: str) -> None:
        """Write down what a role did not allow: once a minute for each session and route, so that it cannot flood."""
        key, now = (actor.session_id or actor.user_id, f"{method} {route}"), time.monotonic()
        if self._told.get(key, float("-inf")) > now - AGAIN_AFTER_SECONDS:
            return
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        what = {"outcome": "failure", "actor": actor, "role": actor.role, "on": key[1]}
        await audit.record_alone(self._database, audit.Event.DENIED, **what)


async def on_forbidden(request: Request, error: Exception) -> Response:
    """Answer a 403; the trail hears of it if it is for what the role or the place in a project does not allow."""
    actor: Actor | None = getattr(request.state, "actor", None)
    if actor is not None and isinstance(error, AppError) and error.code in DENIALS:
        route = getattr(request.scope.get("route"), "path", "")
        await request.app.state.auth.refusals.role(actor, request.method, route)
    return on_app_error(request, error)
