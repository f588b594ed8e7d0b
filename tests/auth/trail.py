"""The audit trail as its tests write, seal, spoil and verify it, without a server that would seal meanwhile."""

import asyncio
import time
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.audit_chain import Point, Seals, Verdict, verify
from taskmanager.auth.audit_sealing import Sealer
from taskmanager.auth.master import load_master
from taskmanager.auth.models import AuditEvent
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus
from taskmanager.kit.settings import Settings

Event = audit.Event
SECONDS = 30


class Trail:
    """One node's access to the trail of an installation."""

    def __init__(self, settings: Settings) -> None:
        self.database = Database(settings, EventBus())
        self.seals = Seals(load_master(settings))
        self.sealer = Sealer(self.database, self.seals)

    async def write(self, count: int = 1, event: audit.Event = Event.LOGIN) -> None:
        for number in range(count):
            async with self.database.write() as session:
                await audit.record(session, event, number=number)

    async def seal(self, sealer: Sealer | None = None) -> int:
        """Seal everything; return how many records. Transactions of other tests, in the same cluster, may delay it."""
        end, sealed = time.monotonic() + SECONDS, 0
        while True:
            sealed += await (sealer or self.sealer).seal()
            if not (await self.verify()).unsealed:
                return sealed
            assert time.monotonic() < end, "nothing is sealed any more"
            await asyncio.sleep(0.02)

    async def verify(self) -> Verdict:
        async with self.database.read(snapshot=True) as session:
            return await verify(session, self.seals)

    async def broken(self) -> tuple[int, str] | None:
        """Return where the trail is broken, and how."""
        found = (await self.verify()).broken
        return None if found is None else (found.position, found.kind)

    async def run(self, *statements: str, **values: Any) -> None:
        """Do what somebody can do who writes to the database but does not have the key."""
        async with self.database.write() as session:
            for statement in statements:
                await session.execute(text(statement), values if ":" in statement else {})

    async def renumber(self, condition: str, position: str) -> None:
        """Give records other positions, in two steps: each is unique at any time."""
        await self.run(
            f"UPDATE audit_events SET position = -({position}) WHERE {condition}",  # noqa: S608 - a test's own words
            "UPDATE audit_events SET position = -position WHERE position < 0",
        )

    async def records(self) -> list[AuditEvent]:
        """Return all records by position, those not sealed at the end."""
        async with self.database.read() as session:
            return await all_records(session)

    async def head(self) -> Point:
        return (await self.verify()).end

    async def count(self) -> int:
        async with self.database.read() as session:
            return (await session.execute(select(func.count()).select_from(AuditEvent))).scalar_one()


async def all_records(session: AsyncSession) -> list[AuditEvent]:
    order = (AuditEvent.position.is_(None), AuditEvent.position, AuditEvent.id)
    return list((await session.execute(select(AuditEvent).order_by(*order))).scalars())
