"""The route class of the whole API: strict bodies and queries, idempotent writes, operation ids."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from taskmanager.kit.errors import AppError, InvalidError
from taskmanager.kit.http import etag, idempotency
from taskmanager.kit.http.body import parse_json, unclean

KIB = 1024
CREDENTIALS_LIMIT = 4 * KIB
JSON_LIMIT = 1024 * KIB
_WITH_BODY = frozenset({"POST", "PATCH", "PUT", "DELETE"})


class UnsupportedMediaTypeError(AppError):
    status = 415
    code = "unsupported_media_type"
    title = "Send the body as application/json."


class BodyTooLargeError(AppError):
    status = 413
    code = "body_too_large"
    title = "The body is too large."

    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit // KIB} KiB.")


class ApiRequest(Request):
    """A request whose body is limited and whose JSON is parsed by our strict reader."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        super().__init__(scope, receive)
        self._limit = limit

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body in pieces; raises :class:`BodyTooLargeError` as soon as it is known to be too large."""
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit:
            raise BodyTooLargeError(self._limit)
        read = 0
        async for piece in super().stream():
            read += len(piece)
            if read > self._limit:
                raise BodyTooLargeError(self._limit)
            yield piece

    def set_json(self, value: Any) -> None:
        self._json = value


@dataclass(frozen=True, slots=True)
class Opening:
    """The scopes by which API tokens come in: all of them are needed, and nothing is open by none."""

    reading: frozenset[str] = frozenset()
    changing: frozenset[str] = frozenset()


CLOSED = Opening()


class ApiRoute(APIRoute):
    """An ordinary FastAPI route with this product's conventions around it."""

    body_limit = JSON_LIMIT
    opening = CLOSED

    @property
    def scopes(self) -> frozenset[str]:
        """What an API token must hold to come in; empty: none may."""
        extra = self.openapi_extra or {}
        if extra.get("x-carries-secret") or extra.get("x-session-only"):
            return frozenset()
        return self.opening.reading if self.methods == {"GET"} else self.opening.changing

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        known = _query_names(self.dependant)
        extra = self.openapi_extra or {}
        secret = bool(extra.get("x-carries-secret"))
        raw = bool(extra.get("x-raw-body"))
        scopes = self.scopes

        async def handle(request: Request) -> Response:
            request = ApiRequest(request.scope, request.receive, self.body_limit)
            request.state.carries_secret = secret
            request.state.scopes = scopes
            _check_query(request, known)
            if not secret and request.method in idempotency.METHODS:
                idempotency.read_key(request)  # a key out of form is refused, also where nothing is written
                etag.check_form(request)
            if not raw and request.method in _WITH_BODY:
                await _read_json(request, expected=self.body_field is not None)
            try:
                response = await inner(request)
            except idempotency.Replay as replay:
                return replay.stored.response()
            session = getattr(request.state, "session", None)
            if session is not None:
                if operation_id := session.info.get("operation_id"):
                    response.headers["X-Operation-ID"] = operation_id
                await idempotency.store(session, request, response)
            return response

        return handle


def router(max_body_size: int = JSON_LIMIT, opening: Opening = CLOSED, **options: Any) -> APIRouter:
    """Return a router whose routes follow the conventions.

    Bodies are limited to 1 MiB and API tokens are kept out unless said otherwise.
    The framework's own limit answers in plain text, and even after the work is done; ours is a problem, and before.
    """
    limited = type("LimitedRoute", (ApiRoute,), {"body_limit": max_body_size, "opening": opening})
    return APIRouter(route_class=limited, generate_unique_id_function=operation_id, **options)


def operation_id(route: APIRoute) -> str:
    """Return the name of the route's function: what generated clients call it."""
    return route.name


def methods_of(routers: Iterable[APIRouter], path: str) -> set[str]:
    """Return the methods that a path has, whatever route serves each."""
    routes = [route for one in routers for route in one.routes if isinstance(route, APIRoute)]
    return {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}


SECRET = {"x-carries-secret": True}
"""``openapi_extra`` of routes whose body or answer holds a secret: no Idempotency-Key counts, no API token opens."""

SESSION_ONLY = {"x-session-only": True}
"""``openapi_extra`` of routes that no API token opens, whatever opens their neighbours."""

RAW_BODY = {"x-raw-body": True}
"""``openapi_extra`` of routes that read another body than JSON."""


def _query_names(dependant: Dependant) -> frozenset[str]:
    names: set[str] = set()
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names.update(info.alias or name for name, info in annotation.model_fields.items())
        else:
            names.add(field.alias)
    for child in dependant.dependencies:
        names |= _query_names(child)
    return frozenset(names)


def _check_query(request: Request, known: frozenset[str]) -> None:
    try:
        unquote_to_bytes(request.scope["query_string"]).decode()
    except UnicodeDecodeError as error:
        raise InvalidError.at("/query", "unclean_text", "The query is not UTF-8.") from error
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        pointer = "/query/" + name.replace("~", "~0").replace("/", "~1")
        if name not in known:
            raise InvalidError.at(pointer, "unknown_parameter", "There is no such query parameter.")
        if name in seen:
            raise InvalidError.at(pointer, "repeated_parameter", "This query parameter may stand once only.")
        if wrong := unclean(value):
            raise InvalidError.at(pointer, "unclean_text", f"The text {wrong}.")
        seen.add(name)


async def _read_json(request: ApiRequest, *, expected: bool) -> None:
    """Parse the body, if there is one; a route that takes none lets only an empty object pass."""
    if expected:
        _check_media_type(request)
    body = await request.body()
    if not body:
        return
    _check_media_type(request, required=True)
    value = parse_json(body)
    if not expected and value != {}:
        raise InvalidError.at("", "unexpected_body", "This request takes no body.")
    request.set_json(value)


def _check_media_type(request: Request, *, required: bool = False) -> None:
    kind = request.headers.get("content-type")
    if kind is None and not required:
        return
    word, _, parameters = (kind or "").partition(";")
    allowed = {"application/json"} | ({"application/merge-patch+json"} if request.method == "PATCH" else set())
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if word.strip().lower() not in allowed or charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMediaTypeError
