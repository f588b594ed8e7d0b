"""A TCP proxy before a local server, for tests that make it slow."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

PIECE = 65_536


class Proxy:
    """Forwards connections to ``target``; ``delay`` is how long each answer is held back, in seconds."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.delay = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            with server:
                threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
                self._pump(server, client, answers=True)

    def _pump(self, source: socket.socket, sink: socket.socket, *, answers: bool = False) -> None:
        with contextlib.suppress(OSError):  # one of the two has gone
            while piece := source.recv(PIECE):
                if answers:
                    time.sleep(self.delay)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


@contextlib.contextmanager
def slow_proxy(target: int) -> Iterator[Proxy]:
    """Yield a proxy to a local port until the block ends."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
