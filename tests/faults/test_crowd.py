"""Many writers at once on SQLite: everyone is served, nobody is told that the database is locked, none waits long."""

import itertools
import json
import statistics
from pathlib import Path

import httpx
import pytest

from bench.load import Conversation, request, run
from tests.factories import PASSWORD
from tests.faults import amount
from tests.servers import ADMIN, AppServer, app_server

pytestmark = pytest.mark.faults

WRITERS = 32
TAIL = 10
"""The slowest of a hundred waits at most so many times as long as the middle one."""


def sign_in(server: AppServer) -> str:
    """Return an access token of the administrator."""
    answer = httpx.post(f"{server.url}/login", json={"username": ADMIN, "password": PASSWORD})
    token: str = answer.raise_for_status().json()["access_token"]
    return token


def _writer(token: str, number: int) -> Conversation:
    """Make a task and change it, over and over."""
    for count in itertools.count():
        body = json.dumps({"title": f"Writer {number}, task {count}", "labels": ["crowd"]}).encode()
        made = yield request("POST", "/tasks", token=token, body=body)
        assert made.status == 201, made.body
        body = json.dumps({"title": f"Writer {number}, changed {count}"}).encode()
        path, tag = f"/tasks/{json.loads(made.body)['id']}", made.header(b"etag").decode()
        changed = yield request("PATCH", path, token=token, body=body, If_Match=tag)
        assert changed.status == 200, changed.body


def test_many_writers_at_once_are_all_served(tmp_path: Path) -> None:
    with app_server(tmp_path / "data") as server:
        token = sign_in(server)
        writers = [_writer(token, number) for number in range(WRITERS)]
        measured = run(server.port, {"write": writers}, seconds=amount(5, 60), warm_up=1)["write"]
        said = server.said()
    median, tail = statistics.median(measured.latencies), measured.percentile(0.99)
    print(
        f"{WRITERS} writers: {measured.rate:.0f} writes/s, median {median * 1000:.0f} ms, p99 {tail * 1000:.0f} ms, "
        f"most {max(measured.latencies) * 1000:.0f} ms, {measured.statuses}"
    )
    assert set(measured.statuses) == {200, 201}
    assert "database is locked" not in said
    assert tail < TAIL * median
