"""Who makes the present request, as far as the connection tells: for records that are written deep inside it."""

from contextvars import ContextVar
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from taskmanager.kit.http.client import client_address

MAX_ADDRESS = 64
MAX_AGENT = 300


@dataclass(frozen=True, slots=True)
class Caller:
    """Address and agent of a client, and the id of its request; what a client wrote is cut, never believed."""

    address: str = ""
    agent: str = ""
    request_id: str = ""


_NOBODY = Caller(agent="taskmanager")
_caller: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


def current() -> Caller:
    """Return the caller of the request under way; outside of any (command line, jobs) the program itself."""
    return _caller.get()


def begin(connection: HTTPConnection) -> None:
    """Note the caller for everything that runs in this request's task."""
    agent = connection.headers.get("user-agent", "")
    _caller.set(
        Caller(
            client_address(connection)[:MAX_ADDRESS],
            "".join(character for character in agent if character.isprintable())[:MAX_AGENT],
            connection.scope["request_id"],
        )
    )
