"""Slow statements and traces: what they tell, what they never tell, and that nobody watches unasked."""

import http.server
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import bindparam, text

from taskmanager.kit.http import caller
from taskmanager.kit.settings import Settings
from taskmanager.kit.statements import watch_of
from taskmanager.lifetime import open_database
from tests.factories import PASSWORD
from tests.servers import ADMIN, app_server

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900000) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(0.06)",
}


async def test_a_slow_statement_is_told_without_its_values(
    settings: Settings, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert watch_of(settings) is None
    database = open_database(settings.model_copy(update={"slow_statement_ms": 20}))
    asker = caller._caller.set(caller.Caller(request_id="of-this-test"))
    try:
        with caplog.at_level(logging.WARNING, "taskmanager.slow"):
            slow = text(f"{SLOW[backend]} WHERE :value <> ''").bindparams(bindparam("value", "a secret"))
            for door in (database.read, database.write):
                async with door() as session:
                    await session.execute(text("SELECT 1"))
                    await session.execute(slow)
    finally:
        caller._caller.reset(asker)
        await database.stop()
    told = [record.getMessage() for record in caplog.records if record.name == "taskmanager.slow"]
    assert len(told) == 2
    assert all("ms, request of-this-test: " in line and SLOW[backend] in line for line in told)
    assert "a secret" not in "".join(told)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Yield what a collector of traces was sent."""
    sent: list[bytes] = []

    class Collect(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collect) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield sent
        server.shutdown()


def test_traces_reach_a_collector(tmp_path: Path, collector: list[bytes]) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with app_server(tmp_path / "data", otel="on") as server, httpx.Client(base_url=server.url) as client:
        body = {"username": ADMIN, "password": PASSWORD}
        client.headers["Authorization"] = f"Bearer {client.post('/login', json=body).json()['access_token']}"
        client.headers["traceparent"] = f"00-{trace}-b7ad6b7169203331-01"
        made = client.post("/tasks", json={"title": "A private matter"})
        assert made.status_code == 201
        read = client.get(f"/tasks/{made.json()['id']}", headers={"X-Request-ID": "looked-for"})
        assert read.status_code == 200
        deadline = time.monotonic() + 10
        while b"looked-for" not in b"".join(collector):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    sent = b"".join(collector)
    for told in (b"GET /tasks/{task_id}", b"POST /login", b"SELECT", b"INSERT", bytes.fromhex(trace), b"taskmanager"):
        assert told in sent, told
    for kept in (b"A private matter", PASSWORD.encode(), made.json()["id"].encode()):
        assert kept not in sent, kept
