"""The command line as its users meet it: what it prints, and its exit status."""

import logging
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from taskmanager.cli import main
from tests.factories import PASSWORD
from tests.servers import ROOT, app_server

NOBODY: Any = {"admin_username": "", "admin_password": ""}
COMMANDS = (
    *("serve", "migrate", "openapi", "settings", "version", "users", "keys", "add", "import", "export", "audit"),
    *("backup", "restore", "doctor"),
)


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit status."""

    returncode: int
    stdout: str
    stderr: str


class CommandLine:
    """Runs commands on one data folder, in this process: starting Python for each would take most of the time."""

    def __init__(self, data: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._monkeypatch = monkeypatch
        self._capture = capture

    def __call__(self, *words: str, **settings: str) -> Told:
        with self._monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("TASKMANAGER_")]:
                patch.delenv(name)
            patch.setenv("TASKMANAGER_DATA_DIR", str(self.data))
            patch.setenv("COLUMNS", "120")
            for name, value in settings.items():
                patch.setenv(f"TASKMANAGER_{name.upper()}", value)
            self._capture.readouterr()
            # Serving changes these for its whole process, which here is that of all tests.
            patch.setattr(logging.getLogger(), "handlers", [])
            patch.setattr(logging.getLogger(), "level", logging.WARNING)
            patch.setattr(signal, "signal", lambda *_: None)
            status = main(list(words))
            printed = self._capture.readouterr()
        return Told(status, printed.out, printed.err)


@pytest.fixture
def taskmanager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path / "data", monkeypatch, capsys)


def test_a_process_of_its_own_exits_with_the_status(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "taskmanager", "users", "reset-link", "nobody"]
    environment = {**os.environ, "TASKMANAGER_DATA_DIR": str(tmp_path)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr == "taskmanager: There is no account named nobody; `taskmanager users list` shows all.\n"


def test_help_names_every_command(taskmanager: CommandLine) -> None:
    told = taskmanager("--help")
    assert told.returncode == 0
    for command in COMMANDS:
        assert re.search(rf"^\s+{command}\b", told.stdout, re.MULTILINE), command
    assert "TASKMANAGER_DATA_DIR" in taskmanager("serve", "--help").stdout


def test_an_unknown_command_is_misuse_without_a_traceback(taskmanager: CommandLine) -> None:
    told = taskmanager("sevre")
    assert told.returncode == 2
    assert "sevre" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_account_gets_its_password_by_the_printed_link(taskmanager: CommandLine) -> None:
    added = taskmanager("users", "add", "Anna", "--role", "admin")
    assert added.returncode == 0, added.stderr
    token = re.search(r"/app/reset#token=(\S+)", added.stdout)
    assert token is not None
    with app_server(taskmanager.data, forked=False, **NOBODY) as server, httpx.Client(base_url=server.url) as client:
        chosen = client.post("/reset", json={"reset_token": token[1], "password": PASSWORD})
        assert chosen.status_code == 204, chosen.text
        again = client.post("/reset", json={"reset_token": token[1], "password": PASSWORD})
        assert again.status_code == 403
        signed_in = client.post("/login", json={"username": "anna", "password": PASSWORD})
        assert signed_in.status_code == 200
        assert "no administrator yet" not in server.said()


def test_accounts_are_listed_and_change_roles(taskmanager: CommandLine) -> None:
    assert taskmanager("users", "add", "anna").returncode == 0
    changed = taskmanager("users", "set-role", "anna", "guest")
    assert changed.returncode == 0
    assert re.search(r"anna\s+guest\s+yes", taskmanager("users", "list").stdout)
    assert "/app/reset#token=" in taskmanager("users", "reset-link", "ANNA").stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("users", "add", "anna"), 1, "taken"),
        (("users", "add", "a b"), 2, "username"),
        (("users", "set-role", "nobody", "user"), 1, "no account named nobody"),
        (("users", "set-role", "anna", "king"), 2, "king"),
        (("users", "reset-link", "nobody"), 1, "users list"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    taskmanager: CommandLine, words: tuple[str, ...], status: int, said: str
) -> None:
    assert taskmanager("users", "add", "anna").returncode == 0
    told = taskmanager(*words)
    assert told.returncode == status
    assert said in told.stderr
    assert "Traceback" not in told.stderr


def test_the_last_administrator_stays_one(taskmanager: CommandLine) -> None:
    assert taskmanager("users", "add", "anna", "--role", "admin").returncode == 0
    refused = taskmanager("users", "set-role", "anna", "user")
    assert refused.returncode == 1
    assert "last active administrator" in refused.stderr
    assert taskmanager("users", "add", "ben", "--role", "admin").returncode == 0
    assert taskmanager("users", "set-role", "anna", "user").returncode == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"port": "99999"}, "TASKMANAGER_PORT"),
        ({"registration": "maybe"}, "TASKMANAGER_REGISTRATION"),
        ({"database_url": "mysql://x"}, "postgresql+asyncpg://"),
        ({"public_url": "tasks.example.org"}, "https://tasks.example.org"),
        ({"admin_username": "anna", "admin_password": "too short"}, "at least 15 characters"),
        ({"admin_username": "anna", "admin_password_file": "/nowhere"}, "ADMIN_PASSWORD_FILE"),
        ({"master_secret_file": "/nowhere"}, "master secret"),
        ({"trusted_proxies": "everyone"}, "everyone"),
        ({"metrics_token": "too short"}, "METRICS_TOKEN must have at least 16"),
        ({"metrics_token_file": "/nowhere"}, "METRICS_TOKEN_FILE"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    taskmanager: CommandLine, settings: dict[str, str], said: str
) -> None:
    told = (
        taskmanager("serve", "--port", "0", **settings) if "port" not in settings else taskmanager("serve", **settings)
    )
    assert told.returncode == 1
    assert said in told.stderr
    assert "Traceback" not in told.stderr


def test_a_taken_port_names_its_holder_and_the_option(taskmanager: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = taskmanager("serve", "--port", str(port))
    assert told.returncode == 1
    assert f"port {port} is in use" in told.stderr
    assert f"process {os.getpid()}" in told.stderr
    assert "--port" in told.stderr


def test_the_first_start_prints_a_set_up_link_that_works_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with app_server(data, forked=False, **NOBODY) as server, httpx.Client(base_url=server.url) as client:
        token = re.search(r"/app/setup#token=(\S+)", server.said())
        assert token is not None
        assert client.get("/setup").json()["setup_required"] is True
        body = {"setup_token": token[1], "username": "anna", "password": PASSWORD}
        assert client.post("/setup", json=body | {"setup_token": "wrong"}).status_code == 403
        assert client.post("/setup", json=body).status_code == 201
        assert client.post("/setup", json=body | {"username": "ben"}).status_code == 403
        assert client.get("/setup").json()["setup_required"] is False
    assert (data / "master.key").stat().st_mode & 0o777 == 0o600


def test_ctrl_c_while_the_program_is_loaded_leaves_no_traceback() -> None:
    interrupted = """
import signal, sys

class Finder:
    def find_spec(self, name, *_):
        if name == "taskmanager.cli":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Finder())
import taskmanager.__main__
"""
    done = subprocess.run([sys.executable, "-c", interrupted], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_the_server_stops_cleanly(tmp_path: Path, kind: signal.Signals) -> None:
    with app_server(tmp_path / "data", forked=False) as server:
        server.process.send_signal(kind)
        server.process.wait(10)
        assert "Traceback" not in server.said()
        assert server.process.returncode == (0 if kind == signal.SIGTERM else 130)


def test_documents_are_printed(taskmanager: CommandLine) -> None:
    assert '"openapi": "3.1.0"' in taskmanager("openapi").stdout
    assert taskmanager("settings", "--markdown").stdout == (ROOT / "docs/settings.md").read_text()
    assert taskmanager("settings", "--env").stdout == (ROOT / ".env.example").read_text()
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", taskmanager("version").stdout)
