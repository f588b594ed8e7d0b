"""Answers of the overview."""

from datetime import datetime

from taskmanager.auth.schemas import SessionOut
from taskmanager.kit.limits import Output


class Counts(Output):
    users: int
    active_users: int
    live_sessions: int
    projects: int
    tasks: int


class KeyOut(Output):
    """A signing key of access tokens; never the key itself."""

    kid: str
    algorithm: str
    state: str
    created_at: datetime
    age_days: int


class Overview(Output):
    """How the installation is doing, and where to look further."""

    version: str
    uptime_seconds: int
    database: str
    cache: str
    cache_healthy: bool
    counts: Counts
    keys: list[KeyOut]
    links: dict[str, str]


class AdminSession(SessionOut):
    """A session and whose it is; ``current`` is the one of whoever asks."""

    user_id: str
    username: str


class AdminSessionList(Output):
    items: list[AdminSession]
    next_cursor: str | None
