"""Every change of an account and the rule that allows it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.addresses import EmailTakenError, prove, take
from taskmanager.auth.links import LinkInvalidError, Links, NewLink
from taskmanager.auth.models import User
from taskmanager.auth.notices import tell
from taskmanager.auth.post import Post
from taskmanager.auth.repository import AccountRepository, LinkRepository, SessionRepository
from taskmanager.auth.revocations import AccessChanged
from taskmanager.auth.roles import Actor, Role
from taskmanager.auth.schemas import ProfileUpdate, Registration, Setup, UserCreate, UserUpdate
from taskmanager.kit import clock
from taskmanager.kit.db import constraint_of
from taskmanager.kit.errors import ConflictError, ForbiddenError, InvalidError
from taskmanager.kit.events import record
from taskmanager.kit.ids import new_id

RECENT = timedelta(minutes=10)


class UsernameTakenError(ConflictError):
    code = "username_taken"
    title = "This user name is taken."


class LastAdminError(ConflictError):
    code = "last_admin"
    title = "The last active administrator must stay one."


class RegistrationClosedError(ForbiddenError):
    code = "registration_closed"
    title = "New accounts are made by an administrator here."


class InvitationRequiredError(ForbiddenError):
    code = "invitation_required"
    title = "An invitation is needed to make an account here."


class SetupDoneError(ConflictError):
    code = "setup_done"
    title = "This server has an administrator already. Sign in instead."


class RecentSignInRequiredError(ForbiddenError):
    code = "recent_sign_in_required"
    title = "Sign in again: this needs a sign-in within the last 10 minutes."


class WrongPasswordError(ForbiddenError):
    code = "wrong_password"
    title = "The current password is not right."


@dataclass(frozen=True)
class UserCreated:
    """A fact: an account exists from now on."""

    user_id: str
    username: str


@dataclass(frozen=True)
class ZoneChanged:
    """A fact: the clocks of an account show another zone from now on."""

    user_id: str
    timezone: str


def require_recent(actor: Actor) -> None:
    """Raise unless the actor signed in within the last 10 minutes."""
    if clock.now() - actor.signed_in_at > RECENT:
        raise RecentSignInRequiredError


class Accounts:
    """Changes of accounts within one transaction."""

    def __init__(self, session: AsyncSession, post: Post | None = None) -> None:
        self._session = session
        self._repository = AccountRepository(session)
        self._links = Links(session, post)

    async def register(self, data: Registration, password_hash: str, mode: str) -> User:
        """Make an account for whoever asks, as far as the setting ``mode`` allows."""
        refuse_registration(mode, invited=data.invitation is not None)
        if data.invitation is None:
            return await self._register(data, "user", password_hash, data.email, None, by="itself")
        link = await self._links.use("invitation", data.invitation)
        inviter = await self._repository.get(link.created_by) if link.created_by else None
        if inviter is None or not (inviter.active and inviter.role == "admin"):
            raise LinkInvalidError
        how = {"by": "invitation", "invited_by": inviter.id}
        email = data.email or link.email
        return await self._register(data, link.role or "user", password_hash, email, link.sent_to, **how)

    async def _register(
        self, data: Registration, role: str, password_hash: str, email: str | None, proven: str | None, **how: Any
    ) -> User:
        """Add an account. An address that nobody has proved to read gets a link first, where mail works."""
        asked = email if email != proven and self._links.by_mail else None
        if email is not None and email == proven:
            await take(self._session, email)
        stored = email if asked is None else None
        user = await self.add(data.username, role, password_hash, stored, data.display_name, **how)
        if asked is not None and await self._links.may_mail("email", asked):
            await self._links.offer("email", to=asked, user_id=user.id)
        prove(user, proven)
        return user

    async def set_up(self, data: Setup, password_hash: str) -> User:
        """Make the first administrator."""
        links = LinkRepository(self._session)
        await links.lock("setup")
        await self._links.use("setup", data.setup_token)
        if await self._repository.has_admin():
            raise SetupDoneError
        await links.remove("setup")
        return await self.add(data.username, "admin", password_hash, by="setup_link")

    async def create(self, data: UserCreate, actor: Actor | None) -> tuple[User, NewLink]:
        """Make an account whose owner chooses the password by a one-time link. No actor: the command line.

        The link goes to the e-mail address, whose owner is believed once it is used; else whoever asks hands it over.
        """
        if actor is not None and data.role == "admin":
            require_recent(actor)
        by = "administrator" if actor is not None else "command_line"
        user = await self.add(data.username, data.role, None, data.email, actor=actor, by=by)
        await self._session.flush()  # the link refers to the account
        return user, await self._links.replace_reset(user.id, actor.user_id if actor else None, data.email)

    async def add(
        self,
        username: str,
        role: str,
        password_hash: str | None,
        email: str | None = None,
        display_name: str | None = None,
        *,
        actor: Actor | None = None,
        **how: Any,
    ) -> User:
        """Add an account and tell the other rooms; ``how`` it came about goes into the audit trail."""
        user = User(
            id=new_id(),
            username=username,
            email=email,
            email_key=email.lower() if email else None,
            display_name=display_name or username,
            role=role,
            active=True,
            password_hash=password_hash,
            auth_epoch=0,
            timezone="UTC",
            locale="en",
            created_at=clock.now(),
        )
        self._repository.add(user)
        try:
            await self._session.flush()  # a taken name must show here
        except IntegrityError as error:
            taken = EmailTakenError if "email" in constraint_of(error) else UsernameTakenError
            raise taken from error
        created = audit.Event.USER_CREATED
        await audit.record(self._session, created, actor=actor, subject_id=user.id, username=username, role=role, **how)
        await record(self._session, UserCreated(user.id, user.username))
        return user

    async def update_profile(self, actor: Actor, data: ProfileUpdate) -> User:
        user = await self._repository.get(actor.user_id, lock=True)
        zone = user.timezone
        for name in data.model_fields_set:
            setattr(user, name, getattr(data, name))
        if user.timezone != zone:
            await record(self._session, ZoneChanged(user.id, user.timezone))
        changed = ",".join(sorted(data.model_fields_set))
        await audit.record(self._session, audit.Event.USER_UPDATED, actor=actor, fields=changed)
        await record(self._session, AccessChanged(user_id=user.id))
        return user

    async def update(self, user_id: str, data: UserUpdate, actor: Actor | None) -> User:
        """Change role or activity. A role bites on the next request; disabling ends all sessions."""
        admins = await self._repository.lock_admins()
        user = await self._repository.get(user_id, lock=True)
        role: Role = data.role if "role" in data.model_fields_set else user.role  # type: ignore[assignment]
        active = data.active if "active" in data.model_fields_set else user.active
        if actor is not None and role == "admin" and active and user.id not in admins:
            require_recent(actor)
        if list(admins) == [user.id] and (role != "admin" or not active):
            raise LastAdminError
        if role != user.role:
            await self._audit(audit.Event.ROLE_CHANGED, user, actor, before=user.role, after=role)
        if user.active and not active:
            user.auth_epoch += 1
            ended = await SessionRepository(self._session, user.id).revoke("disabled")
            await self._audit(audit.Event.USER_DISABLED, user, actor, sessions_ended=ended)
        elif active and not user.active:
            await self._audit(audit.Event.USER_ENABLED, user, actor)
        if user.role != role:
            await tell(self._session, user.id, "role_changed", role=role)
        user.role, user.active = role, active
        await record(self._session, AccessChanged(user_id=user.id))
        return user

    async def start_reset(self, user_id: str, actor: Actor | None) -> NewLink:
        """Make a one-time link by which the owner chooses a new password. It goes to the verified address."""
        if actor is not None:
            require_recent(actor)
        user = await self._repository.get(user_id)
        await self._audit(audit.Event.RESET_REQUESTED, user, actor)
        return await self._links.replace_reset(user.id, actor.user_id if actor else None, user.reachable_at)

    async def reset_password(self, reset_token: str, password_hash: str) -> None:
        """Set the password by a link; all sessions of the account end."""
        link = await self._links.use("reset", reset_token)
        if link.user_id is None:
            raise LinkInvalidError
        user = await self._repository.get(link.user_id, lock=True)
        if not user.active:
            raise LinkInvalidError
        prove(user, link.sent_to)
        if user.password_hash is not None:
            await tell(self._session, user.id, "password_reset")
        ended = await self._set_password(user, password_hash, keep_session=None)
        await self._audit(audit.Event.RESET_USED, user, sessions_ended=ended)

    async def change_password(self, actor: Actor, checked_hash: str, password_hash: str) -> None:
        """Set a new password; the other sessions end, this one goes on (ASVS 7.4.3)."""
        user = await self._repository.get(actor.user_id, lock=True)
        if user.password_hash != checked_hash:
            raise WrongPasswordError
        await tell(self._session, user.id, "password_changed")
        ended = await self._set_password(user, password_hash, keep_session=actor.session_id)
        await self._audit(audit.Event.PASSWORD_CHANGED, user, actor, sessions_ended=ended)

    async def _set_password(self, user: User, password_hash: str, keep_session: str | None) -> int:
        user.password_hash = password_hash
        user.auth_epoch += 1
        sessions = SessionRepository(self._session, user.id)
        ended = await sessions.revoke("password_changed", but=keep_session)
        if keep_session is not None:
            (await sessions.get(keep_session)).auth_epoch = user.auth_epoch
        await LinkRepository(self._session).remove("reset", user_id=user.id)
        # Who knew the old password may have asked for another address.
        await LinkRepository(self._session).use_up("email", user.id)
        await record(self._session, AccessChanged(user_id=user.id))
        return ended

    async def end_sessions(
        self, user_id: str, *, reason: str, but: str | None = None, actor: Actor | None = None
    ) -> None:
        """End the sessions of an account, all or all but one."""
        user = await self._repository.get(user_id)
        ended = await SessionRepository(self._session, user.id).revoke(reason, but=but)
        await self._audit(audit.Event.SESSION_ENDED, user, actor, reason=reason, sessions_ended=ended)
        if reason == "ended_by_admin":
            await tell(self._session, user.id, "sessions_ended_by_admin")
        await record(self._session, AccessChanged(user_id=user.id))

    async def _audit(self, event: audit.Event, user: User, actor: Actor | None = None, **detail: Any) -> None:
        await audit.record(self._session, event, actor=actor, subject_id=user.id, **detail)


def refuse_registration(mode: str, *, invited: bool) -> None:
    """Raise unless the setting ``mode`` lets an account be made with or without an invitation."""
    if mode == "closed":
        raise RegistrationClosedError
    if mode == "invite" and not invited:
        raise InvitationRequiredError


def refuse_same(old: str, new: str) -> None:
    """Raise when a new password is the old one."""
    if old == new:
        raise InvalidError.at("/new_password", "password_unchanged", "Choose another password than the current one.")
