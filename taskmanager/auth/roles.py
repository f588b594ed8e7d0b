"""Roles of the instance and the one who is asking."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["guest", "user", "admin"]
ROLES: tuple[Role, ...] = ("guest", "user", "admin")


@dataclass(frozen=True, slots=True)
class Actor:
    """The account behind a request, as the database knew it at most a moment ago."""

    user_id: str
    username: str
    role: Role
    timezone: str
    session_id: str
    signed_in_at: datetime

    @property
    def may_write(self) -> bool:
        """A guest reads what was shared and changes nothing but the own account."""
        return self.role != "guest"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
