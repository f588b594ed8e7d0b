"""Several server processes on one socket: started, watched, replaced when they fall, and ended together.

Each of them holds the end of a leash, a pair of connected sockets. Over it the child says that it is ready, and then
every second that it still turns; when the other end is gone, so is the parent, and the child ends too. Nothing here
knows what the children do, and no process among them is special.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
# A loop that stood still for so long will not turn again, and holds connections that others could serve.
SILENCE_SECONDS = 60.0
STEADY_SECONDS = 30.0
"""Whoever lived so long is replaced at once; whoever falls sooner, and again, is waited with."""
LONGEST_PAUSE_SECONDS = 30.0

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class NoneStartedError(Exception):
    """Not one process became ready; their own log lines tell why."""


class Leash:
    """The child's end: tells the parent that this process lives, and this process that the parent does."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)

    async def hold(self, parent_gone: Callable[[], None]) -> None:
        """Beat until cancelled, or until the parent is gone and ``parent_gone`` has been called."""
        reader, writer = await asyncio.open_connection(sock=self._socket)
        beating = asyncio.create_task(_beat(writer))
        try:
            with contextlib.suppress(OSError):
                await reader.read(1)
            parent_gone()
        finally:
            beating.cancel()
            writer.close()


async def _beat(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(BEAT_SECONDS)


class Supervisor:
    """Keeps ``count`` processes running until told to stop."""

    def __init__(self, command: Callable[[int], Sequence[str]], count: int, handed_on: Sequence[int]) -> None:
        """Start ``command``, which is given the number of the leash's descriptor; ``handed_on`` are others it needs."""
        self._command = command
        self._count = count
        self._handed_on = tuple(handed_on)
        self._running: set[Process] = set()
        self._told: signal.Signals | None = None
        self._stopping = asyncio.Event()
        self._anyone_was_ready = False

    async def run(self, seconds_to_stop: float) -> signal.Signals:
        """Return the signal that ended it all, once every process has ended; after ``seconds_to_stop`` they are killed.

        Raises NoneStartedError if no process ever became ready.
        """
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._tell, number)
        places = [asyncio.create_task(self._keep(place)) for place in range(self._count)]
        await self._stopping.wait()
        _, late = await asyncio.wait(places, timeout=seconds_to_stop)
        if late:
            logger.error("%d processes did not end in time and are killed", len(self._running))
            for process in self._running:
                process.kill()
        await asyncio.gather(*places)
        if self._told is None:
            raise NoneStartedError
        return self._told

    def _tell(self, number: signal.Signals) -> None:
        """Hand a signal on. The first one ends everything, what another one means is for the children to say."""
        self._told = self._told or number
        self._stopping.set()
        for process in self._running:
            _send(process, number)

    async def _keep(self, place: int) -> None:
        """Keep one process running, with longer pauses the oftener it falls."""
        falls = 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            status = await self._run_one()
            if self._stopping.is_set():
                return
            if not self._anyone_was_ready:
                logger.error("process %d ended with status %d before any was ready", place + 1, status)
                self._stopping.set()
                for process in self._running:
                    _send(process, signal.SIGTERM)
                return
            falls = 0 if time.monotonic() - begun > STEADY_SECONDS else falls + 1
            pause = min(0.1 * 4**falls, LONGEST_PAUSE_SECONDS) if falls > 1 else 0.0
            logger.error("process %d ended with status %d; another one takes its place", place + 1, status)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()

    async def _run_one(self) -> int:
        """Run one process to its end and return its status."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._command(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(*self._handed_on, theirs.fileno()),
            )
        self._running.add(process)
        if self._told is not None:  # while it was being started
            _send(process, self._told)
        reader, writer = await asyncio.open_connection(sock=ours)
        watching = asyncio.create_task(self._watch(process, reader))
        try:
            return await process.wait()
        finally:
            self._running.discard(process)
            watching.cancel()
            writer.close()

    async def _watch(self, process: Process, reader: asyncio.StreamReader) -> None:
        """Kill a process that says nothing any more; what it takes to start is left to it."""
        with contextlib.suppress(OSError):
            beat = await reader.read(64)
            while beat:
                self._anyone_was_ready = True
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        beat = await reader.read(64)
                except TimeoutError:
                    logger.error("process %d has not moved for %d s and is killed", process.pid, SILENCE_SECONDS)  # noqa: TRY400 - an event, not a fault of ours
                    process.kill()
                    return


def _send(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
