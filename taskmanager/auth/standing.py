"""Whether answers that go on for long may go on: their sessions and API tokens, read from the database each time."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.api_token_repository import is_live
from taskmanager.auth.models import ApiToken, Session, User
from taskmanager.auth.roles import Actor, Role
from taskmanager.kit import clock

MAX_IDS = 1000
_ACCOUNT = (User.role, User.username, User.display_name, User.email, User.timezone, User.locale)


class Standing(NamedTuple):
    """The account behind a live session or token, as it is now."""

    role: str
    username: str
    display_name: str
    email: str | None
    timezone: str
    locale: str

    def of(self, actor: Actor) -> Actor:
        """Return the actor as it is now."""
        return replace(actor, role=cast("Role", self.role), username=self.username, timezone=self.timezone)


async def find_standings(session: AsyncSession, actors: Collection[Actor]) -> dict[str, Standing]:
    """Return how actors stand, by the id of their session or token; those that have ended are left out."""
    now = clock.now()
    of_sessions = select(Session.id, *_ACCOUNT).join(User, User.id == Session.user_id)
    of_sessions = of_sessions.where(
        Session.revoked_at.is_(None),
        Session.idle_expires_at > now,
        Session.absolute_expires_at > now,
        User.active,
        User.auth_epoch == Session.auth_epoch,
    )
    of_tokens = select(ApiToken.id, *_ACCOUNT).join(User, User.id == ApiToken.user_id).where(is_live(now))
    found: dict[str, Standing] = {}
    for statement, column, ids in (
        (of_sessions, Session.id, {actor.session_id for actor in actors if actor.token_id is None}),
        (of_tokens, ApiToken.id, {actor.token_id for actor in actors if actor.token_id is not None}),
    ):
        for some in _batches(sorted(ids)):
            rows = await session.execute(statement.where(column.in_(some)))
            found.update((row[0], Standing(*row[1:])) for row in rows)
    return found


def credential_of(actor: Actor) -> str:
    """Return the id of the session or token that an actor comes by."""
    return actor.token_id or actor.session_id


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(ids), MAX_IDS):
        yield ids[begin : begin + MAX_IDS]
