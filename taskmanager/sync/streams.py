"""Who is listening in this process, and one look at the journal for all of them.

A stream costs nothing until something happens that concerns it. Once a second, and whenever somebody here or (by Redis)
in another process has written something, the newest entries are read once; streams whose projects or account they name
read their own pages, the others step over them. The same look ends streams whose session or API token has ended.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.auth.standing import Standing, credential_of, find_standings
from taskmanager.journal.feed import START, JournalFeed, Line, Position
from taskmanager.journal.models import ACCESS
from taskmanager.kit.db import Database
from taskmanager.kit.errors import AppError
from taskmanager.kit.wakeups import Wakeups
from taskmanager.sync.folding import PERSONAL
from taskmanager.sync.sequences import Sequence, mark_of

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.8
# Whatever is written within so short a time is looked at together.
GATHER_SECONDS = 0.02
LOOKED_THROUGH = 1000
READING_AT_ONCE = 4
"""Pages read at a time, so that a project with many listeners leaves connections to everybody else."""
MOST_OF_AN_ACCOUNT = 50

End = Literal["signed_out", "shutdown", "reset", "unavailable", "gone"]
"""Why a stream ends; whose client has gone is told nothing."""


class TooManyStreamsError(AppError):
    status = 429
    code = "too_many_streams"
    title = f"At most {MOST_OF_AN_ACCOUNT} streams of an account may be open in one process."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "30"})


@dataclass(eq=False, slots=True)
class Stream:
    """One listener: where it has come to, and what wakes it."""

    actor: Actor
    sequence: Sequence | None
    projects: frozenset[str] = frozenset()
    standing: Standing | None = None
    behind: bool = True
    resting: bool = False
    ended: End | None = None
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Let it read a page."""
        self.behind = True
        self.stirred.set()

    def end(self, reason: End) -> None:
        """Let it say why, and stop."""
        self.ended = self.ended or reason
        self.stirred.set()

    async def rest(self, seconds: float) -> None:
        """Wait until something happens, or for so long."""
        self.resting = not self.behind
        await _wait(self.stirred, seconds)
        self.resting = False
        self.stirred.clear()

    def hear(self, last: Line, projects: Collection[str], people: Collection[str]) -> None:
        """Take note of entries up to ``last``: step over them if none concerns it.

        While it reads, the projects that it sees may be changing, so it reads once more then.
        """
        concerned = self.actor.user_id in people or not self.projects.isdisjoint(projects)
        if concerned or not self.resting or self.sequence is None:
            self.wake()
        elif self.sequence.position < last.position:
            self.sequence = Sequence(last.position, mark_of(last), 0, self.sequence.account)


class Streams:
    """All streams of this process."""

    def __init__(self, database: Database, wakeups: Wakeups) -> None:
        self._database = database
        self._wakeups = wakeups
        self._streams: set[Stream] = set()
        self._head: Position | None = None
        self._stirred = asyncio.Event()
        self._written = False
        self._closed = self._stopping = False
        self._looking: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self.reading = asyncio.Semaphore(READING_AT_ONCE)

    def open(self, actor: Actor, sequence: Sequence | None) -> Stream:
        """Return a stream that hears of everything from now on; it must be given back to :meth:`close`."""
        if sum(stream.actor.user_id == actor.user_id for stream in self._streams) >= MOST_OF_AN_ACCOUNT:
            raise TooManyStreamsError
        stream = Stream(actor, sequence)
        if self._closed:
            stream.end("shutdown")
        self._streams.add(stream)
        self._stirred.set()
        return stream

    def close(self, stream: Stream) -> None:
        self._streams.discard(stream)

    def end_all(self) -> None:
        """Tell every client to come back: this process stops."""
        self._closed = True
        for stream in self._streams:
            stream.end("shutdown")

    # -- what wakes a look --

    async def written(self, _: object) -> None:
        """Look, and let the other processes look; called once a change is committed."""
        self._written = True
        self._stirred.set()

    async def doubted(self, _: object) -> None:
        """Look whether all streams may go on; called once a change of access is committed."""
        self._stirred.set()

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._loop())
        self._listening = asyncio.create_task(self._wakeups.listen(self._stirred.set))

    async def stop(self) -> None:
        self.end_all()
        self._stopping = True
        self._stirred.set()
        if self._looking is not None and self._listening is not None:
            await self._looking
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._wakeups.close()

    async def _loop(self) -> None:
        while not self._stopping:
            await _wait(self._stirred, LOOK_SECONDS if self._streams else None)
            self._stirred.clear()
            written, self._written = self._written, False
            try:
                await self._look()
            except (SQLAlchemyError, OSError):
                logger.warning("cannot look at the journal; streams wait", exc_info=True)
            if written:
                await self._wakeups.call()
            await asyncio.sleep(GATHER_SECONDS)

    # -- looking --

    async def _look(self) -> None:
        if not self._streams:
            self._head = None
            return
        async with self._database.read(snapshot=True) as session:
            await self._look_at_standings(session)
            await self._look_at_journal(session)

    async def _look_at_standings(self, session: AsyncSession) -> None:
        streams = list(self._streams)
        standings = await find_standings(session, [stream.actor for stream in streams])
        for stream in streams:
            standing = standings.get(credential_of(stream.actor))
            if standing is None:
                stream.end("signed_out")
            elif standing != stream.standing:
                stream.actor, stream.standing = standing.of(stream.actor), standing
                stream.wake()

    async def _look_at_journal(self, session: AsyncSession) -> None:
        feed = JournalFeed(session)
        lines = [] if self._head is None else await feed.since(self._head, LOOKED_THROUGH)
        if self._head is None or len(lines) == LOOKED_THROUGH:
            # Nobody looked so far, or too much has happened: everybody reads for themselves.
            last = await feed.last()
            self._head = START if last is None else last.position
            for stream in self._streams:
                stream.wake()
            return
        lines = [line for line in lines if line.position > self._head]
        if not lines:
            return
        projects = {project for line in lines for project in (line.project_before, line.project_after) if project}
        people = {line.entity_id for line in lines if line.kind == ACCESS}
        people |= {line.actor_id for line in lines if line.kind in PERSONAL}
        for stream in self._streams:
            stream.hear(lines[-1], projects, people)
        self._head = lines[-1].position


async def _wait(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for an event, or for so long. Python 3.11's ``wait_for`` may swallow a cancellation that comes with it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
