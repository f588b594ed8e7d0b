"""Who makes the present request, as far as the connection tells: for records that are written deep inside it."""

from contextvars import ContextVar
from typing import NamedTuple

from starlette.types import Scope

from taskmanager.kit.http.client import client_address

MAX_ADDRESS = 64
MAX_AGENT = 300


class Caller(NamedTuple):
    """Address and agent of a client, and the id of its request; what a client wrote is cut, never believed."""

    address: str = ""
    agent: str = ""
    request_id: str = ""


_NOBODY = Caller(agent="taskmanager")
_caller: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


def current() -> Caller:
    """Return the caller of the request under way; outside of any (command line, jobs) the program itself."""
    return _caller.get()


def begin(scope: Scope, agent: str) -> Caller:
    """Note the caller for everything that runs in this request's task."""
    caller = Caller(client_address(scope)[:MAX_ADDRESS], _printable(agent), scope["request_id"])
    _caller.set(caller)
    return caller


def _printable(agent: str) -> str:
    if agent.isprintable():
        return agent[:MAX_AGENT]
    return "".join(character for character in agent if character.isprintable())[:MAX_AGENT]
