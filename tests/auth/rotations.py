"""Signing keys as tests of rotation look at them: in the database, in a process, and moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select

from taskmanager.auth.master import load_master
from taskmanager.auth.models import SigningKey
from taskmanager.auth.ring import Follower
from taskmanager.auth.rotation import Rotation
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database


class Process:
    """What one process does about the keys, one step at a time."""

    def __init__(self, database: Database, settings: Settings, follower: Follower) -> None:
        self.database = database
        self.follower = follower
        self.rotation = Rotation(load_master(settings), settings)

    @property
    def active(self) -> str:
        """The key that this process signs with."""
        return self.follower.ring.active.kid

    def knows(self, kid: str) -> bool:
        return self.follower.ring.find(kid) is not None

    async def prepare(self) -> None:
        async with self.database.write() as session:
            await self.rotation.prepare(session)

    async def rotate(self, **options: Any) -> bool:
        async with self.database.write() as session:
            return await self.rotation.rotate(session, None, **options)

    async def keep(self) -> None:
        async with self.database.write() as session:
            await self.rotation._keep(session, {})

    async def try_again(self) -> None:
        async with self.database.write() as session:
            await self.rotation._try_again(session, {})

    async def keys(self) -> dict[str, list[SigningKey]]:
        """Return the keys of the database by state."""
        async with self.database.read() as session:
            rows = (await session.execute(select(SigningKey).order_by(SigningKey.created_at))).scalars().all()
        return {state: [row for row in rows if row.state == state] for state in ("next", "active", "verify-only")}

    async def kid(self, state: str) -> str:
        """Return the only key in a state."""
        (row,) = (await self.keys())[state]
        return row.kid


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[Process]:
    """Yield a process that has just started, and that follows the ring when it is told to."""
    database = open_database(settings)
    follower = Follower(database, load_master(settings))
    one = Process(database, settings, follower)
    try:
        await one.prepare()
        await follower.start()
        assert follower._task is not None
        follower._task.cancel()
        yield one
        await follower.stop()
    finally:
        await database.stop()


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Return as soon as a condition holds, which a task of the server brings about."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError
