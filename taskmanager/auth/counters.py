"""What this room counts, by outcome: no name, no id, nothing that a client chose."""

from taskmanager.auth.revocations import AccessChanged
from taskmanager.kit.metrics import Metrics

LOGINS = ("success", "refused", "throttled")
REFRESHES = ("rotated", "recovered", "concurrent", "reused", "invalid", "ended", "ahead")
"""Rows 1 to 7 of the decision table."""
REVOCATIONS = ("session", "account")


class Counters:
    """Sign-ins, refreshes and revocations since the start of the process."""

    def __init__(self, metrics: Metrics) -> None:
        self.logins = metrics.tally("logins", "Sign-ins by outcome.", "outcome", LOGINS)
        self.refreshes = metrics.tally("refreshes", "Refresh tokens shown, by outcome.", "outcome", REFRESHES)
        words = "Changes of access that every process was told of: of one session, or of an account."
        self._revocations = metrics.tally("revocations", words, "of", REVOCATIONS)

    def totals(self) -> dict[str, int]:
        """Return sign-ins and refreshes since the start, by kind and outcome."""
        logins = {f"login_{outcome}": n for outcome, n in self.logins.totals().items()}
        return logins | {f"refresh_{outcome}": n for outcome, n in self.refreshes.totals().items()}

    async def revoked(self, change: AccessChanged) -> None:
        """Count a change of access, once it is committed."""
        self._revocations.add("session" if change.user_id is None else "account")
