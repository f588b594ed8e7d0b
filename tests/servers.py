"""The real server in a process of its own, for tests that kill, stop or crowd it."""

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.factories import PASSWORD
from tests.fork_server import ForkServer
from tests.services import free_port
from tests.services.process import Process, running, until_ended

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "taskmanager"]
ADMIN = "chief"
"""The first administrator of every such server; the password is :data:`tests.factories.PASSWORD`."""


@dataclass(frozen=True)
class AppServer:
    """A running server; ``ready_seconds`` is how long it took from its start to a 200 of ``/health/ready``."""

    port: int
    process: Process
    log: Path
    ready_seconds: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """Return everything that servers with this data folder have logged so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def app_server(data: Path, *, port: int | None = None, forked: bool = True, **settings: str) -> Iterator[AppServer]:
    """Serve on ``data`` until the block ends; begin again with the same folder to restart.

    ``settings`` are those of the product, in small letters: ``redis_url="redis://..."``. Limits are off unless asked
    for. Its log goes to a file beside the data folder. Ending the block sends SIGTERM; a test may have ended the
    process before. A test about starting wants it not ``forked``, but as an administrator starts it.
    """
    port = port or free_port()
    begun = time.monotonic()
    with _serving(data, port, lambda: is_ready(port), settings, forked=forked) as (process, log):
        yield AppServer(port, process, log, time.monotonic() - begun)


@contextlib.contextmanager
def starting_server(data: Path, *, port: int, **settings: str) -> Iterator[Process]:
    """As :func:`app_server`, but the block begins at once, with a process that is not ready yet."""
    with _serving(data, port, lambda: True, settings, forked=True) as (process, _):
        yield process


@contextlib.contextmanager
def _serving(
    data: Path, port: int, ready: Callable[[], bool], settings: dict[str, str], *, forked: bool
) -> Iterator[tuple[Process, Path]]:
    ours = {"admin_username": ADMIN, "admin_password": PASSWORD, "rate_limits": "off", "drain_seconds": "0"}
    environment = environment_of(data, **{**ours, **settings})
    words = ["serve", "--port", str(port)]
    log = data.with_name(f"{data.name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with running_taskmanager(words, lambda _: ready(), log=log, environment=environment, forked=forked) as process:
        yield process, log


@contextlib.contextmanager
def running_taskmanager(
    words: list[str],
    ready: Callable[[Process], bool],
    *,
    log: Path,
    environment: Mapping[str, str],
    forked: bool = True,
) -> Iterator[Process]:
    """Run a command of the program until the block ends, as :func:`tests.services.process.running` does."""
    if not forked or sys.platform != "linux":
        with running([*PROGRAM, *words], ready, log=log, environment=environment) as process:
            yield process
        return
    with log.open("ab") as output:
        child = ForkServer.of_this_run().start(words, log.parent, {**os.environ, **environment}, output)
    with until_ended(child, ready, log=log):
        yield child


def environment_of(data: Path, **settings: str) -> dict[str, str]:
    """Return the variables of a program that works on ``data``."""
    # Settings of the one who runs the tests must not reach it.
    environment = {name: "" for name in os.environ if name.startswith("TASKMANAGER_")}
    environment |= {f"TASKMANAGER_{name.upper()}": value for name, value in {"data_dir": str(data), **settings}.items()}
    return environment | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def taskmanager(data: Path, *words: str, **settings: str) -> str:
    """Run one command on ``data``, as an administrator types it, and return what it prints."""
    environment = {**os.environ, **environment_of(data, **settings)}
    return subprocess.run([*PROGRAM, *words], env=environment, check=True, capture_output=True, text=True).stdout


def is_ready(port: int) -> bool:
    """Tell whether the server on this port serves."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
