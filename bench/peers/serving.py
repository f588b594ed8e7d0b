"""Starts peers: an environment of their own from their lock, their database, and one worker pinned to the core."""

import contextlib
import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import processes
from tests.servers import ROOT
from tests.services import free_port
from tests.services.process import running

LOCK = ROOT / "requirements-peers.txt"
# Requests of a core that wait for the disk; more of them only take the lock from each other.
THREADS = 8
Rows = tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]
"""Users, tasks and labels."""


def environment() -> Path:
    """Return the peers' environment, made from the lock when there is none yet."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / f"peers-{digest}"
    if not (folder / "complete").exists():
        print(f"Installing the peers ({LOCK.name}).", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        python = str(folder / "bin" / "python")
        pip = [python, "-m", "pip", "install", "-q", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(pip, check=True)
        (folder / "complete").touch()
    return folder


@contextlib.contextmanager
def drf(folder: Path, rows: Rows) -> Iterator[tuple[int, int]]:
    """Yield port and worker process of Django REST framework under gunicorn."""
    programs, port = environment() / "bin", free_port()
    given = {"PEER_DATABASE": str(folder / "drf.db"), "PYTHONPATH": str(ROOT)}
    file = folder / "drf.json"
    file.write_text(json.dumps(dict(zip(("users", "tasks", "labels"), rows, strict=True))))
    fill = [str(programs / "python"), "-m", "bench.peers.drf", str(file)]
    subprocess.run(fill, check=True, env=given, cwd=ROOT, stdout=sys.stderr)
    command = [
        *(str(programs / "gunicorn"), "bench.peers.drf:application", "--bind", f"127.0.0.1:{port}"),
        *("--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "60"),
    ]
    log = folder / "drf.log"
    with running(command, lambda _: processes.listens(port), log=log, environment=given) as process:
        worker = processes.only_child(process.pid)
        for pid in (process.pid, worker):
            processes.pin(pid, processes.cores()[0])
        yield port, worker
