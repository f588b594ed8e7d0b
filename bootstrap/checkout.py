"""What every step of setting up needs: the checkout, what has changed in it, and words for the person waiting."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"


def run(main: Callable[[list[str]], int | None]) -> NoReturn:
    """Run a program on this command line and exit with its status; Ctrl-C is no error to show a traceback for."""
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(128 + signal.SIGINT)


def say(message: str) -> None:
    """Tell the person waiting; on stderr, because the output of a command may be going into a file."""
    print(message, file=sys.stderr, flush=True)


def give_up(message: str) -> NoReturn:
    """End with status 1 and what to do about it."""
    sys.exit(f"TaskManager cannot be set up: {message}")


def digest(files: Iterable[Path]) -> str:
    """Return one SHA-256 over the names and contents of files of this checkout."""
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def read(file: Path) -> str:
    """Return the text of a file, empty if there is none."""
    return file.read_text(errors="replace") if file.exists() else ""


def succeeds(command: list[str], environment: dict[str, str] | None = None) -> bool:
    """Run a command in silence; False also where there is no such program."""
    try:
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Keep two starts of the same checkout from preparing it at once."""
    with Path(__file__).open() as handle:
        # Windows, and some network file systems, have no such lock; there it is left to the people who start it.
        with contextlib.suppress(ImportError, OSError):
            fcntl = importlib.import_module("fcntl")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
