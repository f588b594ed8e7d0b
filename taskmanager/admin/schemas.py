"""Answers of the overview."""

from taskmanager.kit.limits import Output


class Counts(Output):
    users: int
    active_users: int
    live_sessions: int
    projects: int
    tasks: int


class Overview(Output):
    """How the installation is doing, and where to look further."""

    version: str
    uptime_seconds: int
    database: str
    cache: str
    cache_healthy: bool
    counts: Counts
    links: dict[str, str]
