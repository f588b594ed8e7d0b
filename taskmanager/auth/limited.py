"""How a route says that it is limited: ``dependencies=[limited(quotas.IMPORTS)]``, or a parameter of a type below.

What stands in ``dependencies`` is asked before all parameters, so before the write lock is taken.
"""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from taskmanager.auth.accounts import WrongPasswordError
from taskmanager.auth.attempts import guess
from taskmanager.auth.credentials import RefreshTokenInvalidError
from taskmanager.auth.deps import ActorDep
from taskmanager.auth.quotas import FORGED_REFRESHES, PASSWORD_CHECKS, enforce
from taskmanager.kit.http.client import client_address, network_of
from taskmanager.kit.throttle import Bucket, Limit


def limited(limit: Limit, *asking: str) -> Any:
    """Return the dependency that counts a request by the account that makes it.

    With ``asking`` only requests that name one of these query parameters are counted.
    """

    async def count_by_account(request: Request, actor: ActorDep) -> None:
        if not asking or any(name in request.query_params for name in asking):
            await enforce(request, Bucket(limit, actor.user_id), actor.user_id)

    return Depends(count_by_account)


def limited_by_address(limit: Limit) -> Any:
    """Return the dependency that counts a request by the address it comes from."""

    async def count_by_address(request: Request) -> None:
        await enforce(request, Bucket(limit, network_of(client_address(request.scope))))

    return Depends(count_by_address)


async def count_password_check(request: Request, actor: ActorDep) -> AsyncIterator[None]:
    """Count a use of the current password by the account that is signed in."""
    bucket = Bucket(PASSWORD_CHECKS, actor.user_id)
    await enforce(request, bucket, actor.user_id)
    async with guess(request, [bucket], WrongPasswordError):
        yield


async def count_forgery(request: Request) -> AsyncIterator[None]:
    """Count refresh tokens that this server never made, by address. A genuine one is never refused for them."""
    try:
        yield
    except RefreshTokenInvalidError:
        await enforce(request, Bucket(FORGED_REFRESHES, network_of(client_address(request.scope))))
        raise


# Declared before what they count. "function": they are done once the route has answered, before the client hears.
PasswordCheckDep = Annotated[None, Depends(count_password_check, scope="function")]
ForgeryDep = Annotated[None, Depends(count_forgery, scope="function")]
