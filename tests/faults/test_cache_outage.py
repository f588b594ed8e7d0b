"""Redis stopped, killed, flushed and back: requests go on, and the first one that notices waits a quarter second."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bench.load import Conversation, Measured, request, run
from tests.faults import amount
from tests.faults.test_crowd import sign_in
from tests.servers import AppServer, app_server
from tests.services import free_port, own_valkey

pytestmark = pytest.mark.faults

READERS = 4
LONGEST_SECONDS = 1.5
"""The wait for a silent cache, and what a busy machine adds."""


def _reader(token: str) -> Conversation:
    while True:
        yield request("GET", "/tasks", token=token)
        yield request("GET", "/me", token=token)


@contextlib.contextmanager
def under_load(server: AppServer, seconds: float) -> Iterator[list[Measured]]:
    """Read all the time while the block breaks something; afterwards the list holds what was measured."""
    found: list[Measured] = []
    token = sign_in(server)

    def load() -> None:
        found.append(run(server.port, {"read": [_reader(token) for _ in range(READERS)]}, seconds)["read"])

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield found
    finally:
        thread.join()


def test_requests_go_on_whatever_happens_to_redis(tmp_path: Path) -> None:
    port, pause = free_port(), amount(1, 10)
    with (
        contextlib.ExitStack() as first,
        app_server(tmp_path / "data", redis_url=f"redis://127.0.0.1:{port}") as server,
    ):
        cache = first.enter_context(own_valkey(port=port))
        with under_load(server, seconds=pause * 7) as found:
            time.sleep(pause)
            cache.process.send_signal(signal.SIGSTOP)
            time.sleep(pause)
            cache.process.send_signal(signal.SIGCONT)
            time.sleep(pause)
            with redis.Redis.from_url(cache.url) as client:
                client.flushall()
            time.sleep(pause)
            cache.process.kill()
            time.sleep(pause)
            with own_valkey(port=port):
                time.sleep(pause)
        said = server.said()
    measured = found[0]
    print(
        f"Redis stopped, resumed, flushed, killed, restarted: {len(measured.latencies)} answers {measured.statuses}, "
        f"median {measured.percentile(0.5) * 1000:.0f} ms, longest {max(measured.latencies) * 1000:.0f} ms"
    )
    assert set(measured.statuses) == {200}
    assert max(measured.latencies) < LONGEST_SECONDS
    assert "Traceback" not in said
    assert "the cache does not answer" in said
