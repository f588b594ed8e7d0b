"""What routes ask for: the actor, and work that must be done before the write lock is taken (hashing)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import Request

from taskmanager.auth import quotas
from taskmanager.auth.access_tokens import AccessTokens, Claims, TokenRefusedError
from taskmanager.auth.accounts import Accounts, WrongPasswordError, refuse_registration, refuse_same
from taskmanager.auth.api_tokens import ApiTokens, is_api_token
from taskmanager.auth.attempts import admit, guess
from taskmanager.auth.audit import Event
from taskmanager.auth.audit_refusals import Refusals
from taskmanager.auth.cookies import Cookies, refuse_foreign_sign_in
from taskmanager.auth.counters import Counters
from taskmanager.auth.credentials import Presented, SessionEndedError, TokenInvalidError, access_token, present
from taskmanager.auth.links import Kind, Links, digest
from taskmanager.auth.models import User
from taskmanager.auth.passwords import Passwords
from taskmanager.auth.post import Post
from taskmanager.auth.refresh_tokens import RefreshTokens
from taskmanager.auth.repository import AccountRepository, LinkRepository
from taskmanager.auth.ring import KeyRing
from taskmanager.auth.roles import Actor
from taskmanager.auth.rotation import Rotation
from taskmanager.auth.schemas import Login, PasswordChange, PasswordReset, Refresh, Registration, Setup
from taskmanager.auth.sign_in import LoginRefusedError, Sessions, SignIn
from taskmanager.auth.token_checks import TokenChecks
from taskmanager.kit.db import Database, SessionDep
from taskmanager.kit.errors import ForbiddenError
from taskmanager.kit.http.client import client_address
from taskmanager.kit.http.idempotency import read_key

MAX_AGENT = 300


@dataclass
class Auth:
    """The parts of this room that live as long as the server, found under ``app.state.auth``."""

    ring: KeyRing
    rotation: Rotation
    access: AccessTokens
    refresh: RefreshTokens
    api_tokens: ApiTokens
    passwords: Passwords
    checks: TokenChecks
    cookies: Cookies
    registration: str
    max_sessions: int
    post: Post | None
    refusals: Refusals
    counters: Counters


async def get_auth(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth


AuthDep = Annotated[Auth, Depends(get_auth)]


def verified(auth: Auth, token: str) -> Claims:
    """Return the claims of an access token, or raise 401."""
    try:
        return auth.access.verify(token)
    except TokenRefusedError as error:
        raise TokenInvalidError from error


async def get_actor(request: Request, auth: AuthDep) -> Actor:
    """Return who is asking; the role comes from the database, never from the token."""
    token, by_cookie = access_token(request, auth.cookies)
    by_api_token = not by_cookie and is_api_token(token)
    actor = await (auth.api_tokens.actor(request, token) if by_api_token else _of_session(auth, token))
    request.state.account_id, request.state.actor = actor.user_id, actor
    quotas.count(request.scope, actor.user_id)
    return actor


async def _of_session(auth: Auth, token: str) -> Actor:
    try:
        actor = await auth.checks.check(token)
    except TokenRefusedError as error:
        raise TokenInvalidError from error
    if actor is None:
        raise SessionEndedError
    return actor


ActorDep = Annotated[Actor, Depends(get_actor)]


async def get_writer(actor: ActorDep) -> Actor:
    """Return the actor if the role may write at all."""
    if not actor.may_write:
        raise ForbiddenError("Guests read only.")
    return actor


async def get_admin(actor: ActorDep) -> Actor:
    """Return the actor if it is an administrator."""
    if not actor.is_admin:
        raise ForbiddenError("This is for administrators.")
    return actor


WriterDep = Annotated[Actor, Depends(get_writer)]
AdminDep = Annotated[Actor, Depends(get_admin)]


@dataclass(frozen=True, slots=True)
class CheckedLogin:
    """A password that was right a moment ago."""

    user_id: str
    password_hash: str
    new_hash: str | None
    how: SignIn
    cookie: bool


async def check_login(request: Request, auth: AuthDep, body: Login) -> CheckedLogin:
    """Count a try to sign in, then check name and password."""
    refuse_foreign_sign_in(request, cookie=body.cookie)
    with auth.passwords.place():
        async with guess(request, await admit(request, body.username), LoginRefusedError):
            return await _check_password(request, auth, body)


async def _check_password(request: Request, auth: Auth, body: Login) -> CheckedLogin:
    """Check name and password; the work is the same for unknown, wrong and disabled."""
    database: Database = request.app.state.database
    async with database.read() as session:
        user = await AccountRepository(session).find_by_login(body.username)
    usable = user is not None and user.active
    right = await auth.passwords.check(body.password, user.password_hash if user is not None and usable else None)
    if user is None or not right or user.password_hash is None:
        auth.counters.logins.add("refused")
        await auth.refusals.login(body.username, user)
        raise LoginRefusedError
    new_hash = await auth.passwords.hash(body.password) if auth.passwords.is_outdated(user.password_hash) else None
    how = SignIn(
        remember=body.remember,
        label=body.label or "",
        ip=client_address(request.scope),
        user_agent=request.headers.get("user-agent", "")[:MAX_AGENT],
        former=request.cookies.get(auth.cookies.refresh, "") if body.cookie else "",
    )
    return CheckedLogin(user.id, user.password_hash, new_hash, how, body.cookie)


async def read_presented(request: Request, auth: AuthDep, body: Refresh | None = None) -> Presented:
    """Return the tokens of a request for a new token or for signing out."""
    return present(request, auth.cookies, body.refresh_token if body is not None else None)


async def read_rotation_key(
    request: Request,
    idempotency_key: Annotated[str | None, Header(description="Lets a lost answer be fetched again.")] = None,  # noqa: ARG001 - declared for the documentation; read strictly below
) -> str | None:
    return read_key(request)


@dataclass(frozen=True, slots=True)
class HashedRegistration:
    data: Registration
    password_hash: str


def _names_of(user: User | None) -> tuple[str | None, ...]:
    return (user.username, user.display_name, user.email) if user is not None else ()


async def _require_link(request: Request, kind: Kind, token: str) -> None:
    database: Database = request.app.state.database
    async with database.read() as session:
        await Links(session).require(kind, token)


async def hash_registration(request: Request, auth: AuthDep, body: Registration) -> HashedRegistration:
    refuse_registration(auth.registration, invited=body.invitation is not None)
    if body.invitation is not None:
        await _require_link(request, "invitation", body.invitation)
    names = (body.username, body.display_name, body.email)
    await auth.passwords.refuse_weak(body.password, "/password", *names)
    return HashedRegistration(body, await auth.passwords.hash(body.password))


@dataclass(frozen=True, slots=True)
class HashedSetup:
    data: Setup
    password_hash: str


async def hash_setup(request: Request, auth: AuthDep, body: Setup) -> HashedSetup:
    await _require_link(request, "setup", body.setup_token)
    await auth.passwords.refuse_weak(body.password, "/password", body.username)
    return HashedSetup(body, await auth.passwords.hash(body.password))


@dataclass(frozen=True, slots=True)
class HashedReset:
    token: str
    password_hash: str


async def hash_reset(request: Request, auth: AuthDep, body: PasswordReset) -> HashedReset:
    await _require_link(request, "reset", body.reset_token)
    database: Database = request.app.state.database
    async with database.read() as session:
        owner = await LinkRepository(session).find_owner(digest(body.reset_token))
    await auth.passwords.refuse_weak(body.password, "/password", *_names_of(owner))
    return HashedReset(body.reset_token, await auth.passwords.hash(body.password))


@dataclass(frozen=True, slots=True)
class CheckedChange:
    checked_hash: str
    password_hash: str


async def check_change(request: Request, auth: AuthDep, actor: ActorDep, body: PasswordChange) -> CheckedChange:
    """Check the current password and hash the new one, both before the write lock."""
    database: Database = request.app.state.database
    async with database.read() as session:
        user = await AccountRepository(session).get(actor.user_id)
    await auth.passwords.refuse_weak(body.new_password, "/new_password", *_names_of(user))
    stored = user.password_hash
    if not await auth.passwords.check(body.current_password, stored) or stored is None:
        await auth.refusals.current_password(actor, Event.PASSWORD_CHANGE_FAILED)
        raise WrongPasswordError
    refuse_same(body.current_password, body.new_password)
    return CheckedChange(stored, await auth.passwords.hash(body.new_password))


async def get_sessions(auth: AuthDep, session: SessionDep) -> Sessions:
    return Sessions(session, auth.access, auth.refresh, auth.max_sessions)


async def get_accounts(auth: AuthDep, session: SessionDep) -> Accounts:
    return Accounts(session, auth.post)


async def get_links(auth: AuthDep, session: SessionDep) -> Links:
    return Links(session, auth.post)


# Each of these is declared before the session in a route, so that its work is done before the write lock is taken.
CheckedLoginDep = Annotated[CheckedLogin, Depends(check_login)]
PresentedDep = Annotated[Presented, Depends(read_presented)]
RotationKeyDep = Annotated[str | None, Depends(read_rotation_key)]
HashedRegistrationDep = Annotated[HashedRegistration, Depends(hash_registration)]
HashedSetupDep = Annotated[HashedSetup, Depends(hash_setup)]
HashedResetDep = Annotated[HashedReset, Depends(hash_reset)]
CheckedChangeDep = Annotated[CheckedChange, Depends(check_change)]
SessionsDep = Annotated[Sessions, Depends(get_sessions)]
AccountsDep = Annotated[Accounts, Depends(get_accounts)]
LinksDep = Annotated[Links, Depends(get_links)]
