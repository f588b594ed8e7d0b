"""Where one request ends and the next begins is never in doubt, so nothing is smuggled past a proxy (ASVS 4.2.1)."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.servers import AppServer, app_server

SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
DOUBTFUL = {
    "both": f"{CHUNKED}Content-Length: {5 + len(SMUGGLED)}\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "two lengths in one": f"Content-Length: 0, {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "a signed length": f"Content-Length: +0\r\n\r\n{SMUGGLED}",
    "an unknown coding": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunked not last": f"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a blank before the colon": f"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a folded header": f"X-Header: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a bare line feed": f"Transfer-Encoding: chunked\nX: y\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a chunk of no size": f"{CHUNKED}\r\nx\r\n\r\n{SMUGGLED}",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    with app_server(tmp_path_factory.mktemp("framing") / "data") as running:
        yield running


def answer(server: AppServer, headers_and_body: str) -> str:
    """Return everything that the server answers to one connection."""
    message = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{headers_and_body}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(message.encode())
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    return received.decode()


def test_what_is_clear_is_answered_one_by_one(server: AppServer) -> None:
    following = "GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    received = answer(server, f"{CHUNKED}\r\n0\r\n\r\n{following}")
    assert (received.count("HTTP/1.1 422"), received.count("HTTP/1.1 404")) == (1, 1), received


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_what_is_doubtful_is_refused_and_nothing_after_it_is_read(server: AppServer, doubt: str) -> None:
    received = answer(server, DOUBTFUL[doubt])
    assert received.startswith("HTTP/1.1 400"), received
    assert received.count("HTTP/1.1 ") == 1
    assert "/smuggled" not in server.said()
