"""HAProxy before several nodes, where the machine has it."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence

from tests.services.poolers import _listens
from tests.services.process import Server, ServiceError, free_port, running, scratch_folder

SETTINGS = """
global
    maxconn 2000
defaults
    mode http
    timeout connect 1s
    timeout check 1s
    timeout queue 2s
    timeout client 60s
    timeout server 60s
    option forwardfor
    # A request that no node has taken yet goes to the next one; none is ever sent twice.
    option redispatch 1
    retries 3
    retry-on conn-failure
frontend all
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk
    http-check send meth GET uri /health/ready ver HTTP/1.1 hdr Host localhost
    default-server check inter 250ms fall 2 rise 1
{nodes}
"""


@contextlib.contextmanager
def own_haproxy(nodes: Sequence[int], port: int | None = None) -> Iterator[Server]:
    """Yield an HAProxy that shares requests out among the nodes at these ports which say that they are ready."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None:
        message = "No HAProxy here. Install it: apt-get install haproxy"
        raise ServiceError(message)
    port = port or free_port()
    lines = "\n".join(f"    server node{number} 127.0.0.1:{node}" for number, node in enumerate(nodes))
    with scratch_folder() as folder:
        settings = folder / "haproxy.cfg"
        settings.write_text(SETTINGS.format(port=port, nodes=lines))
        command = [program, "-f", str(settings), "-db"]
        with running(command, lambda _: _listens(port), log=folder / "log") as process:
            yield Server(f"http://127.0.0.1:{port}", port, process)
