"""Making and revoking API tokens, and the rules for it."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit, notices
from taskmanager.auth.accounts import require_recent
from taskmanager.auth.api_token_repository import ApiTokenRepository
from taskmanager.auth.api_token_schemas import ApiTokenCreate
from taskmanager.auth.api_tokens import NewToken
from taskmanager.auth.credentials import SessionEndedError
from taskmanager.auth.models import ApiToken, Session, User
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.roles import Actor, Role
from taskmanager.auth.scopes import USABLE, complete
from taskmanager.kit import clock
from taskmanager.kit.errors import ConflictError, ForbiddenError
from taskmanager.kit.ids import new_id

MOST_LIVE = 50


class ScopeBeyondRoleError(ForbiddenError):
    code = "scope_beyond_role"
    title = "Your role does not go as far as these scopes."


class TooManyApiTokensError(ConflictError):
    code = "too_many_api_tokens"
    title = f"At most {MOST_LIVE} API tokens may live at a time. Revoke one that is not needed."


class ApiTokenService:
    """Changes of API tokens within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def create(self, data: ApiTokenCreate, new: NewToken) -> ApiToken:
        """Add a token of the actor's own. It outlives the session, so the sign-in must be a recent one."""
        require_recent(self._actor)
        scopes = complete(data.scopes)
        # Locked: of several who count at once, each sees what the others added.
        user = await AccountRepository(self._session).get(self._actor.user_id, lock=True)
        await self._require_live_session(user)
        role: Role = user.role  # type: ignore[assignment]
        if beyond := [scope for scope in scopes if scope not in USABLE[role]]:
            raise ScopeBeyondRoleError(f"Beyond it: {' '.join(beyond)}.")
        repository = ApiTokenRepository(self._session, user.id)
        if await repository.count_live() >= MOST_LIVE:
            raise TooManyApiTokensError
        now = clock.now()
        token = ApiToken(
            id=new_id(),
            user_id=user.id,
            auth_epoch=user.auth_epoch,
            digest=new.digest,
            prefix=new.prefix,
            name=data.name,
            scopes=scopes,
            created_at=now,
            expires_at=now + timedelta(days=data.expires_in_days),
        )
        repository.add(token)
        await audit.record(
            self._session,
            audit.Event.API_TOKEN_CREATED,
            actor=self._actor,
            token_id=token.id,
            name=token.name,
            scopes=" ".join(scopes),
            days=data.expires_in_days,
        )
        await notices.tell(self._session, user.id, "api_token_created", name=token.name)
        return token

    async def _require_live_session(self, user: User) -> None:
        """Raise if the session ended a moment ago: what it may do for a second yet must not last for a year."""
        row = await self._session.get(Session, self._actor.session_id)
        ended = row is None or row.revoked_at is not None or row.auth_epoch != user.auth_epoch
        if ended or not user.active:
            raise SessionEndedError

    async def revoke(self, user_id: str, token_id: str) -> None:
        """End a token of an account: the actor's own, or anybody's where the route is for administrators."""
        await ApiTokenRepository(self._session, user_id).revoke(token_id)
        await audit.record(
            self._session, audit.Event.API_TOKEN_REVOKED, actor=self._actor, subject_id=user_id, token_id=token_id
        )
