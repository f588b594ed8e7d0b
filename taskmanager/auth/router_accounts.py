"""Making accounts, and one's own account."""

from typing import Any

from sqlalchemy import Row

from taskmanager.auth import quotas, scopes
from taskmanager.auth.audit_repository import NEWEST_FIRST, AuditRepository
from taskmanager.auth.audit_schemas import SignInList, SignInRecord
from taskmanager.auth.deps import (
    AccountsDep,
    ActorDep,
    AuthDep,
    CheckedChangeDep,
    HashedRegistrationDep,
    HashedResetDep,
    HashedSetupDep,
)
from taskmanager.auth.devices import in_words
from taskmanager.auth.limited import PasswordCheckDep, limited_by_address
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.schemas import Account, ProfileUpdate, SetupState
from taskmanager.kit.db import ReaderDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import CREDENTIALS_LIMIT, SECRET, SESSION_ONLY, router
from taskmanager.kit.paging import PagerDep

entrance = router(tags=["accounts"], max_body_size=CREDENTIALS_LIMIT)
own = router(tags=["accounts"], opening=scopes.ACCOUNT)


@entrance.get("/setup", responses=refusals(422))
async def read_setup(auth: AuthDep, reader: ReaderDep) -> SetupState:
    """Tell what the sign-in page must know: is there an administrator, and who may make an account."""
    return SetupState(
        setup_required=not await AccountRepository(reader).has_admin(),
        registration=auth.registration,
        password_min_length=auth.passwords.min_length,
        mail=auth.post is not None,
    )


@entrance.post(
    "/setup",
    status_code=201,
    response_model=Account,
    dependencies=[limited_by_address(quotas.ENTRANCE)],
    openapi_extra=SECRET,
    responses=refusals(400, 403, 409, 413, 415, 422, 503),
)
async def set_up(hashed: HashedSetupDep, accounts: AccountsDep) -> Any:
    """Make the first administrator with the one-time token that the first start printed."""
    return await accounts.set_up(hashed.data, hashed.password_hash)


@entrance.post(
    "/register",
    status_code=201,
    response_model=Account,
    dependencies=[limited_by_address(quotas.ENTRANCE)],
    openapi_extra=SECRET,
    responses=refusals(400, 403, 409, 413, 415, 422, 503),
)
async def register(auth: AuthDep, hashed: HashedRegistrationDep, accounts: AccountsDep) -> Any:
    """Make an account, by invitation or freely, as the server's setting allows.

    Where mail is set up, an e-mail address is used once the link that is sent there was opened.
    """
    return await accounts.register(hashed.data, hashed.password_hash, auth.registration)


@entrance.post(
    "/reset",
    status_code=204,
    dependencies=[limited_by_address(quotas.ENTRANCE)],
    openapi_extra=SECRET,
    responses=NO_CONTENT | refusals(400, 403, 413, 415, 422, 503),
)
async def reset_password(hashed: HashedResetDep, accounts: AccountsDep) -> None:
    """Choose a password by a one-time link; all sessions of the account end."""
    await accounts.reset_password(hashed.token, hashed.password_hash)


@own.get("/me", response_model=Account, responses=refusals(401, 422))
async def read_me(actor: ActorDep, reader: ReaderDep) -> Any:
    """Read your account."""
    return await AccountRepository(reader).get(actor.user_id)


@own.get("/me/sign-ins", response_model=SignInList, openapi_extra=SESSION_ONLY, responses=refusals(400, 401, 422))
async def list_sign_ins(actor: ActorDep, pager: PagerDep, reader: ReaderDep) -> Any:
    """List the sign-ins to your account and the failed tries, newest first."""
    rows = await AuditRepository(reader).sign_ins(actor, pager)
    devices = dict(zip((row.id for row in rows), await in_words([row.user_agent for row in rows]), strict=True))
    return pager.page(rows, NEWEST_FIRST, lambda row: _sign_in(row, devices[row.id]))


def _sign_in(row: Row[Any], device: str) -> SignInRecord:
    return SignInRecord(
        at=row.at,
        outcome=row.outcome,
        ip=row.ip,
        user_agent=row.user_agent,
        device=device,
        session_id=row.session_id,
    )


@own.patch("/me", response_model=Account, responses=refusals(400, 401, 403, 409, 413, 415, 422))
async def update_me(actor: ActorDep, body: ProfileUpdate, accounts: AccountsDep) -> Any:
    """Change name, time zone or language of your account."""
    return await accounts.update_profile(actor, body)


@own.post(
    "/me/password",
    status_code=204,
    openapi_extra=SECRET,
    responses=NO_CONTENT | refusals(400, 401, 403, 413, 415, 422, 503),
)
async def change_password(
    actor: ActorDep, _count: PasswordCheckDep, change: CheckedChangeDep, accounts: AccountsDep
) -> None:
    """Change your password; your other sessions end."""
    await accounts.change_password(actor, change.checked_hash, change.password_hash)
