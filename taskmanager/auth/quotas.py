"""Every limit with its reason, and how one is enforced. The page for users is docs/limits.md."""

from starlette.requests import Request
from starlette.types import Scope

from taskmanager.auth import audit
from taskmanager.auth.audit import Event
from taskmanager.kit.db import Database
from taskmanager.kit.http.throttled import TooManyRequestsError, note, note_if_low
from taskmanager.kit.throttle import Bucket, Limit, Throttle

_MINUTE, _QUARTER = 60, 900

# Guessing a password. The first tries are free, for owners mistype; then each wrong one doubles the wait, from 4 s to a
# quarter of an hour, and what leaks out bounds the rate of a patient guesser: 96 a day on a pair or an account.
SIGN_IN_PAIR = Limit("sign-in-pair", 5, leak=_QUARTER, first_wait=4, longest_wait=_QUARTER)
# One address may be an office: the mistakes of 30 people at nine o'clock, and one every five minutes all day.
SIGN_IN_ADDRESS = Limit("sign-in-address", 30, leak=300, first_wait=4, longest_wait=_QUARTER)
# Many addresses at one account. Those that have signed in to it are exempt, so it may be strict with the others.
SIGN_IN_ACCOUNT = Limit("sign-in-account", 20, leak=_QUARTER, first_wait=4, longest_wait=_QUARTER)
# Many addresses at many accounts: a thousand wrong passwords within five minutes are no morning of forgetful people.
SIGN_IN_ALL = Limit("sign-in-all", 1000, leak=0.3)
# The current password, asked for again: whoever found an open session must not guess it.
PASSWORD_CHECKS = Limit("password", 5, leak=_QUARTER, first_wait=4, longest_wait=_QUARTER)

# Tokens of links have 128 random bits and refresh tokens a MAC; what is limited here is noise. A class of 60 registers.
ENTRANCE = Limit("entrance", 60, leak=15)
FORGED_REFRESHES = Limit("forged-refreshes", 60, leak=10)

# Work that takes long for one request.
IMPORTS = Limit("import", 30, leak=20)
EXPORTS = Limit("export", 30, leak=20)
SEARCHES = Limit("search", 300, leak=0.2)

# Everything, per process: far above what a person or a synchronising program does, below what starves the others.
ACCOUNT = Limit("account", 30_000, leak=_MINUTE / 30_000)
ADDRESS = Limit("address", 60_000, leak=_MINUTE / 60_000)


def count(scope: Scope, user_id: str) -> None:
    """Count a request of an account; raises 429 beyond the general limit."""
    throttle: Throttle = scope["app"].state.throttle
    verdict = throttle.take_here(Bucket(ACCOUNT, user_id))
    if verdict is not None:
        note_if_low(scope, verdict)
        if verdict.wait:
            raise TooManyRequestsError(verdict)


async def enforce(request: Request, bucket: Bucket, subject_id: str | None = None) -> None:
    """Take from a bucket that all processes share; raises 429 when it is full, and tells the audit trail once."""
    throttle: Throttle = request.app.state.throttle
    verdicts = await throttle.take(bucket)
    note(request.scope, verdicts)
    if not verdicts or not verdicts[0].wait:
        return
    if verdicts[0].news:
        database: Database = request.app.state.database
        async with database.write() as session:
            name = bucket.limit.name
            await audit.record(session, Event.RATE_LIMITED, outcome="failure", subject_id=subject_id, limit=name)
    raise TooManyRequestsError(verdicts[0])
