"""`taskmanager worker` in a process of its own, for tests that kill or stop it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers import environment_of, running_taskmanager
from tests.services.process import Process


@dataclass(frozen=True)
class Worker:
    process: Process
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def worker_of(data: Path, log: Path, *, wait: bool = True, **settings: str) -> Iterator[Worker]:
    """Run a worker on ``data`` until the block ends; ``log`` must be a new file.

    The block begins when the worker works, or at once unless it shall ``wait``.
    """

    def ready(_: Process) -> bool:
        return not wait or "TaskManager works" in log.read_text(encoding="utf-8", errors="replace")

    environment = environment_of(data, **settings)
    with running_taskmanager(["worker"], ready, log=log, environment=environment) as process:
        yield Worker(process, log)
