"""What the server shall reach, as ratios against a baseline measured in the same run."""

from collections.abc import Mapping

Goal = Mapping[int, float]
"""By number of connections."""


def goals(*, redis: bool) -> dict[str, Goal]:
    """Return the goals; the list's depend on whether every request asks Redis."""
    cached = {4: 0.85, 32: 1.0} if redis else {4: 1.4, 32: 1.4}
    both = {4: 1.0, 32: 1.0}
    return {
        "list": cached,
        "one": both,
        "create": {4: 0.7, 32: 0.7},
        "update": {4: 0.6, 32: 0.6},
        "refresh": {4: 0.6, 32: 0.6},
        "login": {4: 0.9, 32: 0.9},
    }
