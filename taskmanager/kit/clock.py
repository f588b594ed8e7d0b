"""The one place that asks what time it is."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant as an aware UTC datetime with microseconds."""
    return datetime.now(UTC)


def timestamp() -> float:
    """Return the current instant as seconds since 1970."""
    return time.time()
