"""Clients that go away in the middle of a request: no traceback, and nobody else notices."""

import contextlib
import socket
import struct
from pathlib import Path

import httpx
import pytest

from bench.load import request
from tests.faults import amount
from tests.faults.test_crowd import sign_in
from tests.servers import app_server

pytestmark = pytest.mark.faults

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset."""


def _abort(port: int, message: bytes, *, reset: bool) -> None:
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as connection:
        connection.sendall(message)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def test_aborted_requests_leave_no_traceback(tmp_path: Path) -> None:
    with app_server(tmp_path / "data") as server:
        token = sign_in(server)
        whole = request("POST", "/tasks", token=token, body=b'{"title": "' + b"x" * 400 + b'"}')
        chunked = request("POST", "/tasks", token=token, Transfer_Encoding="chunked", Content_Type="application/json")
        cut = [
            whole[:40],
            whole[:-300],
            chunked + b"190\r\n" + b'{"title": "x',
            # Complete, but nobody waits for the answer.
            whole,
            request("GET", "/tasks", token=token),
        ]
        for _ in range(amount(20, 500)):
            for message in cut:
                _abort(server.port, message, reset=False)
                _abort(server.port, message, reset=True)
        headers = {"Authorization": f"Bearer {token}"}
        answer = httpx.get(f"{server.url}/tasks", headers=headers, timeout=30)
        assert answer.status_code == 200
        made = {task["title"] for task in answer.json()["items"]}
        assert made <= {"x" * 400}, "half a body became a task"
        said = server.said()
    assert "Traceback" not in said, said[-3000:]
    assert " 500 " not in said
