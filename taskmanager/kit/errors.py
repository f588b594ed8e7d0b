"""Refusals as RFC 9457 problem details, and the one handler that writes them."""

import errno
import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, cast

from fastapi.exceptions import RequestValidationError, ResponseValidationError
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

logger = logging.getLogger(__name__)

PROBLEM = "application/problem+json"


class AppError(Exception):
    """A refusal with a status, a stable ``code`` for programs and words for people."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"
    title: ClassVar[str] = "The request cannot be carried out."

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class NotFoundError(AppError):
    """Missing and not visible look the same."""

    status = 404
    code = "not_found"
    title = "There is nothing here that you may see."


class ForbiddenError(AppError):
    status = 403
    code = "forbidden"
    title = "Your role does not allow this."


class ConflictError(AppError):
    status = 409
    code = "conflict"
    title = "This cannot be done in the present state."


class InvalidError(AppError):
    """A well-formed request with a wrong value; ``errors`` names the places (RFC 6901 pointers)."""

    status = 422
    code = "validation_failed"
    title = "Some values are not valid."

    @classmethod
    def at(cls, pointer: str, code: str, message: str) -> "InvalidError":
        """Return the refusal of one value."""
        return cls(errors=[{"pointer": pointer, "code": code, "message": message}])


class MalformedError(AppError):
    status = 400
    code = "malformed_json"
    title = "The body is not JSON that this server accepts."


class PreconditionFailedError(AppError):
    status = 412
    code = "precondition_failed"
    title = "This was changed since you read it."


class UnavailableError(AppError):
    status = 503
    code = "unavailable"
    title = "The server cannot do this right now. Try again shortly."

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


# States of PostgreSQL (appendix A of its manual): serialisation failure, deadlock, lock or statement timeout;
# connection lost, too many connections, out of resources; shutting down.
_BUSY = frozenset({"40001", "40P01", "55P03", "57014"})
_OUTAGES = frozenset({"08", "53"})
_SHUTDOWN = "57P"
_DISK_FULL = "53100"

# Codes of refusals that the framework raises by itself.
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    411: "length_required",
    413: "body_too_large",
    415: "unsupported_media_type",
    431: "headers_too_large",
}


def problem(  # noqa: PLR0917 - the members of RFC 9457, in its order
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """Return one problem answer (RFC 9457); the log of requests will name its code."""
    request.scope["problem"] = code
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "code": code}
    if detail:
        body["detail"] = detail
    body["instance"] = request.scope["path"]
    body["request_id"] = request.scope.get("request_id", "")
    body.update(extra)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)
    # A path may carry lone surrogates from odd percent-encodings; the answer stays valid UTF-8.
    return Response(
        content.encode("utf-8", "replace"),
        status_code=status,
        media_type=PROBLEM,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def problem_of(error: AppError) -> dict[str, Any]:
    """Return a refusal as the members of a problem that stands inside another answer."""
    detail = {"detail": error.detail} if error.detail else {}
    return {"title": error.title, "status": error.status, "code": error.code, **detail, **error.extra}


def on_app_error(request: Request, error: Exception) -> Response:
    """Answer a refusal of our own."""
    error = cast("AppError", error)
    return problem(request, error.status, error.code, error.title, error.detail, error.headers, **error.extra)


def _on_http_error(request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    status = error.status_code
    code = _CODES.get(status, "error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal_error")
    phrase = HTTPStatus(status).phrase
    detail = error.detail if isinstance(error.detail, str) and error.detail != phrase else ""
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED and (methods := request.app.state.methods_of(request.scope["path"])):
        # The framework names those of the first route of the path only (RFC 9110, 15.5.6 wants all).
        headers["Allow"] = ", ".join(sorted(methods))
    return problem(request, status, code, f"{phrase}.", detail, headers)


def _pointer(location: tuple[Any, ...], body: Any) -> str:
    """Return the RFC 6901 pointer of a wrong value; the names of union members in ``location`` are left out."""
    if not location or location[0] != "body":
        return _joined(location)
    parts: list[Any] = []
    for index, part in enumerate(location[1:], start=2):
        if isinstance(body, dict) and (part in body or index == len(location)):
            parts.append(part)
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int):
            parts.append(part)
            body = body[part] if part < len(body) else None
    return _joined(tuple(parts))


def _joined(parts: tuple[Any, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def refusals_of(errors: Sequence[Any], body: Any, within: str | None = None) -> list[dict[str, str]]:
    """Return pydantic's errors as those of a problem.

    ``within`` is the pointer of the ``body`` that was checked, where it is only a part of the request's.
    """
    part = ("body",) if within is not None else ()
    return [
        {
            "pointer": (within or "") + _pointer((*part, *item["loc"]), body),
            "code": item["type"],
            "message": item["msg"].removeprefix("Value error, "),
        }
        for item in errors[:100]
    ]


def _on_invalid(request: Request, error: Exception) -> Response:
    error = cast("RequestValidationError", error)
    errors = refusals_of(error.errors(), error.body)
    return problem(request, 422, InvalidError.code, InvalidError.title, errors=errors)


def _on_database_error(request: Request, error: Exception) -> Response:
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if state == _DISK_FULL or "disk is full" in str(error) or getattr(error, "errno", None) == errno.ENOSPC:
        code, title, status = "storage_full", "The server's disk is full. Nothing of this was saved.", 507
    elif state in _BUSY:
        code, title, status = "busy", "Somebody else is changing the same things. Try again shortly.", 503
    elif _is_outage(error):
        code, title, status = "database_unavailable", UnavailableError.title, 503
    else:
        return on_anything(request, error)
    logger.error("database error on %s: %s", request.scope.get("request_id", ""), type(error).__name__, exc_info=error)
    return problem(request, status, code, title, headers={"Retry-After": "1"})


def _is_outage(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if type(error) is DatabaseError:  # SQLite: the file is damaged, or none of ours
        return True
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if state[:2] in _OUTAGES or state[:3] == _SHUTDOWN:
        return True
    return isinstance(error, OperationalError | InterfaceError | PendingRollbackError | PoolTimeoutError | OSError)


def _internal(request: Request) -> Response:
    detail = "The request id helps to find it in the log."
    return problem(request, 500, "internal_error", "Something went wrong on the server.", detail)


def on_anything(request: Request, error: Exception) -> Response:
    """Answer an error that nothing else knows: the cause goes to the log, never to the client."""
    logger.error("unhandled error on %s", request.scope.get("request_id", ""), exc_info=error)
    return _internal(request)


HANDLERS: dict[int | type[Exception], Any] = {
    AppError: on_app_error,
    HTTPException: _on_http_error,
    RequestValidationError: _on_invalid,
    ResponseValidationError: on_anything,
    DBAPIError: _on_database_error,
    PoolTimeoutError: _on_database_error,
    PendingRollbackError: _on_database_error,
    OSError: _on_database_error,
}
