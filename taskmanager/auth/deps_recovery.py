"""What the routes of recovery and notices ask for."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from taskmanager.auth.accounts import WrongPasswordError
from taskmanager.auth.audit import Event
from taskmanager.auth.deps import ActorDep, AuthDep
from taskmanager.auth.recovery import MailNotConfiguredError, Recovery
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.schemas import EmailChange, Forgotten
from taskmanager.kit.db import Database, SessionDep


async def read_forgotten(auth: AuthDep, body: Forgotten) -> str:
    """Return the name that was forgotten about, if this server sends mail at all; that tells of nobody's account."""
    if auth.post is None:
        raise MailNotConfiguredError
    return body.username


@dataclass(frozen=True, slots=True)
class CheckedEmail:
    """A new address, and the hash of the password that was right a moment ago."""

    address: str
    checked_hash: str


async def check_email(request: Request, auth: AuthDep, actor: ActorDep, body: EmailChange) -> CheckedEmail:
    """Check the current password before the write lock (ASVS 7.5.1)."""
    if auth.post is None:
        raise MailNotConfiguredError
    database: Database = request.app.state.database
    async with database.read() as session:
        stored = (await AccountRepository(session).get(actor.user_id)).password_hash
    if not await auth.passwords.check(body.current_password, stored) or stored is None:
        await auth.refusals.current_password(actor, Event.EMAIL_CHANGE_REQUESTED)
        raise WrongPasswordError
    return CheckedEmail(body.email, stored)


async def get_recovery(auth: AuthDep, session: SessionDep) -> Recovery:
    return Recovery(session, auth.post)


ForgottenDep = Annotated[str, Depends(read_forgotten)]
CheckedEmailDep = Annotated[CheckedEmail, Depends(check_email)]
RecoveryDep = Annotated[Recovery, Depends(get_recovery)]
