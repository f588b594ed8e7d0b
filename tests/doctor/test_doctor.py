"""`taskmanager doctor`: all is well where it is, and each trouble has its line, its advice and its exit status."""

import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine

from taskmanager.kit import migrate, sqlite
from taskmanager.kit.settings import Settings, unknown_names
from tests.cli.test_cli import CommandLine
from tests.services import free_port, own_valkey

Ask = Callable[..., tuple[int, dict[str, list[tuple[str, str, str]]]]]


@pytest.fixture
def ask(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return what asks the doctor, with further settings, and returns its status and its findings by check."""
    line = CommandLine(settings.data_dir, monkeypatch, capsys)

    def run(**further: str) -> tuple[int, dict[str, list[tuple[str, str, str]]]]:
        given = {"database_url": settings.database_url, "redis_url": settings.redis_url, **further}
        told = line("doctor", "--json", **given)
        report = json.loads(told.stdout)
        assert (told.returncode == 1) == (report["status"] == "fail")
        found: dict[str, list[tuple[str, str, str]]] = {}
        for one in report["findings"]:
            assert bool(one["advice"]) == (one["level"] != "ok")
            found.setdefault(one["check"], []).append((one["level"], one["found"], one["advice"]))
        return told.returncode, found

    return run


@pytest.fixture
def well(settings: Settings, tmp_path: Path) -> dict[str, str]:
    """Return settings with which nothing is amiss."""
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").touch()
    (settings.data_dir).mkdir(exist_ok=True)
    secret = settings.data_dir / "master.key"
    secret.write_bytes(os.urandom(48).hex().encode())
    secret.chmod(0o600)
    return {"web_dir": str(web)}


def levels(findings: list[tuple[str, str, str]]) -> set[str]:
    return {level for level, _, _ in findings}


def test_all_is_well(ask: Ask, well: dict[str, str], backend: str) -> None:
    status, found = ask(**well)
    assert status == (backend == "postgresql")  # of tests, which is quick rather than safe
    told = {"settings", "python", "database", "revision", "keys", "work", "cache", "secrets", "disk", "mail", "address"}
    assert found.keys() == told | {"web"} | ({"clock"} if backend == "postgresql" else set())
    trouble = {(check, one) for check, all_ in found.items() for one in all_ if one[0] != "ok"}
    # What the services of tests are: without a limit of memory, and without fsync.
    assert {check for check, _ in trouble} <= ({"cache", "database"} if backend == "postgresql" else set())


def test_each_trouble_has_its_line(ask: Ask, well: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    (settings.data_dir / "master.key").chmod(0o644)
    open_to_all = tmp_path / "smtp"
    open_to_all.write_text(f"smtp://127.0.0.1:{free_port()}")
    status, found = ask(
        web_dir=str(tmp_path / "nowhere"),
        rate_limits="off",
        redis_ulr="redis://x",
        public_url="https://tasks.example.org",
        smtp_url_file=str(open_to_all),
        redis_url=f"redis://127.0.0.1:{free_port()}",
        insecure_cookies="on",
        registration="open",
    )
    assert status == 1
    assert [one[1] for one in found["settings"] if "REDIS_ULR" in one[1]]
    assert [one[0] for one in found["settings"]] == ["warn", "fail", "warn", "warn"]
    assert {check: levels(found[check]) for check in ("web", "mail", "cache", "address")} == {
        "web": {"warn"},
        "mail": {"fail"},
        "cache": {"fail"},
        "address": {"warn"},
    }
    assert [one[0] for one in found["secrets"]] == ["fail", "ok"]
    assert "chmod 600" in found["secrets"][0][2]


@pytest.mark.only_on("sqlite")
def test_what_cannot_be_used_is_told(
    ask: Ask, well: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.downgrade(settings, "0012")
    assert ask(**well)[1]["revision"][0][0] == "warn"
    monkeypatch.setattr(sqlite.driver(), "sqlite_version_info", (3, 40, 1))
    assert levels(ask(**well)[1]["database"]) == {"warn", "ok"}
    (settings.data_dir / "taskmanager.db").write_bytes(b"no database at all" * 500)
    status, found = ask(**well)
    assert (status, levels(found["database"])) == (1, {"fail"})
    (settings.data_dir / "taskmanager.db").unlink()
    assert levels(ask(**well)[1]["database"]) == {"warn"}
    assert ask(**well, jwt_algorithm="none")[1]["settings"][0][0] == "fail"
    status, found = ask(**well, public_url="http://tasks.example.org", trusted_proxies="0.0.0.0/0", host="::")
    assert (status, [one[0] for one in found["address"]]) == (1, ["fail", "fail"])
    assert levels(ask(**well, host="::")[1]["address"]) == {"warn"}


@pytest.mark.only_on("postgresql")
def test_a_clock_that_is_wrong_and_a_server_of_quick_tests(ask: Ask, well: dict[str, str]) -> None:
    _, found = ask(**well)
    assert "fsync is off" in {one[1].partition(":")[0] for one in found["database"]}
    with time_machine.travel(time.time() + 5):
        status, found = ask(**well)
    assert (status, levels(found["clock"])) == (1, {"fail"})
    status, found = ask(**well, database_url=f"postgresql+asyncpg://a@127.0.0.1:{free_port()}/b")
    assert (status, levels(found["database"]), "clock" in found) == (1, {"fail"}, False)


@pytest.mark.only_on("sqlite")
def test_a_cache_is_judged(ask: Ask, well: dict[str, str]) -> None:
    for options, expected in (
        (("--maxmemory", "10mb", "--maxmemory-policy", "allkeys-lru"), ["ok", "ok"]),
        (("--maxmemory", "10mb", "--maxmemory-policy", "noeviction"), ["ok", "warn"]),
    ):
        with own_valkey(*options) as server:
            assert [one[0] for one in ask(**well, redis_url=server.url)[1]["cache"]] == expected


@pytest.mark.only_on("sqlite")
def test_people_get_lines(settings: Settings, monkeypatch: Any, capsys: Any) -> None:
    told = CommandLine(settings.data_dir, monkeypatch, capsys)("doctor")
    assert told.stdout.count("\n") > 8
    assert "ok   python" in told.stdout
    assert socket.gethostname() not in told.stderr


def test_what_only_prepares_the_program_is_not_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMANAGER_WEB_BUILD", "off")
    monkeypatch.setenv("TASKMANAGER_WEB_BILD", "off")
    found = unknown_names()
    assert "TASKMANAGER_WEB_BILD" in found
    assert "TASKMANAGER_WEB_BUILD" not in found
