"""`taskmanager add`: tasks from the terminal."""

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import CommandLine


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """Return the command line of an installation with one administrator, chief, and a guest."""
    taskmanager = CommandLine(tmp_path / "data", monkeypatch, capsys)
    assert taskmanager("users", "add", "chief", "--role", "admin").returncode == 0
    assert taskmanager("users", "add", "visitor", "--role", "guest").returncode == 0
    return taskmanager


def titles(add: CommandLine) -> list[str]:
    return [task["title"] for task in json.loads(add("export").stdout)["tasks"]]


def test_lines_become_tasks(add: CommandLine) -> None:
    told = add("add", "Pay rent #Home p1 2030-01-05 9am {2030-01-06}\n  Find the card", "--create-missing")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "HOME-1  Pay rent",
        "  due 2030-01-05 09:00, project Home, priority 4, deadline 2030-01-06",
        "HOME-2  Find the card",
    ]
    assert sorted(titles(add)) == ["Find the card", "Pay rent"]


def test_a_dry_run_tells_what_is_unknown(add: CommandLine) -> None:
    told = add("add", "x #Home +nobody", "--dry-run")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "A dry run: nothing was written.",
        "x #Home +nobody",
        "  There is no project Home that you could mean; it stays in the title.",
        "  There is no assignee nobody that you could mean; it stays in the title.",
    ]
    assert titles(add) == []


def test_what_is_refused(add: CommandLine) -> None:
    told = add("add", "x +nobody")
    assert (told.returncode, "Nobody called nobody sees Inbox." in told.stderr) == (1, True)
    assert add("add", "tomorrow").returncode == 1
    assert add("add", "").returncode == 2
    told = add("add", "x", "--user", "visitor")
    assert (told.returncode, told.stderr) == (1, "taskmanager: visitor is a guest, who reads only.\n")
    assert add("add", "x", "--user", "nobody").returncode == 1
    assert titles(add) == []
