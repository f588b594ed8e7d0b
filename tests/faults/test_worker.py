"""`taskmanager worker`: it does what servers leave to it, and ends when told to."""

import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from taskmanager.kit import clock
from tests.factories import PASSWORD
from tests.faults.test_stopping import STATUS
from tests.faults.workers import worker_of
from tests.servers import ADMIN, PROGRAM, app_server, environment_of
from tests.services import own_postgres

pytestmark = pytest.mark.faults

SECONDS_TO_STOP = 10


def recalled(client: httpx.Client) -> int:
    return len(client.get("/notifications").json()["items"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_does_what_servers_leave_to_it(number: signal.Signals, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with own_postgres() as database, app_server(data, database_url=database.url, run_jobs="off") as server:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            answer = client.post("/login", json={"username": ADMIN, "password": PASSWORD})
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            task = client.post("/tasks", json={"title": "A task"}).json()
            at = (clock.now() + timedelta(seconds=1)).isoformat()
            client.put(f"/tasks/{task['id']}/reminders", json={"reminders": [{"at": at}]})
            # Longer than servers wait between two looks; how the worker is ended makes no difference to that.
            time.sleep(7 if number == signal.SIGTERM else 1)
            assert recalled(client) == 0
            with worker_of(data, tmp_path / "worker.log", database_url=database.url) as worker:
                for _ in range(100):
                    if recalled(client):
                        break
                    time.sleep(0.1)
                assert recalled(client) == 1
                worker.process.send_signal(number)
                assert worker.process.wait(SECONDS_TO_STOP) == STATUS[number]
                assert "Traceback" not in worker.said()
        assert "jobs are left" in server.said()


def refused(data: Path, command: str, **settings: str) -> str:
    """Return what a command says that must not start."""
    process = subprocess.run(
        [*PROGRAM, command],
        env=environment_of(data, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert "Traceback" not in process.stderr
    return process.stderr


def test_on_sqlite_there_is_nothing_to_leave(tmp_path: Path) -> None:
    assert "on SQLite the server runs all jobs itself" in refused(tmp_path, "worker")
    assert "TASKMANAGER_RUN_JOBS=off needs PostgreSQL" in refused(tmp_path, "serve", run_jobs="off")
