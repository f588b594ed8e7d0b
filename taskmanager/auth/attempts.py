"""Tries to sign in: slower and slower for whoever guesses, never shut for the owner by somebody else.

A try is counted before anything is looked up or hashed, so a thousand at once are a thousand, and it is taken back when
the password was right. Four buckets count it: the account at this address, the address, all sign-ins, and the account.
The last two are where strangers could shut an owner out; addresses that have signed in to the account lately pass them.
Names count as they are typed, whether or not there is such an account, so the answers tell nothing of that.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from taskmanager.auth import audit
from taskmanager.auth.audit import Event
from taskmanager.auth.quotas import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS, SIGN_IN_ALL, SIGN_IN_PAIR
from taskmanager.auth.repository import AccountRepository
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.errors import AppError
from taskmanager.kit.http.client import client_address, network_of
from taskmanager.kit.http.throttled import TooManyRequestsError, note
from taskmanager.kit.settings import PREFIX
from taskmanager.kit.throttle import Bucket, Throttle, Verdict

logger = logging.getLogger(__name__)

KNOWN_FOR = timedelta(days=30)
_SHUT_BY_STRANGERS = (SIGN_IN_ALL, SIGN_IN_ACCOUNT)


class TooManyAttemptsError(TooManyRequestsError):
    code = "too_many_attempts"
    title = "Too many tries to sign in. Wait a moment."


async def admit(request: Request, name: str) -> list[Bucket]:
    """Count a try to sign in as ``name``; raises 429. Return the buckets that count it, that of the pair first."""
    throttle: Throttle = request.app.state.throttle
    name, network = name.lower(), network_of(client_address(request.scope))
    buckets = [
        Bucket(SIGN_IN_PAIR, f"{name}\n{network}"),
        Bucket(SIGN_IN_ADDRESS, network),
        Bucket(SIGN_IN_ALL),
        Bucket(SIGN_IN_ACCOUNT, name),
    ]
    verdicts = await throttle.take(*buckets)
    taken = [bucket for bucket, verdict in zip(buckets, verdicts, strict=False) if not verdict.wait]
    refusal = verdicts[-1] if len(taken) < len(verdicts) else None
    if refusal is not None and not (refusal.limit in _SHUT_BY_STRANGERS and await _is_known(request, name, network)):
        request.app.state.counters.logins.add("throttled")
        await _tell(request, name, refusal)
        note(request.scope, [refusal])
        raise TooManyAttemptsError(refusal)
    return taken


@asynccontextmanager
async def guess(request: Request, taken: list[Bucket], wrong: type[AppError]) -> AsyncIterator[None]:
    """Wait for what comes of a guess that was counted in ``taken``.

    A wrong one stays counted. A right one empties the first bucket and is taken back from the others; where nothing
    was decided, as when the server was too busy, it is taken back from all.
    """
    throttle: Throttle = request.app.state.throttle
    try:
        yield
    except wrong:
        raise
    except (AppError, SQLAlchemyError):
        await throttle.give_back(*taken)
        raise
    await throttle.empty(*taken[:1])
    await throttle.give_back(*taken[1:])


async def _is_known(request: Request, name: str, network: str) -> bool:
    """Tell whether someone signed in to the account from this network of late."""
    database: Database = request.app.state.database
    async with database.read() as session:
        addresses = await AccountRepository(session).addresses_of(name, clock.now() - KNOWN_FOR)
    return network in {network_of(address) for address in addresses}


async def _tell(request: Request, name: str, refusal: Verdict) -> None:
    if not refusal.news:
        return
    if "x-forwarded-for" in request.headers and not request.app.state.trusted_networks:
        logger.warning("all clients of a proxy count as one address; name the proxy in %sTRUSTED_PROXIES", PREFIX)
    database: Database = request.app.state.database
    async with database.write() as session:
        user = await AccountRepository(session).find_by_login(name)
        await audit.record(
            session,
            Event.LOGIN_THROTTLED,
            outcome="failure",
            subject_id=user.id if user is not None else None,
            limit=refusal.limit.name,
        )
