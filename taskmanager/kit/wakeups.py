"""Telling the other processes to look: no more than that. What there is to see is in the database."""

from collections.abc import Callable
from typing import Protocol


class Wakeups(Protocol):
    """A bell that all processes hear. A call may be lost: whoever waits for one looks now and then anyway."""

    async def call(self) -> None:
        """Wake the others; never raises for an outage."""

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` for every call, until cancelled."""

    async def close(self) -> None:
        """Give connections back."""


class OneProcess:
    """The bell where nobody else is there."""

    async def call(self) -> None:
        return

    async def listen(self, heard: Callable[[], None]) -> None:  # noqa: ARG002 - of the protocol
        return

    async def close(self) -> None:
        return


def open_wakeups(redis_url: str) -> Wakeups:
    """Return the bell that the settings ask for."""
    if not redis_url:
        return OneProcess()
    from taskmanager.kit.redis_wakeups import RedisWakeups  # noqa: PLC0415 - a server without Redis needs no library for it

    return RedisWakeups(redis_url)
