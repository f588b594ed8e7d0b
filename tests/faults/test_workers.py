"""`serve --workers`: several processes behave like one server, and the server outlives each of them."""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from taskmanager.supervisor import NoneStartedError, Supervisor
from tests.factories import PASSWORD
from tests.faults import amount
from tests.faults.books import check_books
from tests.faults.ledger import Ledger
from tests.faults.test_worker import refused
from tests.servers import ADMIN, PROGRAM, AppServer, app_server, environment_of
from tests.services import own_postgres, own_valkey
from tests.services.process import alive

pytestmark = pytest.mark.faults

WORKERS = 2
SECONDS_TO_STOP = 10
AT_ONCE = 3


@dataclass(frozen=True)
class House:
    """A PostgreSQL and a Redis of this module's own, and the data folder that goes with them."""

    data: Path
    database_url: str
    redis_url: str

    @contextlib.contextmanager
    def server(self, **settings: Any) -> Iterator[AppServer]:
        ours: dict[str, Any] = {
            "database_url": self.database_url,
            "redis_url": self.redis_url,
            "access_token_minutes": "60",
        }
        with app_server(self.data, workers=str(WORKERS), **ours, **settings) as server:
            until(lambda: len(children(server)) == WORKERS)
            yield server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with own_postgres() as database, own_valkey() as cache:
        yield House(tmp_path_factory.mktemp("house") / "data", database.url, cache.url)


def children(server: AppServer) -> list[int]:
    """Return the processes that serve."""
    text = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


def replaced(server: AppServer, gone: int) -> bool:
    return len(set(children(server)) - {gone}) == WORKERS


def until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


async def test_a_process_that_is_killed_or_hangs_is_replaced(house: House) -> None:
    seed = random.randrange(2**32)  # noqa: S311 - repeatable
    with house.server() as server:
        ledger = Ledger(server.url, seed)
        await ledger.sign_in()
        for _ in range(amount(2, 20)):
            before = children(server)
            stop = asyncio.Event()
            writing = asyncio.create_task(ledger.write_until(stop))
            await asyncio.sleep(0.3)
            os.kill(before[0], signal.SIGKILL)
            await asyncio.sleep(0.3)
            stop.set()
            await writing
            await ledger.settle()
            await asyncio.to_thread(until, partial(replaced, server, before[0]))
        print(f"seed {seed}: {ledger.acknowledged} writes acknowledged, {ledger.recovered} recovered by their key")
        assert "another one takes its place" in server.said()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(SECONDS_TO_STOP) == 130
    await check_books(house.data, house.database_url)


def test_told_to_stop_it_drains_and_finishes(house: House) -> None:
    with house.server(drain_seconds="1") as server, httpx.Client(base_url=server.url) as client:
        processes = children(server)
        login = {"username": ADMIN, "password": PASSWORD}
        bearer = client.post("/login", json=login).raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {bearer}"}
        with client.stream("GET", "/events", headers=headers) as stream, ThreadPoolExecutor(8) as pool:
            lines = stream.iter_lines()
            next(lines)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: httpx.get(f"{server.url}/health/ready").status_code == 503)
            # Not yet deaf: who has not heard of it is served, and told to come back on another connection.
            kept = client.get("/me", headers=headers)
            assert (kept.status_code, kept.headers["connection"]) == (200, "close")
            answers = [pool.submit(httpx.post, f"{server.url}/login", json=login, timeout=30) for _ in range(8)]
            assert [answer.result().status_code for answer in answers] == [200] * 8
            assert 'data: {"reason": "shutdown"}' in list(lines)
        assert server.process.wait(SECONDS_TO_STOP) == 0
        assert not any(alive(one) for one in processes)
        said = server.said()
        assert "Traceback" not in said, said


def test_none_outlives_the_parent(house: House) -> None:
    with house.server() as server:
        processes = children(server)
        server.process.kill()
        server.process.wait(SECONDS_TO_STOP)
        until(lambda: not any(alive(one) for one in processes), seconds=5)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.url}/health/live")


def test_more_than_one_needs_redis(tmp_path: Path) -> None:
    assert "TASKMANAGER_WORKERS=2 needs TASKMANAGER_REDIS_URL" in refused(tmp_path, "serve", workers="2")


async def test_where_none_can_start_all_is_ended() -> None:
    supervisor = Supervisor(lambda _: [sys.executable, "-c", "raise SystemExit(3)"], WORKERS, [])
    with pytest.raises(NoneStartedError):
        await supervisor.run(1)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_many_that_start_at_once_migrate_once(engine: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        settings = {"database_url": stack.enter_context(own_postgres()).url} if engine == "postgresql" else {}
        environment = {**os.environ, **environment_of(tmp_path / "data", **settings)}
        starts = [
            subprocess.Popen([*PROGRAM, "migrate"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for _ in range(AT_ONCE)
        ]
        told = [(start.communicate(timeout=60)[1], start.returncode) for start in starts]
    assert [status for _, status in told] == [0] * AT_ONCE, told
