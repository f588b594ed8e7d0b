"""What administrators change that no room below has a rule for."""

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import Session
from taskmanager.auth.notices import tell
from taskmanager.auth.roles import Actor
from taskmanager.auth.sign_in import Sessions
from taskmanager.kit.errors import NotFoundError


async def end_session(session: AsyncSession, sessions: Sessions, session_id: str, actor: Actor) -> None:
    """End a session of any account and tell its owner."""
    row = await session.get(Session, session_id)
    if row is None or row.revoked_at is not None:
        raise NotFoundError
    await sessions.end(session_id, "ended_by_admin", actor)
    if row.user_id != actor.user_id:
        await tell(session, row.user_id, "sessions_ended_by_admin", address=row.ip, agent=row.user_agent)
