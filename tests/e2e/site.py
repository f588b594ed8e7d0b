"""A real server process on the production build, and the accounts and tasks that journeys start with."""

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.servers import environment_of, running_taskmanager
from tests.services.process import Process

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "web" / "dist" / "index.html"
ADMIN = "admin"
SECONDS_TO_ARRIVE = 10
SECONDS_OF_A_TOKEN = 120
PASSWORD = "a long enough password"
_ADDRESS = re.compile(r"TaskManager serves (http://\S+?)/app/")
_SETUP = re.compile(r"/app/setup#token=(\S+)")


@dataclass
class Site:
    """A running server; ``setup_token`` is there while it has no administrator."""

    url: str
    setup_token: str
    client: httpx.Client
    _people: dict[str, "Person"] = field(default_factory=dict)
    _admin_since: float = float("-inf")

    def admin(self) -> "Person":
        """Return the first administrator; the settings named it. An access token outlives no long run of journeys."""
        if time.monotonic() - self._admin_since > SECONDS_OF_A_TOKEN:
            self._people[ADMIN], self._admin_since = Person.sign_in(self.client, ADMIN), time.monotonic()
        return self._people[ADMIN]

    def person(self, name: str, role: str = "user") -> "Person":
        """Make an account with :data:`PASSWORD` and return it signed in."""
        made = self.admin().post("/admin/users", {"username": name, "role": role})
        self.use_link(made["link"]["url"])
        return Person.sign_in(self.client, name)

    def use_link(self, link: str) -> None:
        body = {"reset_token": link.split("#token=")[1], "password": PASSWORD}
        self.client.post("/reset", json=body).raise_for_status()


class Person:
    """An account as the API sees it, to prepare and to check what the pages show."""

    def __init__(self, name: str, client: httpx.Client, token: str) -> None:
        self.name = name
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    @classmethod
    def sign_in(cls, client: httpx.Client, name: str) -> "Person":
        answer = client.post("/login", json={"username": name, "password": PASSWORD}).raise_for_status().json()
        return cls(name, client, answer["access_token"])

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._call("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._client.request(method, path, json=body, headers=self._headers).raise_for_status()
        return answer.json() if answer.content else None

    def add(self, *titles: str, **fields: Any) -> list[str]:
        """Add tasks, in the order of their project; return their ids."""
        return [self.post("/tasks", {"title": title, **fields})["id"] for title in titles]

    def expect(self, *titles: str, query: str = "status=todo,in_progress") -> None:
        """Wait until the server has exactly these tasks, by position: pages show changes before they have arrived."""
        deadline = time.monotonic() + SECONDS_TO_ARRIVE
        while (there := [task["title"] for task in self.get(f"/tasks?sort=position&{query}")["items"]]) != list(titles):
            assert time.monotonic() < deadline, f"expected {list(titles)}, there are {there}"
            time.sleep(0.05)


@contextlib.contextmanager
def serving(folder: Path, *, port: int = 0, admin: bool = True, **settings: str) -> Iterator[Site]:
    """Run a server of its own on the data in `folder`, with or without a first administrator."""
    if not BUILD.exists():
        message = "The web application is not built. Type: python3 app.py build-web"
        raise RuntimeError(message)
    named = {"admin_username": ADMIN, "admin_password": PASSWORD} if admin else {}
    environment = environment_of(folder / "data", port=str(port), **named, **settings)
    log = folder / "server.log"

    def ready(_: Process) -> bool:
        return "Application startup complete" in log.read_text()

    with running_taskmanager(["serve"], ready, log=log, environment=environment):
        said = log.read_text()
        address, setup = _ADDRESS.search(said), _SETUP.search(said)
        assert address, said
        with httpx.Client(base_url=address[1]) as client:
            yield Site(address[1], setup[1] if setup else "", client)
