"""Breaking a real server on purpose. What was acknowledged must be there; what is unknown may be; nothing else may.

Every test here has a short form, which is part of the suite, and a long one: `TASKMANAGER_TEST_LONG=1`.
"""

import os

LONG = bool(os.environ.get("TASKMANAGER_TEST_LONG"))


def amount(short: int, long: int) -> int:
    """Return how much to do in the form that runs."""
    return long if LONG else short
