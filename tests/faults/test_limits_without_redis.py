"""Tries to sign in at two processes: counted together through Redis, by each for itself without; never a 500."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from taskmanager.auth.quotas import SIGN_IN_PAIR
from tests.factories import PASSWORD
from tests.servers import ADMIN, AppServer, app_server
from tests.services import own_valkey

pytestmark = pytest.mark.faults

FREE = SIGN_IN_PAIR.quota
SILENCE_SECONDS = 1.5


def guess(servers: tuple[AppServer, ...], count: int, name: str = ADMIN) -> Counter[int]:
    """Try wrong passwords, at each server in turn."""
    body = {"username": name, "password": "a wrong password"}
    return Counter(
        httpx.post(f"{servers[number % len(servers)].url}/login", json=body, timeout=30).status_code
        for number in range(count)
    )


@contextlib.contextmanager
def two_servers(data: Path, redis_url: str) -> Iterator[tuple[AppServer, AppServer]]:
    with app_server(data, redis_url=redis_url, rate_limits="on") as one:
        with app_server(data, redis_url=redis_url, rate_limits="on") as other:
            yield one, other
        assert "Traceback" not in one.said()


def test_L6_two_processes_count_together_and_without_redis_each_for_itself(tmp_path: Path) -> None:
    with own_valkey() as redis, two_servers(tmp_path / "data", redis.url) as servers:
        assert guess(servers, 2 * FREE, "anna") == {401: FREE, 429: FREE}
        redis.process.kill()
        redis.process.wait()
        time.sleep(SILENCE_SECONDS)
        counted = guess(servers, 4 * FREE, "anna")
        assert counted == {401: 2 * FREE, 429: 2 * FREE}
        with own_valkey(port=redis.port):
            time.sleep(SILENCE_SECONDS)
            # The breaker asks once whether Redis is back.
            guess(servers, 2, "somebody")
            assert guess(servers, 2 * FREE, "anna") == {401: FREE, 429: FREE}
            right = {"username": ADMIN, "password": PASSWORD}
            assert [httpx.post(f"{one.url}/login", json=right).status_code for one in servers] == [200, 200]


def test_the_start_says_loudly_that_limits_are_off(tmp_path: Path) -> None:
    for word, loud in (("off", True), ("on", False)):
        with app_server(tmp_path / word, rate_limits=word) as server:
            assert ("RATE LIMITS ARE OFF" in server.said()) is loud
