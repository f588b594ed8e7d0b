"""Two nodes behind a real HAProxy: rolling restarts, and each part ended in its turn. The long form only."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.factories import PASSWORD
from tests.faults import LONG
from tests.faults.books import check_books
from tests.faults.house import House, end, whole_house
from tests.faults.ledger import Attempt, Ledger
from tests.faults.test_cache_outage import _at_work
from tests.servers import ADMIN

pytestmark = [pytest.mark.faults, pytest.mark.skipif(not LONG, reason="the long form: needs HAProxy")]

ELSEWHERE_SECONDS = 1.0
MOST_SECONDS_TO_RECOVER = 5.0


@dataclass
class Tries:
    """What came of every request that was sent, the repeated ones too."""

    begun: list[float] = field(default_factory=list)
    acknowledged: list[tuple[float, float]] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)

    def recovered(self, since: float) -> float:
        """Return how long after ``since`` the first write was acknowledged that was sent after it."""
        return min(ended for begun, ended in self.acknowledged if begun >= since) - since


class Steadfast(Ledger):
    """Clients that send a write again with the same key until it is acknowledged, as they should."""

    def __init__(self, url: str, seed: int) -> None:
        super().__init__(url, seed)
        self.tries = Tries()

    async def _send(self, client: httpx.AsyncClient, attempt: Attempt) -> None:
        while True:
            begun = time.monotonic()
            self.tries.begun.append(begun)
            try:
                await super()._send(client, attempt)
            except httpx.TransportError as error:
                kind = type(error).__name__
            except AssertionError as error:
                kind = str(error).split(": ", 1)[1][:3]
                if kind not in {"502", "503", "504", "409"}:
                    raise
            else:
                self.tries.acknowledged.append((begun, time.monotonic()))
                return
            self.tries.failed[kind] = self.tries.failed.get(kind, 0) + 1
            await asyncio.sleep(0.1)


@dataclass
class Leaver:
    """Signs in and out through the balancer, and goes on to show each node what it signed out with."""

    house: House
    ended: list[tuple[str, float]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def leave(self) -> None:
        with httpx.Client(timeout=3) as client:
            try:
                body = {"username": ADMIN, "password": PASSWORD}
                answer = client.post(f"{self.house.url}/login", json=body)
                if answer.status_code == 200:
                    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
                    client.get(f"{self.house.url}/me", headers=headers)
                    client.get(f"{self.house.url}/me", headers=headers)
                    if client.post(f"{self.house.url}/logout", headers=headers).status_code == 204:
                        self.ended.append((headers["Authorization"], time.monotonic()))
            except httpx.TransportError:
                time.sleep(0.1)
            for bearer, since in self.ended[-8:]:
                self._show(client, bearer, since)

    def _show(self, client: httpx.Client, bearer: str, since: float) -> None:
        for node in self.house.nodes:
            asked = time.monotonic()
            try:
                answer = client.get(f"{node.url}/me", headers={"Authorization": bearer}, timeout=1)
            except httpx.TransportError:
                continue
            if answer.status_code == 200 and asked - since > ELSEWHERE_SECONDS:
                self.accepted.append(f"{asked - since:.2f} s after it was signed out, port {node.port}")


Fault = tuple[str, Callable[[], object], float, Callable[[], object]]


def _faults(house: House) -> Iterator[Fault]:
    """Yield each fault: its name, how it begins, how long it lasts, how it ends."""
    nodes = house.nodes

    def both() -> None:
        end(nodes[0])
        end(nodes[1])

    def begin_both() -> None:
        house.begin_node(0)
        house.begin_node(1)

    yield "a node killed", lambda: end(nodes[0]), 1.5, lambda: house.begin_node(0)
    yield "a node told to stop", lambda: end(nodes[1], signal.SIGTERM), 0.5, lambda: house.begin_node(1)
    stop, go = signal.SIGSTOP, signal.SIGCONT
    yield (
        *("a node standing still", lambda: nodes[0].process.send_signal(stop), 3),
        lambda: nodes[0].process.send_signal(go),
    )
    yield "Redis killed", lambda: end(house.cache), 1.5, house.begin_cache
    cache = house.cache
    yield "Redis standing still", lambda: cache.process.send_signal(stop), 2, lambda: cache.process.send_signal(go)
    yield "PostgreSQL killed", lambda: end(house.database, signal.SIGQUIT), 1, house.begin_database
    yield "PostgreSQL shut down", lambda: end(house.database, signal.SIGINT), 1, house.begin_database
    yield (
        *("PostgreSQL standing still", lambda: house.signal_database(stop), 3),
        lambda: house.signal_database(go),
    )
    yield "the balancer killed", lambda: end(house.balancer), 0.5, house.begin_balancer
    yield "both nodes killed", both, 0.5, begin_both


async def test_each_part_ended_in_its_turn(tmp_path: Path) -> None:
    with whole_house(tmp_path / "data") as house:
        ledger, stop = Steadfast(house.url, seed=11), asyncio.Event()
        await ledger.sign_in()
        leaver, lines = Leaver(house), list[str]()
        writing = asyncio.create_task(ledger.write_until(stop))
        with _at_work(leaver.leave):
            await asyncio.sleep(2)
            for name, begin, seconds, finish in _faults(house):
                tried, failed = len(ledger.tries.begun), sum(ledger.tries.failed.values())
                await asyncio.to_thread(begin)
                await asyncio.sleep(seconds)
                await asyncio.to_thread(finish)
                since = time.monotonic()
                await asyncio.to_thread(house.all_seen)
                await asyncio.sleep(2)
                assert not writing.done(), writing.exception()
                recovered = ledger.tries.recovered(since)
                tried, failed = len(ledger.tries.begun) - tried, sum(ledger.tries.failed.values()) - failed
                lines.append(f"{name}: {tried} tries, {failed / tried:.1%} failed, again after {recovered:.2f} s")
                assert recovered < MOST_SECONDS_TO_RECOVER, lines[-1]
        stop.set()
        await writing
        await ledger.settle()
        await check_books(tmp_path / "data", house.first_database.url)
        said = house.nodes[0].said()
    share = sum(ledger.tries.failed.values()) / len(ledger.tries.begun)
    print("\n".join(lines))
    print(
        f"all: {ledger.acknowledged} writes acknowledged and there, {ledger.recovered} of them answered again by their "
        f"key; {share:.2%} of {len(ledger.tries.begun)} tries failed {ledger.tries.failed}; "
        f"{len(leaver.ended)} tokens signed out, {len(leaver.accepted)} accepted afterwards"
    )
    assert leaver.accepted == []
    assert len(leaver.ended) > 10
    assert " 500 " not in said


def test_rolling_restarts_fail_no_request(tmp_path: Path) -> None:
    statuses: dict[object, int] = {}
    lock = threading.Lock()
    with whole_house(tmp_path / "data") as house:
        with httpx.Client(base_url=house.url) as client:
            body = {"username": ADMIN, "password": PASSWORD}
            token = client.post("/login", json=body).json()["access_token"]
        clients = [
            httpx.Client(base_url=house.url, headers={"Authorization": f"Bearer {token}"}, timeout=30) for _ in range(6)
        ]

        def ask(client: httpx.Client) -> None:
            sends: list[Callable[[], httpx.Response]] = [
                lambda: client.get("/tasks"),
                lambda: client.post("/tasks", json={"title": "While it restarts"}),
                lambda: client.get("/me"),
            ]
            for send in sends:
                try:
                    outcome: object = send().status_code
                except httpx.TransportError as error:
                    outcome = type(error).__name__
                with lock:
                    statuses[outcome] = statuses.get(outcome, 0) + 1

        with ExitStack() as working:
            for client in clients:
                working.enter_context(client)
            for client in clients:
                working.enter_context(_at_work(partial(ask, client)))
            for number in (0, 1, 0, 1, 0, 1):
                end(house.nodes[number], signal.SIGTERM)
                house.begin_node(number)
                house.all_seen()
    print(f"six rolling restarts: {statuses}")
    assert set(statuses) == {200, 201}
