"""Which credential a request shows: a bearer header, our cookies, or a token in the body. Never two of them."""

from dataclasses import dataclass

from starlette.requests import Request

from taskmanager.auth.access_tokens import CHALLENGE
from taskmanager.auth.cookies import Cookies, refuse_cross_site
from taskmanager.kit.errors import AppError, ForbiddenError


class NotSignedInError(AppError):
    """RFC 6750, section 3.1: a request without credentials of ours is told no error."""

    status = 401
    code = "not_authenticated"
    title = "Sign in first."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


class TokenInvalidError(AppError):
    status = 401
    code = "invalid_token"
    title = "The access token is not valid (any more)."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


class RefreshTokenInvalidError(AppError):
    status = 401
    code = "invalid_refresh_token"
    title = "This is not a refresh token of this server."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


class SessionEndedError(AppError):
    status = 401
    code = "session_ended"
    title = "This session has ended. Sign in again."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})


class InsufficientScopeError(ForbiddenError):
    """RFC 6750, section 3.1; where no scope would do, none is named."""

    code = "insufficient_scope"
    title = "This API token does not open this."

    def __init__(self, needed: frozenset[str]) -> None:
        scope = " ".join(sorted(needed))
        detail = f"Needed: {scope}." if scope else "No API token does: sign in."
        named = f', scope="{scope}"' if scope else ""
        super().__init__(detail, headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"{named}'})


class TwoCredentialsError(AppError):
    status = 400
    code = "ambiguous_credentials"
    title = "Send one credential only: one Authorization header or the cookie."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_request"'})


@dataclass(frozen=True, slots=True)
class Presented:
    """The tokens of a request for a new token or for signing out, and whether cookies carried them."""

    refresh: str | None
    access: str | None
    by_cookie: bool


def access_token(request: Request, cookies: Cookies) -> tuple[str, bool]:
    """Return the token of the one Authorization header or of the cookie, and whether it came by cookie.

    It is looked for nowhere else. Raises 401 without one, 400 for two credentials, and 403 for a cookie that a foreign
    page might have sent.
    """
    presented = present(request, cookies, None)
    if presented.access is None:
        raise NotSignedInError
    return presented.access, presented.by_cookie


def present(request: Request, cookies: Cookies, in_body: str | None) -> Presented:
    """Return what a request shows, with the refresh token that its body may hold; raises as :func:`access_token`."""
    header = _bearer(request)
    access, refresh = request.cookies.get(cookies.access), request.cookies.get(cookies.refresh)
    if access is None and refresh is None:
        return Presented(in_body, header, by_cookie=False)
    if header is not None or in_body is not None:
        raise TwoCredentialsError
    refuse_cross_site(request)
    return Presented(refresh, access, by_cookie=True)


def _bearer(request: Request) -> str | None:
    """Return the token of the one Authorization header, None where there is no bearer token (RFC 6750, 2.1)."""
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise TwoCredentialsError
    scheme, _, token = headers[0].partition(" ") if headers else ("", "", "")
    return token.strip(" ") if scheme.lower() == "bearer" else None
