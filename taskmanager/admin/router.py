"""Routes of administrators."""

import time
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request

import taskmanager
from taskmanager.admin.repository import counts_for_system, keys_for_system
from taskmanager.admin.schemas import Overview
from taskmanager.auth import quotas, scopes
from taskmanager.auth.accounts import require_recent
from taskmanager.auth.audit_repository import AuditRepository
from taskmanager.auth.deps import AccountsDep, AdminDep, LinksDep
from taskmanager.auth.limited import limited
from taskmanager.auth.links import NewLink
from taskmanager.auth.models import Link, User
from taskmanager.auth.repository import LINK_ORDER, USER_ORDER, AccountRepository, LinkRepository
from taskmanager.auth.schemas import (
    Invitation,
    InvitationCreate,
    InvitationList,
    LinkOut,
    UserCreate,
    UserCreated,
    UserList,
    UserOut,
    UserUpdate,
)
from taskmanager.kit.db import Database, ReaderDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import SECRET, SESSION_ONLY, router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep

admin = router(prefix="/admin", tags=["administration"], opening=scopes.ADMIN)

_READ = refusals(400, 401, 403, 404, 422)
_CHANGE = refusals(400, 401, 403, 404, 409, 413, 415, 422)
_LINKS = {
    "users": "/admin/users",
    "invitations": "/admin/invitations",
    "sessions": "/admin/sessions",
    "keys": "/admin/keys",
    "audit": "/admin/audit",
}


def _user_out(user: User) -> UserOut:
    return UserOut(
        id=user.id,
        username=user.username,
        email=user.email,
        email_verified=user.email_verified,
        display_name=user.display_name,
        role=user.role,
        timezone=user.timezone,
        locale=user.locale,
        created_at=user.created_at,
        active=user.active,
        has_password=user.password_hash is not None,
    )


def _link_out(request: Request, link: NewLink) -> LinkOut:
    # Never built from the request's Host where an address is configured (ASVS 3.7.2).
    base = request.app.state.settings.public_url or str(request.base_url)
    url = link.url(base) if link.sent_to is None else None
    return LinkOut(id=link.id, kind=link.kind, url=url, sent_to=link.sent_to, expires_at=link.expires_at)


@admin.get("", response_model=Overview, responses=_READ)
async def read_overview(request: Request, _actor: AdminDep, reader: ReaderDep) -> Any:
    """Read how the installation is doing."""
    state = request.app.state
    database: Database = state.database
    return Overview(
        version=taskmanager.__version__,
        uptime_seconds=int(time.monotonic() - state.started),
        database="SQLite" if database.is_sqlite else "PostgreSQL",
        cache=state.cache.name,
        cache_healthy=await state.cache.healthy(),
        counts=await counts_for_system(reader),
        keys=await keys_for_system(reader),
        failed_logins_24h=await AuditRepository(reader).count_failed_sign_ins(timedelta(hours=24)),
        links=_LINKS,
    )


@admin.get("/users", response_model=UserList, responses=_READ, dependencies=[limited(quotas.SEARCHES)])
async def list_users(
    _actor: AdminDep,
    reader: ReaderDep,
    pager: PagerDep,
    search: Annotated[str | None, Query(max_length=100, description="Part of a name or e-mail address.")] = None,
) -> Any:
    """List the accounts by name."""
    return pager.page(await AccountRepository(reader).list(pager, search), USER_ORDER, _user_out)


@admin.post("/users", status_code=201, response_model=UserCreated, openapi_extra=SECRET, responses=_CHANGE)
async def create_user(request: Request, actor: AdminDep, accounts: AccountsDep, body: UserCreate) -> Any:
    """Make an account; its owner chooses the password by the one-time link of the answer.

    With an e-mail address, where mail is set up, the link goes there and is not shown.
    """
    user, link = await accounts.create(body, actor)
    return UserCreated(user=_user_out(user), link=_link_out(request, link))


@admin.get("/users/{user_id}", response_model=UserOut, responses=_READ)
async def read_user(_actor: AdminDep, reader: ReaderDep, user_id: IdPath) -> Any:
    """Read one account."""
    return _user_out(await AccountRepository(reader).get(user_id))


@admin.patch("/users/{user_id}", response_model=UserOut, responses=_CHANGE)
async def update_user(actor: AdminDep, accounts: AccountsDep, user_id: IdPath, body: UserUpdate) -> Any:
    """Change role or activity; both bite on that account's next request."""
    return _user_out(await accounts.update(user_id, body, actor))


@admin.post("/users/{user_id}/reset", status_code=201, response_model=LinkOut, openapi_extra=SECRET, responses=_CHANGE)
async def start_reset(request: Request, actor: AdminDep, accounts: AccountsDep, user_id: IdPath) -> Any:
    """Make a one-time link by which the owner chooses a new password.

    It goes to the verified e-mail address; without one, or without a mail server, hand it over yourself.
    """
    return _link_out(request, await accounts.start_reset(user_id, actor))


@admin.delete("/users/{user_id}/sessions", status_code=204, responses=NO_CONTENT | _CHANGE)
async def end_user_sessions(actor: AdminDep, accounts: AccountsDep, user_id: IdPath) -> None:
    """End all sessions of an account."""
    await accounts.end_sessions(user_id, reason="ended_by_admin", actor=actor)


@admin.get("/invitations", response_model=InvitationList, openapi_extra=SESSION_ONLY, responses=_READ)
async def list_invitations(_actor: AdminDep, reader: ReaderDep, pager: PagerDep) -> Any:
    """List the invitations, newest first."""
    rows = await LinkRepository(reader).list_invitations(pager)
    return pager.page(rows, LINK_ORDER, _invitation_out)


def _invitation_out(link: Link) -> Invitation:
    return Invitation(
        id=link.id,
        role=link.role,
        email=link.email,
        created_at=link.created_at,
        expires_at=link.expires_at,
        used_at=link.used_at,
    )


@admin.post("/invitations", status_code=201, response_model=LinkOut, openapi_extra=SECRET, responses=_CHANGE)
async def invite(request: Request, actor: AdminDep, links: LinksDep, body: InvitationCreate) -> Any:
    """Make a one-time link by which somebody makes an account of their own."""
    if body.role == "admin":
        require_recent(actor)
    return _link_out(request, await links.invite(actor, body.role, body.email))


@admin.delete("/invitations/{link_id}", status_code=204, responses=NO_CONTENT | _CHANGE)
async def withdraw_invitation(actor: AdminDep, links: LinksDep, link_id: IdPath) -> None:
    """Withdraw an invitation that nobody has used."""
    await links.withdraw_invitation(link_id, actor)
