"""Answers of the overview."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from taskmanager.auth.schemas import SessionOut
from taskmanager.kit.limits import Input, Output


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
    state: Literal["next", "active", "verify-only"]
    created_at: datetime
    asked_at: datetime | None
    activated_at: datetime | None
    retired_at: datetime | None
    age_days: int


class KeyList(Output):
    items: list[KeyOut]
    next_cursor: str | None


class KeyRotation(Input):
    emergency: Annotated[bool, Field(description="Drop all keys at once; every access token dies with them.")] = False


class Overview(Output):
    """How the installation is doing, and where to look further."""

    version: str
    uptime_seconds: int
    database: str
    cache: str
    cache_healthy: bool
    counts: Counts
    keys: list[KeyOut]
    failed_logins_24h: int
    links: dict[str, str]


class AdminSession(SessionOut):
    """A session and whose it is; ``current`` is the one of whoever asks."""

    user_id: str
    username: str


class AdminSessionList(Output):
    items: list[AdminSession]
    next_cursor: str | None
