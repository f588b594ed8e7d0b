"""Every check, with the real services it needs: `python3 app.py test [what to give pytest]`.

With arguments only pytest runs, with them. A failing step hides none of the others.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from tests.services import ServiceError, chromium, valkey_server
from tests.services.postgres import VARIABLE as DATABASE_URL
from tests.services.postgres import find_binaries
from tests.services.process import dies_with_its_parent
from tests.services.valkey import VARIABLE as REDIS_URL

ROOT = Path(__file__).resolve().parent.parent
APP = [sys.executable, str(ROOT / "app.py")]
CHECKS = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "mypy": ["mypy", "--num-workers", "2"],
    "import contracts": ["lint-imports"],
    "hadolint": ["hadolint", "Dockerfile"],
    "web build": [*APP, "build-web"],
    "web checks": [*APP, "npm", "run", "check"],
}
# One more than a small machine has cores: many tests wait for servers and browsers of their own.
PYTEST = [sys.executable, "-m", "pytest"]
WORKERS = ["-n", "3"]
# Some tests measure, or stop and kill servers; beside others they may come too late. Alone they may not.
ALONE = ["-n", "0", "--last-failed", "--last-failed-no-failures=none"]
MOST_ALONE = 25
# Thousands of small databases are made and written durably: in memory that is a tenth less work.
MEMORY = Path("/dev/shm")  # noqa: S108 - each run has a folder of its own there
LEAST_ROOM = 4 * 1024**3


def main(arguments: list[str]) -> int:
    """Run the checks, pytest last; 0 only if all of them passed."""
    signal.signal(signal.SIGTERM, _stop)
    # Two hundred servers start in a run: without compiled modules half of their time of starting is compiling.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "TMPDIR" not in os.environ and _is_roomy(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
    started = time.monotonic()
    own_workers = any(word.startswith(("-n", "--numprocesses", "--pdb", "--dist")) for word in arguments)
    pytest = {"pytest": [*PYTEST, *([] if own_workers else WORKERS), *arguments]}
    failed = []
    with contextlib.ExitStack() as stack:
        if not _serve(stack):
            failed.append("services")
        steps = pytest if arguments else CHECKS | pytest
        for name, command in steps.items():
            if not _passes(name, command, last=name == "pytest") and not (not arguments and _passes_alone(name)):
                failed.append(name)
    seconds = time.monotonic() - started
    if failed:
        print(f"FAILED: {', '.join(failed)} ({len(steps)} steps, {seconds:.0f} s).", flush=True)
        return 1
    print(f"Passed: {', '.join(steps)} ({seconds:.0f} s).", flush=True)
    return 0


def _is_roomy(folder: Path) -> bool:
    """Tell whether all that tests write finds room there; they also run programs from it."""
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    free = there.f_bavail * there.f_frsize
    return os.access(folder, os.W_OK) and free >= LEAST_ROOM and not there.f_flag & os.ST_NOEXEC


def _serve(stack: contextlib.ExitStack) -> bool:
    """Start what tests need and put its addresses into the environment; False (and why) if any of it is missing."""
    complete = True
    with _timed("services") as report:
        try:
            os.environ[REDIS_URL] = stack.enter_context(valkey_server())
        except ServiceError as error:
            complete = False
            print(error, flush=True)
        try:
            # Each worker starts its own: what goes by the order of commits waits for the oldest one of a server.
            if not os.environ.get(DATABASE_URL):
                find_binaries()
        except ServiceError as error:
            complete = False
            print(error, flush=True)
        try:
            os.environ["CHROME"] = chromium()
        except ServiceError as error:
            complete = False
            print(error, flush=True)
        report.append("ok" if complete else "FAILED")
    return complete


def _passes_alone(name: str) -> bool:
    """Try the few tests that failed beside others once more, one after the other; they are shown as what they are."""
    try:
        failures = len(json.loads((ROOT / ".pytest_cache/v/cache/lastfailed").read_text()))
    except (OSError, ValueError):
        return False
    if name != "pytest" or not 0 < failures <= MOST_ALONE:
        return False
    return _passes(f"pytest, the {failures} that failed, each alone", [*PYTEST, *ALONE], last=True)


def _passes(name: str, command: list[str], *, last: bool) -> bool:
    program = shutil.which(command[0], path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    with _timed(name, silent_end=last) as report:
        status = subprocess.run(
            [program or command[0], *command[1:]], cwd=ROOT, check=False, preexec_fn=dies_with_its_parent()
        ).returncode
        report.append("ok" if status == 0 else f"FAILED (status {status})")
    return status == 0


@contextlib.contextmanager
def _timed(name: str, *, silent_end: bool = False) -> Iterator[list[str]]:
    """Print the name of a step, and afterwards what it reported with the time it took."""
    print(f"\n== {name}", flush=True)
    started, report = time.monotonic(), list[str]()
    yield report
    if not silent_end:
        print(f"-- {name}: {' '.join(report)}, {time.monotonic() - started:.1f} s", flush=True)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
