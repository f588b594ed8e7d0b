"""The disk is full: writes are refused with a code, reads go on, and room is all it takes to recover."""

import asyncio
import contextlib
import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.books import check_books
from tests.faults.test_crowd import sign_in
from tests.servers import AppServer, app_server

pytestmark = pytest.mark.faults

MIB = 1024 * 1024
REFUSED = {503, 507}
SECONDS_TO_RECOVER = 10


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount 16 MiB at ``folder`` if this machine lets us; yield whether it did."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no byte free on a disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def limited(server: AppServer, data: Path) -> Iterator[None]:
    """Let no file of the server grow, which is what a full disk looks like to it."""
    largest = max(path.stat().st_size for path in data.iterdir())
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


def _add(client: httpx.Client) -> httpx.Response:
    return client.post("/tasks", json={"title": "A task", "description": "x" * 50_000, "labels": ["big"]})


def _until(wanted: Callable[[int], bool], client: httpx.Client) -> httpx.Response:
    """Add tasks until the answer is the wanted one."""
    end = time.monotonic() + SECONDS_TO_RECOVER
    answer = _add(client)
    while not wanted(answer.status_code) and time.monotonic() < end:
        answer = _add(client)
    return answer


def test_a_full_disk_refuses_writes_and_nothing_else(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk) as mounted:
        data = disk / "data"
        # The log lies beside the data folder, so it fills up with it: the server must bear that too.
        with app_server(data) as server:
            headers = {"Authorization": f"Bearer {sign_in(server)}"}
            with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
                kept = [_add(client).raise_for_status().json()["id"] for _ in range(3)]
                with filled(disk) if mounted else limited(server, data):
                    refused = _until(lambda status: status != 201, client)
                    assert refused.status_code in REFUSED, refused.text
                    assert refused.headers["Content-Type"] == "application/problem+json"
                    assert refused.json()["code"]
                    for task_id in kept:
                        assert client.get(f"/tasks/{task_id}").status_code == 200
                    page = client.get("/tasks", params={"limit": 200})
                    assert page.status_code == 200
                    assert _add(client).status_code in REFUSED
                    before = len(page.json()["items"])
                assert _until(lambda status: status == 201, client).status_code == 201
                assert len(client.get("/tasks", params={"limit": 200}).json()["items"]) == before + 1
            assert server.process.poll() is None
        asyncio.run(check_books(data))
    print(f"full disk ({'tmpfs' if mounted else 'RLIMIT_FSIZE'}): refused with {refused.json()['code']}")
