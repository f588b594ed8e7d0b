"""Child processes that cannot outlive the run: own process group, death signal, own log file, no inherited pipes."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

SECONDS_TO_START = 60
SECONDS_TO_STOP = 10
PR_SET_PDEATHSIG = 1

_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class ServiceError(RuntimeError):
    """A service that tests need is missing or does not start; the message says what to do."""


class Process(Protocol):
    """What tests need of a child: that of `subprocess.Popen`, which is one."""

    args: Any
    pid: int
    returncode: int | Any

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


@dataclass(frozen=True)
class Server:
    """A running server of our own, to be stopped, killed or restarted by a test."""

    url: str
    port: int
    process: subprocess.Popen[bytes]


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to read its status does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self").exists()


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder that other users may enter, and throw away those of runs that were killed."""
    name = "taskmanager-test-"
    for left in Path(tempfile.gettempdir()).glob(f"{name}*"):
        run = left.name.removeprefix(name).split("-")[0]
        if run.isdecimal() and not alive(int(run)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}{os.getpid()}-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def dies_with_its_parent() -> Callable[[], None]:
    """Return a `preexec_fn`: Linux kills the child when its parent ends, however that ended."""
    parent = os.getpid()

    def arrange() -> None:
        # A run in the background may ignore Ctrl-C, and its children with it; a test may want to send it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if _prctl is not None:
            _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return arrange


@contextlib.contextmanager
def running(
    command: list[str],
    ready: Callable[[Process], bool],
    *,
    log: Path,
    user: int | None = None,
    stop: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; the block begins once `ready` holds.

    `environment` is put over the run's own. `stop` ends it (after ten seconds SIGKILL does). Raises ServiceError with
    the end of its log if it does not start.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            start_new_session=True,
            cwd=log.parent,
            env={**os.environ, **environment} if environment else None,
            # Nothing else reaches a child whose parent was killed, and one thread starts all the servers.
            preexec_fn=dies_with_its_parent(),  # noqa: PLW1509
        )
    with until_ended(process, ready, log=log, stop=stop):
        yield process


@contextlib.contextmanager
def until_ended(
    process: Process, ready: Callable[[Process], bool], *, log: Path, stop: signal.Signals = signal.SIGTERM
) -> Iterator[None]:
    """Begin the block once a process that was started is ready, and end the process with it, as :func:`running`."""
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not ready(process):
            if process.poll() is not None or time.monotonic() > deadline:
                end = log.read_text(errors="replace")[-2000:]
                message = f"{process.args[0]} did not start (status {process.returncode}):\n{end}"
                raise ServiceError(message)
            time.sleep(0.02)
        yield
    finally:
        _end(process, stop)


def _end(process: Process, stop: signal.Signals) -> None:
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        # A test may have stopped it (SIGSTOP); only a running process reads the signal.
        os.killpg(process.pid, signal.SIGCONT)
        process.send_signal(stop)
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
