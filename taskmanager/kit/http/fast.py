"""Routes that answer before the router is asked: what was answered before and still holds needs no framework.

A fast route stands in front of an ordinary one, which declares parameters, answer and refusals. Whatever the fast one
does not know for certain it leaves to the ordinary one, so there are no two ways to be right.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send


class Template(NamedTuple):
    """What a fast route puts under ``route`` into the scope: how metrics and traces name the ordinary one."""

    path: str


class FastRoute(Protocol):
    """Answers some requests of an ordinary route."""

    def matches(self, scope: Scope) -> bool:
        """Tell whether a GET is one of this route's."""

    async def answer(self, scope: Scope, receive: Receive, send: Send, ordinary: ASGIApp) -> None:
        """Answer, by ``ordinary`` where that takes more than what is at hand."""


class FastRoutes:
    """The layer right before the router."""

    def __init__(self, app: ASGIApp, routes: Sequence[FastRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            for route in self._routes:
                if route.matches(scope):
                    await route.answer(scope, receive, send, self._app)
                    return
        await self._app(scope, receive, send)
