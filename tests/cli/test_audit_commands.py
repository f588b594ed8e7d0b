"""Z9: the audit trail on the command line, and what the start of a server and commands leave in it."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from taskmanager.kit.settings import Settings
from tests.auth.trail import Trail
from tests.cli.test_cli import CommandLine, Told
from tests.factories import PASSWORD
from tests.servers import ADMIN, app_server
from tests.servers import taskmanager as run_taskmanager


class AuditLine(CommandLine):
    """The command line on one installation, on either database."""

    def __init__(self, settings: Settings, *others: Any) -> None:
        super().__init__(settings.data_dir, *others)
        self._settings = settings

    def __call__(self, *words: str, **settings: str) -> Told:
        return super().__call__(*words, database_url=self._settings.database_url, **settings)

    def on_trail(self, *statements: str) -> None:
        """Spoil the trail, then seal what is not sealed."""

        async def work() -> None:
            trail = Trail(self._settings)
            await trail.run(*statements)
            await trail.seal()
            await trail.database.stop()

        asyncio.run(work())

    def records(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self("audit", "export", *words).stdout.splitlines()]


@pytest.fixture
def line(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> AuditLine:
    return AuditLine(settings, monkeypatch, capsys)


def test_z9_verify_says_whether_the_trail_is_whole(line: AuditLine) -> None:
    assert line("users", "add", "anna").returncode == 0
    told = line("audit", "verify")
    assert (told.returncode, told.stderr) == (0, "")
    assert "Not sealed yet: 1" in told.stdout
    line.on_trail()
    told = line("audit", "verify")
    assert told.returncode == 0
    assert "Records checked: 1" in told.stdout
    head = re.search(r"Head: (\S+)", told.stdout)
    assert head is not None
    assert line("audit", "verify", "--head", head[1]).returncode == 0
    other = line("audit", "verify", "--head", head[1][:-1] + ("0" if head[1][-1] != "0" else "1"))
    assert (other.returncode, "does not hold" in other.stderr) == (1, True)
    wrong = line("audit", "verify", "--head", "nonsense")
    assert (wrong.returncode, "1234:" in wrong.stderr) == (1, True)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE audit_events SET ip = 'x' WHERE position = 2", "broken at position 2: the record was edited"),
        ("DELETE FROM audit_events WHERE position = 2", "broken at position 2: a record was removed"),
        ("DELETE FROM audit_events WHERE position > 2", "broken at position 3: this and all newer records"),
        ("DELETE FROM audit_marks", "broken at position 3: the noted end"),
    ],
)
def test_z9_verify_says_where_the_trail_is_broken(line: AuditLine, spoil: str, said: str) -> None:
    for name in ("anna", "ben", "carl"):
        assert line("users", "add", name).returncode == 0
    line.on_trail()
    line.on_trail(spoil)
    told = line("audit", "verify")
    assert told.returncode == 1
    assert said in told.stderr
    assert "whole" not in told.stdout


def test_z9_commands_stand_in_the_trail(line: AuditLine) -> None:
    line("users", "add", "anna", "--role", "admin")
    line("users", "set-role", "anna", "admin")
    line("users", "reset-link", "anna")
    line("users", "add", "ben")
    line("users", "set-role", "ben", "guest")
    line("export")
    records = line.records()
    assert [record["event"] for record in records] == [
        "user_created",
        "password_reset_requested",
        "user_created",
        "privilege_permissions_changed",
        "data_exported",
        "audit_exported",
    ]
    assert {(record["user_agent"], record["ip"], record["request_id"]) for record in records} == {
        ("taskmanager", "", "")
    }
    assert records[0]["detail"] == {"username": "anna", "role": "admin", "by": "command_line"}
    assert records[0]["actor_id"] is None


def test_the_trail_is_taken_out_from_a_time_on(line: AuditLine) -> None:
    line("users", "add", "anna")
    assert len(line.records("--since", "2000-01-01")) == 2
    assert line.records("--since", "2999-01-01T00:00:00") == []
    assert line("audit", "export", "--since", "yesterday").returncode == 2


def test_z9_a_start_is_told_and_the_server_seals(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with app_server(data, insecure_cookies="on") as server, httpx.Client(base_url=server.url) as client:
        assert client.post("/login", json={"username": ADMIN, "password": PASSWORD}).status_code == 200
        end = time.monotonic() + 20
        while "Not sealed yet" in run_taskmanager(data, "audit", "verify"):
            assert time.monotonic() < end
        assert "the audit trail is sealed up to" in server.said()
        assert "plain http" in server.said()
    records = [json.loads(line) for line in run_taskmanager(data, "audit", "export").splitlines()]
    assert [record["event"] for record in records] == [
        "sys_startup",
        "insecure_cookies_on",
        "user_created",
        "authn_login_success",
        "audit_exported",
    ]
    assert records[0]["detail"]["engine"] == "SQLite"
    assert records[2]["detail"] == {"username": ADMIN, "role": "admin", "by": "environment"}
    assert [record["position"] for record in records] == [1, 2, 3, 4, None]
