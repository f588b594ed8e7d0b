"""Work that must not stop half-way when whoever waits for it is cancelled: at the end of a request's or server's time.

Cancelling a statement leaves a driver in the middle of its protocol (asyncpg then hangs in one of three tries) and
makes SQLAlchemy throw the connection away, with everybody who shares its transaction.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

Result = TypeVar("Result")


async def to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Await ``work`` until it has ended, however often the waiting task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from (None if task.cancelled() else task.exception())
    return task.result()


async def undisturbed(work: Coroutine[Any, Any, Result]) -> Result:
    """Await ``work`` and put a cancellation of the waiting task off to the next point at which it waits.

    For what a library awaits that would break by the cancellation.
    """
    task = asyncio.ensure_future(work)
    waiting = asyncio.current_task()
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            cancelled = True
            if waiting is not None:
                waiting.uncancel()
    if cancelled and waiting is not None:
        waiting.cancel()
    return task.result()


async def let_cancellation_in() -> None:
    """Raise the cancellation that :func:`undisturbed` has put off, if there is one."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        await asyncio.sleep(0)


def _shielded(method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(method)
    async def run(*arguments: Any, **options: Any) -> Any:
        return await to_the_end(method(*arguments, **options))

    return run


class WriteSession(AsyncSession):
    """A session whose statements are waited for until they end; a cancellation takes effect between them."""


for _name, _method in inspect.getmembers(AsyncSession, inspect.iscoroutinefunction):
    if not _name.startswith("_"):
        setattr(WriteSession, _name, _shielded(_method))
