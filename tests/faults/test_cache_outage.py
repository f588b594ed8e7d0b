"""Redis stopped, slow, flushed, killed, locked: requests go on, and no revoked token is accepted on any node."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from bench.load import Conversation, Measured, request, run
from tests.factories import PASSWORD
from tests.faults import amount
from tests.faults.test_crowd import sign_in
from tests.servers import ADMIN, AppServer, app_server
from tests.services import Server, free_port, own_postgres, own_valkey, slow_proxy

pytestmark = pytest.mark.faults

READERS = 4
MOST_P99_SECONDS = 0.5
MOST_REFUSED = 0.01
ELSEWHERE_SECONDS = 1.0
"""How long another node may take to hear of a sign-out."""


def _reader(token: str) -> Conversation:
    while True:
        yield request("GET", "/tasks", token=token)
        yield request("GET", "/me", token=token)


@dataclass
class Leaver:
    """Signs in and out all the time, and goes on to use what it signed out with."""

    nodes: list[AppServer]
    ended: list[tuple[str, float]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def leave(self) -> None:
        """Sign in, be known to every node, sign out at the first one."""
        with httpx.Client(timeout=10) as client:
            body = {"username": ADMIN, "password": PASSWORD}
            bearer = client.post(f"{self.nodes[0].url}/login", json=body).raise_for_status().json()["access_token"]
            assert [self._status(client, node, bearer) for node in self.nodes] == [200] * len(self.nodes)
            left = client.post(f"{self.nodes[0].url}/logout", headers={"Authorization": f"Bearer {bearer}"})
            assert left.status_code == 204
            self.ended.append((bearer, time.monotonic()))
            self.come_back(client)

    def come_back(self, client: httpx.Client) -> None:
        """Try the last few tokens again, everywhere."""
        for bearer, since in self.ended[-10:]:
            for node in self.nodes:
                may_know = node is self.nodes[0] or time.monotonic() - since > ELSEWHERE_SECONDS
                if self._status(client, node, bearer) != httpx.codes.UNAUTHORIZED and may_know:
                    self.accepted.append(f"{time.monotonic() - since:.2f} s after it was signed out, port {node.port}")

    def _status(self, client: httpx.Client, node: AppServer, bearer: str) -> int:
        return client.get(f"{node.url}/me", headers={"Authorization": f"Bearer {bearer}"}).status_code


@contextlib.contextmanager
def _at_work(work: Callable[[], None]) -> Iterator[None]:
    """Do something over and over in a thread while the block runs; what it raises is raised here."""
    stop, raised = threading.Event(), list[BaseException]()

    def loop() -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:  # noqa: BLE001 - handed over to the test
            raised.append(error)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if raised:
        raise raised[0]


@pytest.fixture
def database_url(backend: str) -> Iterator[str]:
    """Yield the settings' URL of a database of this test's own."""
    if backend == "sqlite":
        yield ""
        return
    with own_postgres() as server:
        yield server.url


@contextlib.contextmanager
def two_nodes(data: Path, database_url: str, redis_port: int) -> Iterator[list[AppServer]]:
    settings: dict[str, Any] = {"redis_url": f"redis://127.0.0.1:{redis_port}", "log_level": "warning"}
    if database_url:
        settings["database_url"] = database_url
    with app_server(data, **settings) as first, app_server(data, **settings) as second:
        yield [first, second]


def test_Z5_whatever_happens_to_redis(backend: str, database_url: str, tmp_path: Path) -> None:
    valkey_port, pause = free_port(), amount(7, 100) / 10
    with (
        contextlib.ExitStack() as valkeys,
        slow_proxy(valkey_port) as proxy,
        two_nodes(tmp_path / "data", database_url, proxy.port) as nodes,
    ):
        cache = valkeys.enter_context(own_valkey(port=valkey_port))
        token = sign_in(nodes[0])
        measured = Measured()

        def read() -> None:
            found = run(nodes[0].port, {"read": [_reader(token) for _ in range(READERS)]}, pause / 2)["read"]
            measured.latencies += found.latencies
            for status, count in found.statuses.items():
                measured.statuses[status] = measured.statuses.get(status, 0) + count

        leaver = Leaver(nodes)
        with _at_work(read), _at_work(leaver.leave):
            for trouble in _troubles(cache, proxy.__setattr__, valkeys, valkey_port):
                trouble()
                time.sleep(pause)
        print(
            f"Redis in trouble on {backend}: {len(measured.latencies)} answers {measured.statuses}, median "
            f"{measured.percentile(0.5) * 1000:.0f} ms, p99 {measured.percentile(0.99) * 1000:.0f} ms, longest "
            f"{max(measured.latencies) * 1000:.0f} ms; {len(leaver.ended)} tokens signed out"
        )
        assert leaver.accepted == []
        assert len(leaver.ended) > 5
        assert set(measured.statuses) <= {200, 503}
        assert measured.statuses.get(503, 0) <= MOST_REFUSED * len(measured.latencies)
        assert measured.percentile(0.99) < MOST_P99_SECONDS
        # All is well again without a restart: the cache is in use.
        for node in nodes:
            assert _becomes_ready(node) == {"status": "ok"}
        _suspended_process_believes_nothing_old(leaver)
        said = nodes[0].said()
    assert "Traceback" not in said, said[-3000:]
    assert "the cache is left alone" in said
    assert "the cache is used again" in said


def _troubles(
    cache: Server, change_proxy: Callable[[str, float], None], valkeys: contextlib.ExitStack, port: int
) -> Iterator[Callable[[], object]]:
    client = redis.Redis(port=port, socket_timeout=5)
    yield lambda: cache.process.send_signal(signal.SIGSTOP)
    yield lambda: cache.process.send_signal(signal.SIGCONT)
    yield lambda: change_proxy("delay", 0.2)
    yield lambda: change_proxy("delay", 0.0)
    yield client.flushall
    yield cache.process.kill
    valkeys.enter_context(own_valkey(port=port))
    yield lambda: client.config_set("requirepass", "another")
    client.close()
    with redis.Redis(port=port, password="another") as allowed:
        allowed.client_kill_filter(_type="normal", skipme=True)
        time.sleep(1)
        yield lambda: allowed.config_set("requirepass", "")


def _becomes_ready(node: AppServer) -> object:
    deadline = time.monotonic() + 10
    while (ready := httpx.get(f"{node.url}/health/ready").json()) != {"status": "ok"} and time.monotonic() < deadline:
        time.sleep(0.1)
    return ready


def _suspended_process_believes_nothing_old(leaver: Leaver) -> None:
    """A node that stood still while someone signed out elsewhere asks before it believes what it had cached."""
    away = leaver.nodes[1]
    with httpx.Client(timeout=10) as client:
        body = {"username": ADMIN, "password": PASSWORD}
        bearer = client.post(f"{away.url}/login", json=body).json()["access_token"]
        headers = {"Authorization": f"Bearer {bearer}"}
        for _ in range(5):
            assert client.get(f"{away.url}/me", headers=headers).status_code == 200
        away.process.send_signal(signal.SIGSTOP)
        try:
            assert client.post(f"{leaver.nodes[0].url}/logout", headers=headers).status_code == 204
            time.sleep(amount(2, 60))
        finally:
            away.process.send_signal(signal.SIGCONT)
        for _ in range(20):
            assert client.get(f"{away.url}/me", headers=headers).status_code == 401
