"""The database killed, stopped, starting, locked or damaged: 503 with Retry-After, and work goes on when it is back."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from taskmanager.kit import migrate, postgresql, sqlite
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.factories import Api
from tests.faults.test_crowd import sign_in
from tests.servers import AppServer, app_server
from tests.services import Server, own_postgres

pytestmark = pytest.mark.faults

SECONDS_TO_RECOVER = 3.0
SECONDS_TO_REFUSE = 10.0


def _refused(answer: httpx.Response) -> bool:
    """Tell whether this is a refusal; nothing but a problem with the time of the next try may be one."""
    if answer.is_success:
        return False
    problem = answer.json()
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert problem["code"] in {"database_unavailable", "unavailable", "busy"}
    for word in ("Traceback", "sqlalchemy", "asyncpg", "SELECT", "sqlite"):
        assert word not in answer.text
    return True


class Caller:
    """Somebody at work: reads, writes, signs in and renews."""

    def __init__(self, server: AppServer) -> None:
        self._client = httpx.Client(base_url=server.url, timeout=60)
        self._client.headers["Authorization"] = f"Bearer {sign_in(server)}"
        self.made: list[str] = []

    def close(self) -> None:
        self._client.close()

    def all_refused(self) -> bool:
        """Ask for everything; tell whether all of it was refused."""
        wrong = {"username": "nobody", "password": "a wrong password"}
        asked = [
            self._client.get("/tasks"),
            self._client.get("/me"),
            self._client.post("/login", json=wrong, headers={"Authorization": ""}),
            self._client.post("/refresh", json={"refresh_token": "tmr_x"}),
            self._client.get("/health/ready"),
        ]
        refused = [answer for answer in asked if answer.status_code not in {200, 401} and _refused(answer)]
        return len(refused) >= len(asked) - 1 and self._make() is None

    def _make(self) -> str | None:
        answer = self._client.post("/tasks", json={"title": "x"})
        return None if _refused(answer) else self._note(answer.json()["id"])

    def _note(self, made: str) -> str:
        self.made.append(made)
        return made

    def recovers(self) -> None:
        """Wait until everything is served again, and find all that was acknowledged."""
        begun = time.monotonic()
        while self._make() is None or not self._client.get("/health/ready").is_success:
            assert time.monotonic() - begun < SECONDS_TO_RECOVER
            time.sleep(0.05)
        found = {task["id"] for task in self._client.get("/tasks", params={"limit": 200}).json()["items"]}
        assert found >= set(self.made)


def test_Z6_postgresql_killed_and_started_again(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        first = server = stack.enter_context(own_postgres())
        app = stack.enter_context(app_server(tmp_path / "data", database_url=server.url))
        caller = Caller(app)
        stack.callback(caller.close)
        caller.recovers()
        # Killed as by kill -9, and shut down in good order.
        for how in (signal.SIGQUIT, signal.SIGINT):
            server.process.send_signal(how)
            assert _eventually(caller.all_refused)
            server.process.wait()
            assert caller.all_refused()
            assert httpx.get(f"{app.url}/health/live").status_code == 200
            server = stack.enter_context(own_postgres(data=_data_of(first), port=first.port))
            caller.recovers()
        said = app.said()
    assert " 500 " not in said
    assert "unhandled error" not in said


def _data_of(server: Server) -> Path:
    arguments: Any = server.process.args
    return Path(arguments[2])


def _eventually(ask: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SECONDS_TO_REFUSE
    while not (found := ask()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture
async def on_sqlite(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Yield the application on a SQLite whose locks are waited for only a moment."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 1)
    shutil.copytree(sqlite_template, tmp_path / "data")
    app = create_app(Settings(data_dir=tmp_path / "data"))
    async with app.router.lifespan_context(app), Api(app) as api:
        yield api


def _file(api: Api) -> Path:
    path = api.database.writer.url.database
    assert path is not None
    return Path(path)


async def test_Z6_a_locked_sqlite_refuses_writes_and_recovers(on_sqlite: Api) -> None:
    anna = await on_sqlite.user("anna")
    other = sqlite.driver().connect(str(_file(on_sqlite)), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert _refused(await anna.post("/tasks", json={"title": "x"}))
    assert _refused(await on_sqlite.anonymous.post("/refresh", json={"refresh_token": anna.refresh_token}))
    # Readers are not in the way of a writer.
    assert (await anna.get("/tasks")).status_code == 200
    other.execute("ROLLBACK")
    assert (await anna.post("/tasks", json={"title": "x"})).status_code == 201
    other.close()


async def test_Z6_a_damaged_sqlite_is_told_as_an_outage(on_sqlite: Api) -> None:
    """Its file is overwritten under the server, and put back in place by whoever has the backup."""
    anna = await on_sqlite.user("anna")
    assert (await anna.get("/tasks")).status_code == 200
    path = _file(on_sqlite)
    await asyncio.to_thread(_touch, path)
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.write(bytes(len(whole)))
    refused = 0
    for _ in range(20):
        for method, target in (("GET", "/tasks"), ("GET", "/me"), ("POST", "/tasks"), ("GET", "/health/ready")):
            body = {"title": "x"} if method == "POST" else None
            refused += _refused(await anna.request(method, target, json=body))
    assert refused > 20
    with path.open("r+b") as file:
        file.write(whole)
    await asyncio.to_thread(_touch, path)
    assert (await anna.get("/tasks")).status_code == 200
    assert (await anna.post("/tasks", json={"title": "x"})).status_code == 201


def _touch(path: Path) -> None:
    """Commit something from another process, so that nobody goes on with pages of its own, and empty the journal."""
    script = (
        "import sys, sqlite3; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA user_version = 1');"
        "c.commit(); c.execute('PRAGMA wal_checkpoint(TRUNCATE)')"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to stop all processes of the server")
async def test_Z6_a_hanging_postgresql_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "ANSWER_SECONDS", 0)
    with own_postgres() as server:
        given = Settings(data_dir=tmp_path / "data", database_url=server.url, statement_seconds=1)
        await asyncio.to_thread(migrate.upgrade, given)
        app = create_app(given)
        async with app.router.lifespan_context(app), Api(app) as api:
            anna = await api.user("anna")
            assert (await anna.get("/tasks")).status_code == 200
            _signal_all(server, signal.SIGSTOP)
            begun = time.monotonic()
            answers = await asyncio.gather(anna.get("/tasks"), anna.post("/tasks", json={"title": "x"}))
            assert all(_refused(answer) for answer in answers)
            assert time.monotonic() - begun < SECONDS_TO_REFUSE
            _signal_all(server, signal.SIGCONT)
            begun = time.monotonic()
            while not (await anna.post("/tasks", json={"title": "x"})).is_success:
                assert time.monotonic() - begun < SECONDS_TO_REFUSE
            assert (await anna.get("/tasks")).status_code == 200


def _signal_all(server: Server, how: signal.Signals) -> None:
    """Send a signal to PostgreSQL and to the processes of its connections, which are groups of their own."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    for one in (pid, *map(int, children)):
        os.kill(one, how)
