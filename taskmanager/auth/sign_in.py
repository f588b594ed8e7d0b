"""Starting, refreshing and ending sessions: every change of a session's life."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.access_tokens import CHALLENGE, AccessTokens
from taskmanager.auth.advancing import ADVANCE, CURRENT, Current, is_live
from taskmanager.auth.devices import is_new
from taskmanager.auth.models import Session, User
from taskmanager.auth.notices import tell
from taskmanager.auth.refresh_tokens import Presented, RefreshTokens, digest
from taskmanager.auth.repository import SessionRepository
from taskmanager.auth.revocations import AccessChanged
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.errors import AppError
from taskmanager.kit.events import record
from taskmanager.kit.ids import new_id

WINDOW = timedelta(seconds=10)
IDLE = timedelta(days=14)
IDLE_FORGOTTEN = timedelta(hours=12)
ABSOLUTE = timedelta(days=30)
MAX_LATE_RECOVERIES = 10
MOST_SESSIONS = 100
SALT_BYTES = 16
# Bits of ``Session.noted``.
_RECOVERED, _CONCURRENT = 1, 2


class LoginRefusedError(AppError):
    """Unknown, wrong and disabled look alike (ASVS 6.3.8)."""

    status = 401
    code = "invalid_credentials"
    title = "The user name or the password is not right."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": CHALLENGE})


@dataclass(frozen=True, slots=True)
class SignIn:
    """How someone signs in: from where, with what, for how long.

    ``former`` is the refresh token that the browser had; its session ends with the new one (ASVS 7.2.4).
    """

    remember: bool
    label: str
    ip: str
    user_agent: str
    former: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a session may show from now on."""

    session_id: str
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    remember: bool
    replayed: bool = False

    @property
    def outcome(self) -> Literal["rotated", "recovered"]:
        return "recovered" if self.replayed else "rotated"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused refresh. It is returned, not raised, so that a revocation it causes is committed."""

    code: Literal["refresh_token_used", "refresh_token_reused", "invalid_refresh_token", "session_ended"]
    session_over: bool
    outcome: Literal["concurrent", "reused", "invalid", "ended", "ahead"]


class Sessions:
    """The life of sessions within one transaction; an account has at most ``most`` of them."""

    def __init__(
        self, session: AsyncSession, access: AccessTokens, refresh: RefreshTokens, most: int = MOST_SESSIONS
    ) -> None:
        self._session = session
        self._access = access
        self._refresh = refresh
        self._most = most

    async def begin(self, user_id: str, password_hash: str, how: SignIn, new_hash: str | None = None) -> Grant:
        """Start a session for an account whose password was just checked against ``password_hash``.

        ``new_hash`` replaces a hash made with outdated parameters. Raises :class:`LoginRefusedError` if the account
        was disabled or its password changed since that check.
        """
        statement = select(User).where(User.id == user_id, User.active, User.password_hash == password_hash)
        user = (await self._session.execute(statement.with_for_update())).scalar_one_or_none()
        if user is None:
            event = audit.Event.LOGIN_FAILED
            await audit.record(self._session, event, outcome="failure", subject_id=user_id, reason="changed_meanwhile")
            raise LoginRefusedError
        if new_hash is not None:
            user.password_hash = new_hash
        if (former := await self.find_genuine(how.former)) is not None:
            await self.end(former, "signed_in_again")
        await self._make_room(user, how)
        now = clock.now()
        row = Session(
            id=new_id(),
            user_id=user.id,
            auth_epoch=user.auth_epoch,
            salt=secrets.token_bytes(SALT_BYTES),
            generation=1,
            remember=how.remember,
            created_at=now,
            rotated_at=now,
            idle_expires_at=now + _idle(how.remember),
            absolute_expires_at=now + ABSOLUTE,
            ip=how.ip[:64],
            user_agent=how.user_agent[:300],
            label=how.label,
        )
        token = self._refresh.derive(row.id, row.generation, row.salt)
        row.token_digest = digest(token)
        self._session.add(row)
        await audit.record(self._session, audit.Event.LOGIN, subject_id=user.id, session_id=row.id, factors="password")
        return self._grant(row, token)

    async def _make_room(self, user: User, how: SignIn) -> None:
        """Tell of a sign-in from somewhere new; end the sessions that were used least recently if there are too many.

        The account is locked, so of two sign-ins at once the later one counts the earlier one's session.
        """
        sessions = SessionRepository(self._session, user.id)
        if is_new(await sessions.list_origins(), how.ip, how.user_agent, clock.now() - user.created_at):
            await tell(self._session, user.id, "new_sign_in", address=how.ip, agent=how.user_agent)
        for row in await sessions.list_beyond(self._most - 1):
            await self.end(row.id, "too_many_sessions")

    async def rotate(self, token: str, idempotency_key: str | None) -> Grant | Refusal:
        """Exchange a refresh token for its successor; the decision table is in ``docs/security.md``."""
        presented = self._refresh.read(token)
        key = self._refresh.key_digest(idempotency_key) if idempotency_key is not None else None
        grant = await self._advance(presented, key) if presented is not None else None
        if grant is not None:
            return grant
        found = await self._load(presented.session_id) if presented is not None else None
        if presented is None or found is None or not self._refresh.is_genuine(presented, found[0].salt):
            return Refusal("invalid_refresh_token", session_over=False, outcome="invalid")
        row, user = found
        if not is_live(row, active=user.active, epoch=user.auth_epoch):
            return Refusal("session_ended", session_over=True, outcome="ended")
        if presented.generation > row.generation:
            await self.end(row.id, "restored_backup")
            return Refusal("session_ended", session_over=True, outcome="ahead")
        return await self._behind(presented, key, row)

    async def _advance(self, presented: Presented, key: bytes | None) -> Grant | None:
        """Take the next generation, if the current one of a live session is presented (row 1), by two statements.

        Of many at once one wins: the row is changed only if it is still as it was read.
        """
        found = await CURRENT.first(self._session, session_id=presented.session_id)
        if found is None:
            return None
        line, now = Current(*found), clock.now()
        if (
            not self._refresh.is_genuine(presented, line.salt)
            or not is_live(line, active=line.active, epoch=line.users_epoch)
            or presented.generation != line.generation
            or not compare_digest(presented.digest, line.token_digest)
        ):
            return None
        generation = line.generation + 1
        token = self._refresh.derive(line.id, generation, line.salt)
        expires = min(now + _idle(line.remember), line.absolute_expires_at)
        advanced = await ADVANCE.run(
            self._session,
            this=line.id,
            last=line.generation,
            generation=generation,
            token_digest=digest(token),
            rotation_key=key,
            rotated_at=now,
            idle_expires_at=expires,
        )
        if advanced.changed != 1:
            return None
        return self._issue(line, token, generation, expires)

    async def _behind(self, presented: Presented, key: bytes | None, row: Session) -> Grant | Refusal:
        """Decide on a token of a live session that is not its current one (any more)."""
        within = clock.now() - row.rotated_at <= WINDOW
        if presented.generation == row.generation - 1:
            same_request = key is not None and row.rotation_key is not None and compare_digest(key, row.rotation_key)
            if same_request and (within or await self._count_recovery(row)):
                await self._note(row, _RECOVERED, audit.Event.REFRESH_RECOVERED)
                successor = self._refresh.derive(row.id, row.generation, row.salt)
                return self._grant(row, successor, replayed=True)
            if within:
                await self._note(row, _CONCURRENT, audit.Event.REFRESH_CONCURRENT, "failure")
                return Refusal("refresh_token_used", session_over=False, outcome="concurrent")
        await self._revoke(row, "refresh_token_reused")
        await tell(self._session, row.user_id, "session_reused", address=row.ip, agent=row.user_agent)
        await self._record(row, audit.Event.REFRESH_REUSED, "failure", shown=presented.generation)
        return Refusal("refresh_token_reused", session_over=True, outcome="reused")

    async def _count_recovery(self, row: Session) -> bool:
        """Count one late recovery; False when the generation has had all of its own."""
        left = (Session.id == row.id, Session.recoveries < MAX_LATE_RECOVERIES)
        statement = update(Session).where(*left).values(recoveries=Session.recoveries + 1)
        result: Any = await self._session.execute(statement.execution_options(synchronize_session=False))
        return bool(result.rowcount)

    async def _note(self, row: Session, bit: int, event: audit.Event, outcome: audit.Outcome = "success") -> None:
        """Write an outcome into the audit trail once a generation, however often it comes."""
        if row.noted & bit:
            return
        mine = (Session.id == row.id, Session.generation == row.generation, Session.noted.bitwise_and(bit) == 0)
        statement = update(Session).where(*mine).values(noted=Session.noted.bitwise_or(bit))
        result: Any = await self._session.execute(statement.execution_options(synchronize_session=False))
        if result.rowcount:
            await self._record(row, event, outcome)

    async def _record(
        self, row: Session, event: audit.Event, outcome: audit.Outcome = "success", **detail: Any
    ) -> None:
        detail = {"generation": row.generation, **detail}
        await audit.record(self._session, event, outcome=outcome, subject_id=row.user_id, session_id=row.id, **detail)

    async def end(self, session_id: str, reason: str = "logout", actor: Actor | None = None) -> None:
        """End one session; nothing happens if it has ended already. No actor: whoever holds a token of it."""
        row = await self._session.get(Session, session_id)
        if row is not None and row.revoked_at is None:
            await self._revoke(row, reason)
            ended = audit.Event.SESSION_ENDED
            await audit.record(
                self._session, ended, actor=actor, subject_id=row.user_id, session_id=row.id, reason=reason
            )

    async def find_genuine(self, token: str) -> str | None:
        """Return the session of a refresh token that this server made, of any generation, even expired."""
        presented = self._refresh.read(token)
        found = await self._load(presented.session_id) if presented is not None else None
        if presented is None or found is None or not self._refresh.is_genuine(presented, found[0].salt):
            return None
        return presented.session_id

    async def _load(self, session_id: str) -> tuple[Session, User] | None:
        statement = select(Session, User).join(User, User.id == Session.user_id).where(Session.id == session_id)
        row = (await self._session.execute(statement.execution_options(populate_existing=True))).one_or_none()
        return (row[0], row[1]) if row is not None else None

    async def _revoke(self, row: Session, reason: str) -> None:
        row.revoked_at = clock.now()
        row.revoked_reason = reason
        await record(self._session, AccessChanged(session_id=row.id))

    def _grant(self, row: Session, token: str, *, replayed: bool = False) -> Grant:
        expires = min(row.idle_expires_at, row.absolute_expires_at)
        return self._issue(row, token, row.generation, expires, replayed=replayed)

    def _issue(
        self, row: Session | Current, token: str, generation: int, expires: datetime, *, replayed: bool = False
    ) -> Grant:
        access = self._access.issue(
            user_id=row.user_id, session_id=row.id, generation=generation, signed_in_at=row.created_at
        )
        return Grant(
            session_id=row.id,
            access_token=access,
            expires_in=int(self._access.life.total_seconds()),
            refresh_token=token,
            refresh_expires_in=_seconds_until(expires),
            remember=row.remember,
            replayed=replayed,
        )


def _idle(remember: bool) -> timedelta:
    return IDLE if remember else IDLE_FORGOTTEN


def _seconds_until(moment: datetime) -> int:
    return max(0, int((moment - clock.now()).total_seconds()))
