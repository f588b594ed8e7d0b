"""Several Valkey servers: one behind a sentinel, with a replica to take over, and a cluster."""

import contextlib
import functools
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis

from tests.services.process import Server, ServiceError, free_port, running, scratch_folder
from tests.services.valkey import _answers, _binary, own_valkey

SERVICE = "tasks"
SECONDS = 20
BUS = 10_000


@dataclass(frozen=True)
class Sentinels:
    """A server, its replica, and the sentinel that names the one that serves; nobody is at the URL's first host."""

    url: str
    first: Server
    second: Server
    sentinel: Server


@contextlib.contextmanager
def own_sentinels() -> Iterator[Sentinels]:
    """Yield a server and a replica under a sentinel that lets the replica take over after a quarter of a second."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(own_valkey("--repl-diskless-sync-delay", "0"))
        second = stack.enter_context(own_valkey("--replicaof", f"127.0.0.1 {first.port}"))
        _until(lambda: _client(second).info("replication")["master_link_status"] == "up", "the replica")
        port, folder = free_port(), stack.enter_context(scratch_folder())
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {first.port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} 250\nsentinel failover-timeout {SERVICE} 3000\n"
        )
        command = [_binary(), str(settings), "--sentinel"]
        ready = functools.partial(_answers, port)
        process = stack.enter_context(running(command, ready, log=folder / "log"))
        sentinel = Server(f"redis://127.0.0.1:{port}", port, process)
        # Else there is nobody whom it could let take over.
        _until(lambda: _client(sentinel).sentinel_slaves(SERVICE), "the sentinel")
        yield Sentinels(
            f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{port}/{SERVICE}/3", first, second, sentinel
        )


@contextlib.contextmanager
def own_cluster() -> Iterator[str]:
    """Yield the URL of a cluster of two servers, each with half of the slots."""
    with contextlib.ExitStack() as stack:
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--databases", "1")
        nodes = [stack.enter_context(own_valkey(*options, port=_port_of_a_node())) for _ in range(2)]
        clients = [_client(node) for node in nodes]
        for client, slots in zip(clients, ((0, 8191), (8192, 16383)), strict=True):
            client.execute_command("CLUSTER ADDSLOTSRANGE", *slots)
        clients[0].execute_command("CLUSTER MEET", "127.0.0.1", nodes[1].port)
        for client in clients:
            _until(lambda one=client: one.execute_command("CLUSTER INFO")["cluster_state"] == "ok", "the cluster")
        yield f"redis+cluster://127.0.0.1:{nodes[0].port}"


def _port_of_a_node() -> int:
    """Return a free port; the nodes talk to each other on the one 10,000 above."""
    while True:
        port = free_port()
        if port + BUS < 2**16:
            with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port + BUS)):
                return port


def _client(server: Server) -> Any:
    return redis.Redis(port=server.port, decode_responses=True)


def _until(holds: Any, what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            message = f"{what} did not come to work within {SECONDS} s"
            raise ServiceError(message)
        time.sleep(0.02)
