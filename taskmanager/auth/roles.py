"""Roles of the instance and the one who is asking."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Role = Literal["guest", "user", "admin"]
ROLES: tuple[Role, ...] = ("guest", "user", "admin")

NEVER = datetime.min.replace(tzinfo=UTC)
"""When the actor of an API token signed in: nothing that asks for a recent sign-in is open to it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The account behind a request, as the database knew it at most a moment ago."""

    user_id: str
    username: str
    role: Role
    timezone: str
    session_id: str
    signed_in_at: datetime
    # Of requests with an API token: which one, and what it opens. They belong to no session and to no sign-in.
    token_id: str | None = None
    scopes: frozenset[str] | None = None

    @property
    def may_write(self) -> bool:
        """A guest reads what was shared and changes nothing but the own account."""
        return self.role != "guest"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
