"""Reads of tasks given again as they were sent, until something changed in what they show.

What a request gets depends on who asks, for what, and on the projects that it shows; never on the time, or it is not
kept. So the ordinary route says what its answer depends on, and the same request of the same account is then answered
without it.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskmanager.auth import quotas
from taskmanager.auth.deps import ActorDep, Auth
from taskmanager.auth.roles import Actor
from taskmanager.journal.answers import Answers, Kept
from taskmanager.kit.db import LaggingReaderDep, is_lagging
from taskmanager.kit.http.fast import Template
from taskmanager.kit.http.throttled import TooManyRequestsError, forget_notes
from taskmanager.kit.ids import is_id
from taskmanager.kit.prepared import Prepared
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.schemas import TaskQuery

MOST_QUERY = 1000
_LIST, _ONE = "/tasks", "/tasks/"
_LISTING, _READING = Template("/tasks"), Template("/tasks/{task_id}")
_KEEPING = "keeping"
_PROJECTS = Prepared(select(ProjectAccess.project_id).where(ProjectAccess.user_id == bindparam("user_id")))


@dataclass(slots=True)
class Keeping:
    """Whether the answer under way may be given again: the ordinary route says for whom, and until what changes."""

    actor: Actor | None = None
    names: tuple[str, ...] | None = None

    def until_changed(self, *projects: str) -> None:
        """Keep the answer until one of these projects, or what the actor sees at all, is changed."""
        self.names = projects


async def get_keeping(request: Request, actor: ActorDep) -> Keeping:
    keeping: Keeping = request.scope.get(_KEEPING) or Keeping()
    keeping.actor = actor
    return keeping


KeepingDep = Annotated[Keeping, Depends(get_keeping)]


class ListKeeping:
    """Keeps lists that were read from the primary."""

    def __init__(self, keeping: Keeping, session: AsyncSession, actor: Actor, *, lagging: bool) -> None:
        self._keeping = keeping
        self._session = session
        self._actor = actor
        self._lagging = lagging

    async def until_changed(self, query: TaskQuery) -> None:
        """Keep a list, unless it depends on the time or on texts beside the tasks, as filters and searches do."""
        if self._lagging or query.q is not None or query.filter is not None or query.deleted:
            return
        if query.project_id is not None:
            self._keeping.until_changed(query.project_id)
            return
        found = await _PROJECTS.run(self._session, user_id=self._actor.user_id)
        self._keeping.until_changed(*(project_id for (project_id,) in found.rows))


async def get_list_keeping(
    request: Request, keeping: KeepingDep, session: LaggingReaderDep, actor: ActorDep
) -> ListKeeping:
    return ListKeeping(keeping, session, actor, lagging=is_lagging(request))


ListKeepingDep = Annotated[ListKeeping, Depends(get_list_keeping)]


class KeptReads:
    """The fast way of ``GET /tasks`` and ``GET /tasks/{task_id}``."""

    def matches(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path == _LIST or (path.startswith(_ONE) and is_id(path[len(_ONE) :]))

    async def answer(self, scope: Scope, receive: Receive, send: Send, ordinary: ASGIApp) -> None:
        """Answer from what is kept, else by the ordinary route, and keep that answer if it may be."""
        token, state = _only_bearer(scope), scope["app"].state
        auth: Auth = state.auth
        answers: Answers = state.answers
        if token is None or len(scope["query_string"]) > MOST_QUERY or not await auth.checks.look():
            await ordinary(scope, receive, send)
            return
        position = answers.position
        actor = auth.checks.recall(token)
        kept = await answers.find(_key(actor, scope)) if actor is not None else None
        if kept is not None and actor is not None and _counted(scope, actor):
            scope["route"] = _LISTING if scope["path"] == _LIST else _READING
            await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
            await send({"type": "http.response.body", "body": kept.body})
            return
        keeping = scope[_KEEPING] = Keeping()
        messages: list[Message] = []

        async def note(message: Message) -> None:
            # The layers around this one write into the headers that they are given.
            messages.append({**message, "headers": list(message.get("headers", ()))})
            await send(message)

        await ordinary(scope, receive, note)
        if keeping.actor is not None and keeping.names is not None and _is_whole(messages):
            names = (keeping.actor.user_id, *keeping.names)
            kept = Kept(position, names, messages[0]["headers"], messages[1]["body"])
            answers.keep(_key(keeping.actor, scope), kept)


def _is_whole(messages: list[Message]) -> bool:
    return len(messages) == 2 and messages[0]["status"] == HTTPStatus.OK  # noqa: PLR2004 - head and body


def _key(actor: Actor, scope: Scope) -> str:
    return f"{actor.user_id}\n{actor.timezone}\n{scope['path']}?{scope['query_string'].decode('latin-1')}"


def _only_bearer(scope: Scope) -> str | None:
    """Return the token of a request that shows one bearer token, and neither a cookie nor a condition."""
    token = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if token is not None or value[:7].lower() != b"bearer ":
                return None
            token = value[7:].strip(b" ").decode("latin-1")
        elif name in {b"cookie", b"if-none-match"}:
            return None
    return token


def _counted(scope: Scope, actor: Actor) -> bool:
    """Count a request of the account; False where the ordinary route must refuse it."""
    try:
        quotas.count(scope, actor.user_id)
    except TooManyRequestsError:
        forget_notes(scope)
        return False
    return True
