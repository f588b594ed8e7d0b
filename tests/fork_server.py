"""Servers forked from a process that has imported the program already: most of what a start costs is importing.

Tests that are not about starting begin their servers so, on Linux. The process they are forked from has loaded the
program and done nothing else: it has no thread, no connection and no file of a test. `python -m tests.fork_server FD`
is that process.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, Self

from tests.services.process import dies_with_its_parent

ROOT = Path(__file__).resolve().parent.parent
NUMBER_BYTES = 4
MOST_BYTES = 100_000
"""Of one order: words, folder and environment."""


class ForkedProcess:
    """A process that was forked, with what tests use of `subprocess.Popen`."""

    def __init__(self, args: Sequence[str], pid: int, news: socket.socket) -> None:
        self.args = args
        self.pid = pid
        self.returncode: int | None = None
        self._news = news

    def poll(self) -> int | None:
        """Return the status of a process that has ended; minus the signal that ended it."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the status once the process has ended; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            self._news.settimeout(timeout)
            try:
                told = self._news.recv(NUMBER_BYTES)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(list(self.args), timeout or 0) from None
            # Nobody is left to tell: then the process was killed with its parent.
            self.returncode = int.from_bytes(told, "big", signed=True) if told else -signal.SIGKILL
            self._news.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL, unless the process has ended."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process to fork from; it ends with this one."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the tests, which end their servers in order
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                preexec_fn=dies_with_its_parent(),  # noqa: PLW1509 - one thread starts all the servers
            )
        atexit.register(self._end)

    def _end(self) -> None:
        self._orders.close()
        self._process.wait()

    @classmethod
    @cache
    def of_this_run(cls) -> Self:
        """Return the one of this process, started when it is first wanted."""
        return cls()

    def start(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], output: BinaryIO
    ) -> ForkedProcess:
        """Run `taskmanager` with these words, in a session and folder of its own, with nothing but this environment.

        Both outputs go to the file `output`.
        """
        news, theirs = socket.socketpair()
        order = {"words": list(words), "folder": str(folder), "environment": dict(environment)}
        with theirs:
            fds = [output.fileno(), theirs.fileno()]
            socket.send_fds(self._orders, [json.dumps(order).encode()], fds)
        return ForkedProcess(["taskmanager", *words], int.from_bytes(news.recv(NUMBER_BYTES), "big"), news)


def serve_orders(orders: socket.socket) -> None:
    """Fork a process for each order; return in that process, when it has become what was ordered."""
    # Nobody asks for the status of those who watch.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, fds, _, _ = socket.recv_fds(orders, MOST_BYTES, 2)
        if not order:  # nobody is left who could give any
            sys.exit(0)
        output, news = fds
        if _fork() == 0:
            orders.close()
            _watch(output, socket.socket(fileno=news))
            _become(**json.loads(order))
            return
        os.close(output)
        os.close(news)


def _fork() -> int:
    """Fork; the child dies with its parent."""
    arrange = dies_with_its_parent()
    pid = os.fork()
    if pid == 0:
        arrange()
    return pid


def _watch(output: int, news: socket.socket) -> None:
    """Fork once more, tell of the child's beginning and end, and end; return in the child."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = _fork()
    if pid:
        os.close(output)
        news.send(pid.to_bytes(NUMBER_BYTES, "big"))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        news.send(status.to_bytes(NUMBER_BYTES, "big", signed=True))
        os._exit(0)
    news.close()
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.close(output)


def _become(words: list[str], folder: str, environment: dict[str, str]) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    # `arrange` left the system's own action, which asks no Python.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["taskmanager", *words]


def _main() -> None:
    # What the program itself imports when it is first wanted, most servers of tests want.
    import alembic.command  # noqa: F401

    from taskmanager.__main__ import main
    from taskmanager.auth.guessable import common_words

    common_words()
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        serve_orders(orders)
    sys.exit(main())


if __name__ == "__main__":
    _main()
