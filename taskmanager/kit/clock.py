"""The one place that asks what time it is."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant as an aware UTC datetime with microseconds."""
    return datetime.now(UTC)
