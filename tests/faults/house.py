"""A whole installation: two nodes behind a balancer, PostgreSQL, Redis; each can be ended and begun again."""

import contextlib
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.faults.test_database_outage import _data_of, _signal_all
from tests.servers import AppServer, app_server
from tests.services import Server, free_port, own_haproxy, own_postgres, own_valkey

SECONDS = 20


class House:
    """Whatever is begun again comes back at the same address, with what it keeps on disk and nothing else."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._data, self._stack = data, stack
        self.first_database = self.database = self._enter(own_postgres())
        self.cache = self._enter(own_valkey())
        self._ports = [free_port(), free_port()]
        self.nodes: list[AppServer] = [self._node(port) for port in self._ports]
        self.balancer = self._enter(own_haproxy(self._ports))
        self.url = self.balancer.url

    def _enter(self, part: AbstractContextManager[Any]) -> Any:
        return self._stack.enter_context(part)

    def _node(self, port: int) -> AppServer:
        settings: dict[str, Any] = {
            "database_url": self.first_database.url,
            "redis_url": self.cache.url,
            "trusted_proxies": "127.0.0.1",
            "access_token_minutes": "60",
            "drain_seconds": "1.5",
            "log_level": "warning",
        }
        node: AppServer = self._enter(app_server(self._data, port=port, **settings))
        return node

    def begin_node(self, number: int) -> None:
        self.nodes[number] = self._node(self._ports[number])

    def begin_cache(self) -> None:
        self.cache = self._enter(own_valkey(port=self.cache.port))

    def begin_database(self) -> None:
        first = self.first_database
        self.database = self._enter(own_postgres(data=_data_of(first), port=first.port))

    def begin_balancer(self) -> None:
        self.balancer = self._enter(own_haproxy(self._ports, self.balancer.port))

    def signal_database(self, how: signal.Signals) -> None:
        _signal_all(self.database, how)

    def all_seen(self) -> None:
        """Wait until the balancer sends requests to both nodes again."""
        deadline = time.monotonic() + SECONDS
        for node in self.nodes:
            while not _is_ready(node.url):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        time.sleep(0.6)  # two of its checks


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=2).is_success
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def whole_house(data: Path) -> Iterator[House]:
    """Yield an installation of this test's own."""
    with ExitStack() as stack:
        yield House(data, stack)


def end(process: Server | AppServer, how: signal.Signals = signal.SIGKILL) -> None:
    """End a part of the house and wait until it is gone."""
    process.process.send_signal(how)
    process.process.wait()
