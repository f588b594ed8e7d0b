"""The route class of the whole API: strict bodies and queries, idempotent writes, operation ids."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from taskmanager.kit.errors import AppError, InvalidError
from taskmanager.kit.http import idempotency
from taskmanager.kit.http.body import parse_json, unclean

KIB = 1024
CREDENTIALS_LIMIT = 4 * KIB
JSON_LIMIT = 1024 * KIB


class UnsupportedMediaTypeError(AppError):
    status = 415
    code = "unsupported_media_type"
    title = "Send the body as application/json."


class ApiRequest(Request):
    """A request whose JSON is parsed by our strict reader."""

    def set_json(self, value: Any) -> None:
        self._json = value


class ApiRoute(APIRoute):
    """An ordinary FastAPI route with this product's conventions around it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        known = _query_names(self.dependant)
        extra = self.openapi_extra or {}
        secret = bool(extra.get("x-carries-secret"))
        raw = bool(extra.get("x-raw-body"))

        async def handle(request: Request) -> Response:
            request = ApiRequest(request.scope, request.receive)
            request.state.carries_secret = secret
            _check_query(request, known)
            if self.body_field is not None and not raw:
                _check_media_type(request)
                if body := await request.body():
                    _check_media_type(request, required=True)
                    request.set_json(parse_json(body))
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


def router(**options: Any) -> APIRouter:
    """Return a router whose routes follow the conventions; bodies are limited to 1 MiB unless said otherwise."""
    options.setdefault("max_body_size", JSON_LIMIT)
    return APIRouter(route_class=ApiRoute, **options)


SECRET = {"x-carries-secret": True}
"""``openapi_extra`` of routes whose body or answer holds a secret: their Idempotency-Key is ignored."""

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


def _check_media_type(request: Request, *, required: bool = False) -> None:
    kind = request.headers.get("content-type")
    if kind is None and not required:
        return
    word, _, parameters = (kind or "").partition(";")
    allowed = {"application/json"} | ({"application/merge-patch+json"} if request.method == "PATCH" else set())
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if word.strip().lower() not in allowed or charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMediaTypeError
