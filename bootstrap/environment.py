"""The Python environment: every library of a lock file importable, in `.venv` unless the caller's Python has them."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NoReturn

from bootstrap.checkout import ROOT, digest, give_up, one_at_a_time, read, say, succeeds

ENVIRONMENT = ROOT / ".venv"
UNFINISHED = "unfinished"

# The installer of a new environment: fetched by name, believed by digest.
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def prepare(lock_name: str) -> None:
    """Return once a lock file's libraries can be imported; if need be install into `.venv` and start over in it."""
    lock = ROOT / lock_name
    stamp = ENVIRONMENT / lock.with_suffix(".stamp").name
    wanted = digest([lock])
    if Path(sys.prefix).resolve() != ENVIRONMENT:
        if _importable(lock):
            return
        with one_at_a_time():
            if not succeeds([_own_python(), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
                _create_environment()
        _hand_over()
    if read(stamp) == wanted:
        return
    with one_at_a_time():
        before = read(stamp)
        if before == wanted:
            return
        if before == UNFINISHED:
            say("The last installation was interrupted; starting it again.")
            _create_environment()
            stamp.unlink(missing_ok=True)
            _hand_over()
        stamp.write_text(UNFINISHED)
        try:
            install(lock)
        except SystemExit:
            # The installer gave up by itself: it leaves the environment as it was, unlike one that was killed.
            stamp.write_text(before)
            raise
        stamp.write_text(wanted)
    importlib.invalidate_caches()


def _importable(lock: Path) -> bool:
    """Whether this interpreter has every library the lock names; other versions than the locked ones are only told."""
    others = []
    for name, version in re.findall(r"^([\w.-]+)==(\S+) \\$", lock.read_text(), re.MULTILINE):
        try:
            if importlib.metadata.version(name) != version:
                others.append(name)
        except importlib.metadata.PackageNotFoundError:
            return False
    if others:
        say(f"Other versions than {lock.name} names: {', '.join(others)}. To have those: pip install -r {lock.name}")
    return True


def _own_python() -> str:
    return str(ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _hand_over() -> NoReturn:
    """Start over in `.venv`."""
    command = [_own_python(), str(ROOT / "app.py"), *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


def _create_environment() -> None:
    """Make `.venv` anew, with a way to install into it; exits with what to type where there is none."""
    base = getattr(sys, "_base_executable", sys.executable)
    create = [base, "-m", "venv", "--clear", "--without-pip", str(ENVIRONMENT)]
    say("Making a Python environment in .venv (once).")
    result = subprocess.run(create, capture_output=True, text=True, check=False)
    if result.returncode:
        give_up(f"{ENVIRONMENT} cannot be made. {(result.stdout + result.stderr).strip()}")
    python = _own_python()
    # A current pip is twice as fast as those that come with Python; Debian and Ubuntu come with none.
    if _fetch_pip(python) or succeeds([python, "-m", "ensurepip"]) or _pip(python):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    apt = shutil.which("apt-get")
    if apt and os.geteuid() == 0:
        say(f"Installing {package}, the part of Python that makes environments.")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        succeeds([apt, "update"], quiet)
        succeeds([apt, "install", "-y", "--no-install-recommends", package], quiet)
        if succeeds([python, "-m", "ensurepip"]):
            return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    advice = f"sudo sh -c 'apt-get update && apt-get install -y {package}'" if apt else f"{base} -m ensurepip"
    give_up(f"this Python has no pip, and none could be fetched. Type: {advice}\nThen start again.")


def _fetch_pip(python: str) -> bool:
    """Install the pip of `PIP_SHA256` for `python`; False without such an index, a network, or trust in either."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    listing = urllib.request.Request(f"{index}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    try:
        with urllib.request.urlopen(listing, timeout=10) as answer:
            address = next(file["url"] for file in json.load(answer)["files"] if file["filename"] == PIP_WHEEL)
        with urllib.request.urlopen(urllib.parse.urljoin(listing.full_url, address), timeout=30) as answer:
            content = answer.read()
    except (OSError, ValueError, LookupError, StopIteration):
        return False
    if hashlib.sha256(content).hexdigest() != PIP_SHA256:
        return False
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder, PIP_WHEEL)
        wheel.write_bytes(content)
        return succeeds([python, f"{wheel}/pip", "install", "--no-index", str(wheel)])


def _pip(python: str) -> list[str]:
    """Return the command that installs for `python`: its own pip, else the system's, else nothing."""
    base = getattr(sys, "_base_executable", sys.executable)
    commands = [python, "-m", "pip"], [base, "-m", "pip", "--python", python]
    return next((command for command in commands if succeeds([*command, "--version"])), [])


def install(lock: Path, *options: str) -> None:
    """Install what a lock file names, each file checked against its hash; exits with the installer's last words."""
    total = len(re.findall(r"^[\w.-]+==", lock.read_text(), re.MULTILINE))
    say(f"Installing {total} libraries ({lock.name}).")
    command = [
        *(_pip(sys.executable) or give_up(f"{sys.executable} has no pip. Type: {sys.executable} -m ensurepip")),
        *("install", "--require-hashes", "--no-input", "--disable-pip-version-check", "--progress-bar=off"),
        # Python compiles what it imports at the first start, unless it was told to keep no files.
        *(() if sys.dont_write_bytecode else ("--no-compile",)),
        # A lock names all there is to install.
        *("--no-deps", *options, "-r", str(lock)),
    ]
    lines, done = [], 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line)
            done += line.startswith("Collecting ")
            if sys.stderr.isatty():
                sys.stderr.write(f"\r\033[K  {min(done, total)}/{total} {line.strip()[:60]}")
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    if process.returncode:
        reasons = [line for line in lines if line.startswith("ERROR")] or lines[-8:]
        give_up(
            f"{lock.name} could not be installed.\n{''.join(reasons)}"
            "Check the network (or PIP_INDEX_URL) and the free space on the disk, then start again."
        )
