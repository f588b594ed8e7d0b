"""The measured servers as processes pinned to one core; whatever else they need runs on the other, with the load."""

import contextlib
import os
import platform
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.servers import ROOT, AppServer, app_server
from tests.services import free_port
from tests.services.process import running

_TICKS = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int, int]:
    """Return the server's core and the load's core: the first and the last that this run may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def pin(pid: int, core: int) -> None:
    """Keep a process with all its threads on one core; threads begun later inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used so far, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def only_child(pid: int) -> int:
    """Return the process that a parent of one has started; waits until it is there."""
    for _ in range(500):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    message = f"process {pid} started none"
    raise RuntimeError(message)


def memory_mib(pid: int) -> float:
    """Return the memory of a process in MiB; what it shares counts by its share (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(kib / 1024, 1)


@contextlib.contextmanager
def taskmanager(data: Path, **settings: Any) -> Iterator[AppServer]:
    """Yield the real server, started as a user starts it."""
    settings["access_token_minutes"] = "60"  # noqa: S105 - a time
    with app_server(data, **settings) as server:
        pin(server.process.pid, cores()[0])
        yield server


@contextlib.contextmanager
def baseline(kind: str, argument: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Yield port and process id of a baseline server."""
    port = free_port()
    command = [sys.executable, "-m", "bench.baselines", kind, str(port), argument]
    log, environment = folder / f"{kind}.log", {"PYTHONPATH": str(ROOT)}
    with running(command, lambda _: listens(port), log=log, environment=environment) as process:
        pin(process.pid, cores()[0])
        yield port, process.pid


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def hashing_rate(seconds: float) -> float:
    """Return argon2id checks a second of one thread on the server's core."""
    command = [sys.executable, "-m", "bench.baselines", "hash", str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        pin(process.pid, cores()[0])
        said, _ = process.communicate()
    return float(said)


def machine() -> dict[str, str | int | float]:
    """Return what the figures depend on."""
    model = "unknown"
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    return {
        "processor": model,
        "cores": os.cpu_count() or 1,
        "system": platform.system(),
        "python": platform.python_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
    }
