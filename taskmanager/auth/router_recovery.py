"""Forgotten passwords, another e-mail address, and what the owner should know."""

from typing import Annotated, Any

from fastapi import Query

from taskmanager.auth import quotas
from taskmanager.auth.deps import ActorDep
from taskmanager.auth.deps_recovery import CheckedEmailDep, ForgottenDep, RecoveryDep
from taskmanager.auth.devices import in_words
from taskmanager.auth.limited import PasswordCheckDep, limited_by_address
from taskmanager.auth.models import Notice
from taskmanager.auth.notices import NOTICE_ORDER, NoticeRepository
from taskmanager.auth.recovery import ask_for_link
from taskmanager.auth.schemas import Accepted, EmailConfirmation, NoticeList, NoticeOut, NoticesRead
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import CREDENTIALS_LIMIT, SECRET, router
from taskmanager.kit.paging import PagerDep

entrance = router(tags=["accounts"], max_body_size=CREDENTIALS_LIMIT)
own = router(tags=["accounts"])


@entrance.post(
    "/forgot",
    status_code=202,
    response_model=Accepted,
    openapi_extra=SECRET,
    dependencies=[limited_by_address(quotas.ENTRANCE)],
    responses=refusals(400, 409, 413, 415, 422),
)
async def forgot_password(login: ForgottenDep, session: SessionDep) -> Any:
    """Ask for a link to choose a new password. It goes to the account's verified e-mail address, if it has one.

    The answer is the same for everybody.
    """
    await ask_for_link(session, login)
    return Accepted(accepted=True)


@entrance.post(
    "/me/email/confirm",
    status_code=204,
    openapi_extra=SECRET,
    dependencies=[limited_by_address(quotas.ENTRANCE)],
    responses=NO_CONTENT | refusals(400, 403, 409, 413, 415, 422),
)
async def confirm_email(recovery: RecoveryDep, body: EmailConfirmation) -> None:
    """Confirm an e-mail address with the one-time token that was sent to it."""
    await recovery.confirm_email(body.token)


@own.post(
    "/me/email",
    status_code=202,
    response_model=Accepted,
    openapi_extra=SECRET,
    responses=refusals(400, 401, 403, 409, 413, 415, 422, 503),
)
async def change_email(
    actor: ActorDep, _count: PasswordCheckDep, checked: CheckedEmailDep, recovery: RecoveryDep
) -> Any:
    """Ask for another e-mail address; it is used once the link that is sent there was opened."""
    await recovery.request_email(actor, checked.checked_hash, checked.address)
    return Accepted(accepted=True)


@own.get("/me/notices", response_model=NoticeList, responses=refusals(400, 401, 422))
async def list_notices(
    actor: ActorDep,
    pager: PagerDep,
    reader: ReaderDep,
    unread: Annotated[bool, Query(description="Only those that were not marked as read.")] = False,
) -> Any:
    """List what happened to your account in the last 90 days, newest first."""
    rows = await NoticeRepository(reader, actor).list(pager, unread=unread)
    devices = dict(zip(rows, await in_words([str(row.detail.get("agent", "")) for row in rows]), strict=True))
    return pager.page(rows, NOTICE_ORDER, lambda row: _out(row, devices[row]))


def _out(row: Notice, device: str) -> NoticeOut:
    shown = device if "agent" in row.detail else None
    return NoticeOut(id=row.id, kind=row.kind, at=row.at, read_at=row.read_at, device=shown, detail=row.detail)


@own.post("/me/notices/read", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 409, 413, 415, 422))
async def read_notices(actor: ActorDep, body: NoticesRead, session: SessionDep) -> None:
    """Mark notices as read: all of them, or up to one."""
    await NoticeRepository(session, actor).mark_read(body.up_to)
