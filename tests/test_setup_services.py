"""The services of the tests themselves, and the runner that starts them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import pytest
import redis

from tests.services import ServiceError, chromium, own_postgres, own_valkey, postgres_server, valkey_server
from tests.services.postgres import binaries_for_all, find_binaries
from tests.services.process import alive, scratch_folder

ROOT = Path(__file__).resolve().parent.parent

RUN = """
import os, signal
from tests.services import own_postgres, own_valkey
with own_valkey() as cache, own_postgres() as database:
    print(cache.process.pid, database.process.pid, flush=True)
    signal.pause()
"""


async def test_each_server_answers_as_what_it_is() -> None:
    with own_valkey() as cache, own_postgres() as database:
        with redis.Redis.from_url(f"{cache.url}/255") as client:
            assert client.set("word", "kept")
            assert client.get("word") == b"kept"
        connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
        try:
            assert await connection.fetchval("SELECT usesuper FROM pg_user WHERE usename = current_user") is True
            assert await connection.fetchval("SELECT lower('ÄÉ') || current_setting('max_connections')") == "äé200"
        finally:
            await connection.close()
    assert [alive(server.process.pid) for server in (cache, database)] == [False, False]


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_no_server_outlives_its_run(ending: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        servers = [int(word) for word in run.stdout.readline().split()]
        assert [alive(server) for server in servers] == [True, True]
        folders = list(Path(tempfile.gettempdir()).glob(f"taskmanager-test-{run.pid}-*"))
        assert len(folders) == 2
        run.send_signal(ending)
    deadline = time.monotonic() + 10
    while any(map(alive, servers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [alive(server) for server in servers] == [False, False]
    with scratch_folder():
        assert not any(folder.exists() for folder in folders)


def test_a_server_that_was_stopped_still_ends() -> None:
    with own_valkey() as cache:
        os.kill(cache.process.pid, signal.SIGSTOP)
    assert not alive(cache.process.pid)


def test_a_server_that_cannot_start_says_why() -> None:
    with own_valkey() as cache, pytest.raises(ServiceError) as problem, own_valkey(port=cache.port):
        pass
    assert "did not start (status 1)" in str(problem.value)
    assert "Address already in use" in str(problem.value)


def test_given_servers_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMANAGER_TEST_REDIS_URL", "redis://elsewhere")
    monkeypatch.setenv("TASKMANAGER_TEST_DATABASE_URL", "postgresql+asyncpg://elsewhere/x")
    with valkey_server() as cache, postgres_server() as database:
        assert (cache, database) == ("redis://elsewhere", "postgresql+asyncpg://elsewhere/x")


def test_a_wrong_browser_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(chromium()).exists()
    monkeypatch.setenv("CHROME", "/nowhere/chrome")
    with pytest.raises(ServiceError, match="does not start"):
        chromium()


def test_binaries_that_only_their_owner_may_read_are_copied(tmp_path: Path) -> None:
    installed = find_binaries()
    package = installed.parent.parent
    own = tmp_path / "own"
    shutil.copytree(installed.parent, own / package.name / installed.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, own / libraries.name, symlinks=True)
    own.chmod(0o700)
    copies = tmp_path / "copies"
    copy = binaries_for_all(own / package.name / installed.parent.name / "bin", copies)
    assert copy.is_relative_to(copies)
    shutil.rmtree(own)
    result = subprocess.run([copy / "initdb", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("initdb (PostgreSQL)")


@pytest.mark.parametrize(("body", "status", "last"), [("pass", 0, "Passed: pytest"), ("assert 0", 1, "FAILED: pytest")])
def test_the_runner_ends_with_a_plain_line(tmp_path: Path, body: str, status: int, last: str) -> None:
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    {body}\n")
    environment = {**os.environ, "TASKMANAGER_TEST_REDIS_URL": "redis://none", "TASKMANAGER_TEST_DATABASE_URL": "none"}
    result = subprocess.run(
        [sys.executable, "-m", "tests", str(tmp_path), "-n", "0", "-c", os.devnull, "--rootdir", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == status, result.stdout
    summary, closing = result.stdout.rstrip().splitlines()[-2:]
    assert ("1 passed" in summary) == (status == 0)
    assert closing.startswith(last)
