"""Tokens of the browser: HttpOnly cookies that no script can read, and what a request that carries them must show."""

from starlette.requests import Request
from starlette.responses import Response

from taskmanager.auth.sign_in import Grant
from taskmanager.kit.errors import ForbiddenError
from taskmanager.kit.http.client import is_own_origin
from taskmanager.kit.settings import Settings

CLIENT_HEADER = "X-TM-Client"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSiteError(ForbiddenError):
    code = "cross_site_request"
    title = "This request did not come from this server's own pages."


class Cookies:
    """Sets, reads and clears the two cookies."""

    def __init__(self, settings: Settings) -> None:
        prefix = "" if settings.insecure_cookies else "__Host-"
        self.access = f"{prefix}tm_access"
        self.refresh = f"{prefix}tm_refresh"
        self._secure = not settings.insecure_cookies

    def set(self, response: Response, grant: Grant) -> None:
        """Put a grant's tokens into cookies; without "remember me" they end with the browser."""
        for name, token, seconds in (
            (self.access, grant.access_token, grant.expires_in),
            (self.refresh, grant.refresh_token, grant.refresh_expires_in),
        ):
            age = seconds if grant.remember else None
            response.set_cookie(
                name, token, max_age=age, path="/", secure=self._secure, httponly=True, samesite="strict"
            )

    def clear(self, response: Response) -> None:
        """Remove both cookies."""
        for name in (self.access, self.refresh):
            response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="strict")


def refuse_cross_site(request: Request) -> None:
    """Raise unless a changing request with cookies shows that our own page sent it.

    A custom header needs a preflight, and the browser itself says where the request comes from (ASVS 3.5.1): at least
    one of its two headers must be there, and none may name another origin, not even one that may call the API.
    """
    if request.method in _SAFE:
        return
    sites, origins = request.headers.getlist("sec-fetch-site"), request.headers.getlist("origin")
    ours = all(site == "same-origin" for site in sites) and all(is_own_origin(request, origin) for origin in origins)
    if request.headers.get(CLIENT_HEADER) != "web" or not ours or not (sites or origins):
        raise CrossSiteError


def refuse_foreign_sign_in(request: Request, *, cookie: bool) -> None:
    """Raise for a sign-in from a page of another origin (login CSRF).

    Origins that may call the API may sign in with tokens in the answer, never with cookies. Programs send neither
    header, which is fine.
    """
    sites, origins = request.headers.getlist("sec-fetch-site"), request.headers.getlist("origin")
    # Any other foreign origin has been refused at the door.
    foreign = [origin for origin in origins if not is_own_origin(request, origin)]
    if foreign and not cookie:
        return
    if foreign or any(site not in {"same-origin", "none"} for site in sites):
        raise CrossSiteError
