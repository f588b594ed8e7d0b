"""Start `compose.yaml` as it is, use it, take its parts away and start it again: `python scripts/compose_check.py`.

Needs what `container_check.py` needs, and podman-compose, netavark and aardvark-dns. The images of PostgreSQL and
Valkey are stand-ins too, from Debian's packages, with as much of their start as `compose.yaml` relies on.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from container_check import IMAGES, ROOT, Docker, engine, expect, import_image, say, stand_in, wait_for

URL = "http://127.0.0.1:8000"
ACCOUNT = {"username": "chief", "password": "a long enough password"}
POSTGRES = """#!/bin/sh
set -e
data=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then
    mkdir -p $data && chown -R postgres /var/lib/postgresql && chmod 700 $data
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
if [ ! -s $data/PG_VERSION ]; then
    initdb -D $data -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 $POSTGRES_INITDB_ARGS
    echo "host all all all scram-sha-256" >> $data/pg_hba.conf
    echo "CREATE DATABASE \\"$POSTGRES_DB\\"" | postgres --single -D $data postgres
fi
exec postgres -D $data -c listen_addresses='*' -c unix_socket_directories=/tmp,/var/run/postgresql
"""
# The image of Valkey has no protected mode: containers of its network may connect.
VALKEY = '#!/bin/sh\nshift\ncd /data\nexec valkey-server --protected-mode no "$@"\n'
SERVICES = {"postgres:18": ("postgresql", POSTGRES), "valkey/valkey:9": ("valkey-server", VALKEY)}


def main() -> int:
    """Exits with what is wrong."""
    programs = ("docker", "podman", "podman-compose", "runc", "debootstrap")
    if missing := [name for name in programs if not shutil.which(name)]:
        sys.exit(f"This needs {', '.join(missing)}.")
    archives = {image: stand_in(image) for image in IMAGES}
    archives |= {image: stand_in(image, package, script) for image, (package, script) in SERVICES.items()}
    with engine(dns=True) as docker, tempfile.TemporaryDirectory(prefix="taskmanager-compose-") as name:
        for image, archive in archives.items():
            import_image(docker, image, archive)
        docker("build", "--network=host", "-t", "taskmanager", ".")
        folder = Path(name)
        shutil.copy(ROOT / "compose.yaml", folder)
        make_secrets(folder / "secrets")
        Stack(docker, folder).check()
    say("compose.yaml starts, serves, survives the loss of its cache and comes back with its data.")
    return 0


def make_secrets(folder: Path) -> None:
    """As docs/operations.md says."""
    folder.mkdir(mode=0o700)
    password = secrets.token_hex(24)
    found = {
        "master_secret": secrets.token_urlsafe(32),
        "postgres_password": password,
        "database_url": f"postgresql+asyncpg://tasks:{password}@database/tasks",
    }
    for name, value in found.items():
        (folder / name).write_text(value)
        (folder / name).chmod(0o444)


class Stack:
    """The services of the file."""

    def __init__(self, docker: Docker, folder: Path) -> None:
        self._docker, self._folder = docker, folder
        wrapper = folder / "podman"
        words = " ".join(f"'{word}'" for word in docker.podman)
        wrapper.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        wrapper.chmod(0o755)
        self._environment = {**os.environ, **docker.settings}

    def compose(self, *words: str) -> str:
        """Run one command of compose; exits with what it said if it fails."""
        command = ["podman-compose", "--podman-path", str(self._folder / "podman"), *words]
        result = subprocess.run(
            command, cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            sys.exit(f"compose {' '.join(words)}:\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def check(self) -> None:
        """Use the services as people do."""
        try:
            self._up("first")
            link = re.search(r"/app/setup#token=([\w-]+)", self.compose("logs", "app"))
            if link is None:
                sys.exit("There is no link for the first administrator in the log.")
            ask("POST", "/setup", {"setup_token": link[1], **ACCOUNT})
            tokens = ask("POST", "/login", ACCOUNT)
            added = ask("POST", "/tasks", {"title": "Call the plumber"}, tokens["access_token"])
            say(self.compose("exec", "-T", "app", "python", "app.py", "doctor"))
            self.compose("stop", "cache")
            expect("title without the cache", self._title(added["id"], tokens), added["title"])
            self.compose("start", "cache")
            self.compose("down")
            self._up("again")
            tokens = ask("POST", "/refresh", {"refresh_token": tokens["refresh_token"]})
            expect("title after all of it", self._title(added["id"], tokens), added["title"])
        finally:
            self.compose("down", "-v")

    def _up(self, kind: str) -> None:
        started = time.monotonic()
        self.compose("up", "-d")
        wait_for(f"{URL}/health/ready", started, self._logs())
        wait_for(f"{URL}/docs", started, self._logs())
        say(f"{kind}: ready after {time.monotonic() - started:.1f} s")

    def _logs(self) -> Callable[[], str]:
        return lambda: self.compose("logs")

    def _title(self, task_id: str, tokens: dict[str, Any]) -> str:
        return str(ask("GET", f"/tasks/{task_id}", token=tokens["access_token"])["title"])


def ask(method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    """Return the JSON of an answer; raises for a refusal."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}{path}", content, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
