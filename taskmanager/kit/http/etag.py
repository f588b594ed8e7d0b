"""Strong entity tags from row versions, and the conditions built on them (RFC 9110, section 13)."""

import hashlib
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from taskmanager.kit.errors import InvalidError, PreconditionFailedError

Versioned = TypeVar("Versioned", bound=BaseModel)
MAX_IF_MATCH = 1000


def etag(version: int) -> str:
    """Return the strong entity tag of a row version."""
    return f'"{version}"'


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


def check_form(request: Request) -> None:
    """Refuse an ``If-Match`` that is too long, before an answer given earlier under the same key would be replayed."""
    if len(request.headers.get("if-match", "")) > MAX_IF_MATCH:
        raise InvalidError.at("/if-match", "string_too_long", "If-Match may have 1,000 characters.")


class IfMatch:
    """The state a client believes it changes."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def check(self, version: int, current: BaseModel) -> None:
        """Raise 412 with the current representation unless the client's belief holds."""
        if self._header is None or self._header.strip() == "*":
            return
        if etag(version) not in _tags(self._header):
            raise PreconditionFailedError(headers={"ETag": etag(version)}, current=jsonable_encoder(current))


async def _if_match(if_match: Annotated[str | None, Header(max_length=MAX_IF_MATCH)] = None) -> IfMatch:
    return IfMatch(if_match)


IfMatchDep = Annotated[IfMatch, Depends(_if_match)]


def tagged(response: Response, body: Versioned) -> Versioned:
    """Return ``body`` after setting its ETag."""
    response.headers["ETag"] = etag(body.version)  # type: ignore[attr-defined]
    return body


def conditional_contents(request: Request, response: Response, body: BaseModel, besides: set[str]) -> Any:
    """Return ``body`` with a weak tag of all it says ``besides`` some fields, or an empty 304 to whoever has that."""
    contents = body.model_dump_json(exclude=besides).encode()
    return _unless_known(request, response, body, f'W/"{hashlib.sha256(contents).hexdigest()[:32]}"')


def conditional(request: Request, response: Response, body: BaseModel) -> Any:
    """Return ``body`` with its ETag, or an empty 304 when the client has that version.

    Clients keep what they want to ask for again; a browser's own cache keeps nothing of it (``no-store``, ASVS 14.3.2).
    """
    return _unless_known(request, response, body, etag(body.version))  # type: ignore[attr-defined]


def _unless_known(request: Request, response: Response, body: BaseModel, tag: str) -> Any:
    known = request.headers.get("if-none-match")
    if known is not None and (known.strip() == "*" or _strong(tag) in {_strong(one) for one in _tags(known)}):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return body


def _strong(tag: str) -> str:
    # Tags of what is only read compare weakly (RFC 9110, section 13.1.2).
    return tag.removeprefix("W/")
