"""Facts: how a lower room tells that something happened without knowing who listens.

*Inside* handlers run at once, in the same transaction, and may write rows. *After* handlers run once the commit has
succeeded; a rollback throws the facts away.
"""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

logger = logging.getLogger(__name__)

Fact = TypeVar("Fact")
Inside = Callable[[AsyncSession, Fact], Awaitable[None]]
After = Callable[[Fact], Awaitable[None]]


class EventBus:
    """Who listens to which fact; wired once in ``main.py``."""

    def __init__(self) -> None:
        self._inside: dict[type[Any], list[Inside[Any]]] = defaultdict(list)
        self._after: dict[type[Any], list[After[Any]]] = defaultdict(list)

    def inside(self, kind: type[Fact], handler: Inside[Fact]) -> None:
        """Run ``handler`` in the transaction that records a fact of ``kind``."""
        self._inside[kind].append(handler)

    def after(self, kind: type[Fact], handler: After[Fact]) -> None:
        """Run ``handler`` after the commit of a transaction that recorded a fact of ``kind``."""
        self._after[kind].append(handler)

    def begin(self, session: AsyncSession) -> "Facts":
        """Give ``session`` an empty list of facts."""
        facts = Facts(self)
        session.info["facts"] = facts
        return facts

    async def run_inside(self, session: AsyncSession, fact: object) -> None:
        for handler in self._inside[type(fact)]:
            await handler(session, fact)

    async def run_after(self, fact: object) -> None:
        for handler in self._after[type(fact)]:
            try:
                await handler(fact)
            except Exception:
                # The write is done and must be answered as done; caches heal by themselves.
                logger.exception("a handler of %s failed", type(fact).__name__)


class Facts:
    """What one transaction has recorded so far."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._recorded: list[object] = []

    async def record(self, session: AsyncSession, fact: object) -> None:
        self._recorded.append(fact)
        await self._bus.run_inside(session, fact)

    def mark(self) -> int:
        """Return a point to which :meth:`rewind` can go back."""
        return len(self._recorded)

    def rewind(self, mark: int) -> None:
        """Throw away what was recorded since."""
        del self._recorded[mark:]

    async def deliver(self) -> None:
        for fact in self._recorded:
            await self._bus.run_after(fact)


async def record(session: AsyncSession, fact: object) -> None:
    """Record that something happened in the transaction of ``session``."""
    facts: Facts = session.info["facts"]
    await facts.record(session, fact)
