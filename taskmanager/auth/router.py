"""Signing in and out, refreshing, and one's own sessions."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from taskmanager.auth.credentials import RefreshTokenInvalidError, TokenInvalidError
from taskmanager.auth.deps import (
    AccountsDep,
    ActorDep,
    Auth,
    AuthDep,
    CheckedLoginDep,
    PresentedDep,
    RotationKeyDep,
    SessionsDep,
    verified,
)
from taskmanager.auth.devices import in_words
from taskmanager.auth.limited import ForgeryDep
from taskmanager.auth.models import Session
from taskmanager.auth.repository import SESSION_ORDER, SessionRepository
from taskmanager.auth.schemas import CookieTokens, SessionList, SessionOut, Tokens
from taskmanager.auth.sign_in import Grant, LoginRefusedError
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.errors import on_app_error, problem
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import CREDENTIALS_LIMIT, SECRET, router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep

credentials = router(tags=["sign in"], max_body_size=CREDENTIALS_LIMIT)
own = router(tags=["sessions"])

_TITLES = {
    "refresh_token_used": "This refresh token was used a moment ago.",
    "refresh_token_reused": "This refresh token was used before. The session has been ended for safety.",
    "session_ended": "This session has ended. Sign in again.",
}


def _granted(response: Response, auth: Auth, grant: Grant, *, cookie: bool) -> Tokens | CookieTokens:
    if grant.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if cookie:
        auth.cookies.set(response, grant)
        return CookieTokens(
            expires_in=grant.expires_in, refresh_expires_in=grant.refresh_expires_in, session_id=grant.session_id
        )
    return Tokens(
        access_token=grant.access_token,
        token_type="Bearer",  # noqa: S106 - the name of the scheme
        expires_in=grant.expires_in,
        refresh_token=grant.refresh_token,
        refresh_expires_in=grant.refresh_expires_in,
        session_id=grant.session_id,
    )


@credentials.post(
    "/login",
    response_model=Tokens | CookieTokens,
    openapi_extra=SECRET,
    responses=refusals(400, 401, 403, 413, 415, 422, 503),
)
async def login(
    request: Request, response: Response, auth: AuthDep, checked: CheckedLoginDep, sessions: SessionsDep
) -> Any:
    """Sign in with a user name (or verified e-mail) and password; every sign-in is a session of its own."""
    try:
        grant = await sessions.begin(checked.user_id, checked.password_hash, checked.how, checked.new_hash)
    except LoginRefusedError as refused:
        # Disabled since the check. Answered, not raised: what the trail says of it must stay.
        auth.counters.logins.add("refused")
        return on_app_error(request, refused)
    auth.counters.logins.add("success")
    return _granted(response, auth, grant, cookie=checked.cookie)


@credentials.post(
    "/refresh",
    response_model=Tokens | CookieTokens,
    openapi_extra=SECRET,
    responses=refusals(400, 401, 403, 413, 415, 422, 503),
)
async def refresh(
    *,
    request: Request,
    response: Response,
    auth: AuthDep,
    _forgery: ForgeryDep,
    presented: PresentedDep,
    idempotency_key: RotationKeyDep,
    sessions: SessionsDep,
) -> Any:
    """Exchange a refresh token for its successor.

    It works once; the same request repeated with its ``Idempotency-Key`` gets the same successor, so a lost answer
    costs nothing.
    """
    outcome = await sessions.rotate(presented.refresh or "", idempotency_key)
    auth.counters.refreshes.add(outcome.outcome)
    if isinstance(outcome, Grant):
        return _granted(response, auth, outcome, cookie=presented.by_cookie)
    if outcome.code == RefreshTokenInvalidError.code:
        raise RefreshTokenInvalidError
    challenge = TokenInvalidError().headers
    refused = problem(request, 401, outcome.code, _TITLES[outcome.code], headers=challenge)
    # A loser of a race must not take the winner's cookie away.
    if presented.by_cookie and outcome.session_over:
        auth.cookies.clear(refused)
    return refused


@credentials.post(
    "/logout", status_code=204, openapi_extra=SECRET, responses=NO_CONTENT | refusals(400, 401, 403, 413, 415, 422, 503)
)
async def logout(request: Request, auth: AuthDep, presented: PresentedDep, sessions: SessionsDep) -> Response:
    """End the session of the refresh token, of the cookies, or of the access token."""
    session_id = await sessions.find_genuine(presented.refresh or "")
    session_id = session_id or _session_of(auth, presented.access or "")
    response = Response(status_code=204)
    if session_id is None:
        error = TokenInvalidError()
        response = problem(request, error.status, error.code, error.title, headers=error.headers)
    else:
        await sessions.end(session_id)
    if presented.by_cookie:
        auth.cookies.clear(response)
    return response


def _session_of(auth: Auth, token: str) -> str | None:
    try:
        return verified(auth, token).session_id
    except TokenInvalidError:
        return None


def session_out(row: Session, device: str, current: str) -> SessionOut:
    """Return a session as its owner and administrators see it."""
    return SessionOut(
        id=row.id,
        created_at=row.created_at,
        last_used_at=row.rotated_at,
        expires_at=min(row.idle_expires_at, row.absolute_expires_at),
        ip=row.ip,
        user_agent=row.user_agent,
        device=device,
        label=row.label,
        current=row.id == current,
    )


@own.get("/sessions", response_model=SessionList, responses=refusals(400, 401, 422))
async def list_sessions(actor: ActorDep, pager: PagerDep, reader: ReaderDep) -> Any:
    """List your live sessions, newest first."""
    rows = await SessionRepository.of(reader, actor).list_live(pager)
    devices = dict(zip(rows, await in_words([row.user_agent for row in rows]), strict=True))
    return pager.page(rows, SESSION_ORDER, lambda row: session_out(row, devices[row], actor.session_id))


@own.delete("/sessions/{session_id}", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 404, 409, 422))
async def end_session(actor: ActorDep, session_id: IdPath, sessions: SessionsDep, session: SessionDep) -> None:
    """End one of your sessions."""
    await SessionRepository.of(session, actor).get(session_id)
    await sessions.end(session_id, "ended_by_owner", actor)


@own.delete("/sessions", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 409, 422))
async def end_other_sessions(
    actor: ActorDep,
    accounts: AccountsDep,
    everywhere: Annotated[bool, Query(alias="all", description="End this session too.")] = False,
) -> None:
    """End all your sessions but this one, or with ``all`` really all."""
    but = None if everywhere else actor.session_id
    await accounts.end_sessions(actor.user_id, reason="ended_by_owner", but=but, actor=actor)
