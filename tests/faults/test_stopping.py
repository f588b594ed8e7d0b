"""The server is told to stop: what it has begun it finishes, and it leaves without a trace of trouble."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.factories import PASSWORD
from tests.faults import amount
from tests.servers import ADMIN, app_server

pytestmark = pytest.mark.faults

STATUS = {signal.SIGTERM: 0, signal.SIGINT: 130}
"""A stop that was asked for is a success; an interrupted program says so, as shells expect."""
REQUESTS = 12
SECONDS_TO_STOP = 10


def _sign_in(url: str, sent: threading.Barrier) -> int:
    with httpx.Client(base_url=url, timeout=30) as client:
        client.get("/health/live")
        sent.wait()
        return client.post("/login", json={"username": ADMIN, "password": PASSWORD}).status_code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_under_way_are_finished(number: signal.Signals, tmp_path: Path) -> None:
    """Sign-ins queue for the hash pool, so most of them are in flight when the signal comes."""
    for _ in range(amount(1, 20)):
        with app_server(tmp_path / "data") as server, ThreadPoolExecutor(REQUESTS) as pool:
            sent = threading.Barrier(REQUESTS + 1)
            answers = [pool.submit(_sign_in, server.url, sent) for _ in range(REQUESTS)]
            sent.wait()
            time.sleep(0.1)
            in_flight = sum(not answer.done() for answer in answers)
            server.process.send_signal(number)
            assert [answer.result() for answer in answers] == [200] * REQUESTS
            assert server.process.wait(SECONDS_TO_STOP) == STATUS[number]
            assert "Traceback" not in server.said()
            assert in_flight > 0, "the signal came too late to say anything"


def test_those_who_listen_are_told_to_come_back(tmp_path: Path) -> None:
    """Streams go on for hours; a stop must not wait for them, and whoever is told goes on where it was."""
    with app_server(tmp_path / "data") as server, httpx.Client(base_url=server.url) as client:
        tokens = client.post("/login", json={"username": ADMIN, "password": PASSWORD}).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        with client.stream("GET", "/events") as stream:
            lines = stream.iter_lines()
            place = next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")
            with httpx.Client(base_url=server.url, headers=client.headers) as other:
                assert other.post("/tasks", json={"title": "x"}).status_code == 201
            assert next(line for line in lines if line.startswith("id: ")) != place
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            rest = list(lines)
        assert 'data: {"reason": "shutdown"}' in rest
        assert any(line.startswith("retry: ") for line in rest)
        assert server.process.wait(SECONDS_TO_STOP) == 0
        assert time.monotonic() - begun < 3
        assert "Traceback" not in server.said()
    with app_server(tmp_path / "data") as server, httpx.Client(base_url=server.url, headers=client.headers) as again:
        page = again.get("/changes", params={"since": place}).json()
        assert [task["title"] for task in page["upserts"]["tasks"]] == ["x"]


def test_an_idle_server_stops_at_once(tmp_path: Path) -> None:
    with app_server(tmp_path / "data") as server, httpx.Client(base_url=server.url) as client:
        # An idle connection that is kept alive must not hold the server up.
        assert client.get("/health/live").status_code == 200
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SECONDS_TO_STOP) == 0
        assert time.monotonic() - begun < 3
        assert "Traceback" not in server.said()
