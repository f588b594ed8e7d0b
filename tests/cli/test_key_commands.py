"""Signing keys on the command line."""

import io
import re
from pathlib import Path

import pytest

from tests.cli.test_cli import CommandLine


class Terminal(io.StringIO):
    """Somebody who types an answer."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def taskmanager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    command = CommandLine(tmp_path / "data", monkeypatch, capsys)
    assert command("keys", "rotate").returncode == 0
    return command


def states(taskmanager: CommandLine) -> dict[str, str]:
    """Return the state of each key."""
    told = taskmanager("keys", "list")
    assert told.returncode == 0, told.stderr
    return dict(re.findall(r"^([0-9a-f]{16})\s+HS256\s+(next|active|verify-only)\b", told.stdout, re.MULTILINE))


def test_keys_are_listed_and_rotated(taskmanager: CommandLine) -> None:
    before = states(taskmanager)
    assert sorted(before.values()) == ["active", "next", "verify-only"]
    told = taskmanager("keys", "rotate")
    assert told.returncode == 0, told.stderr
    assert "Another key signs from now on." in told.stdout
    after = states(taskmanager)
    named = {state: kid for kid, state in before.items()}
    assert (after[named["next"]], after[named["active"]]) == ("active", "verify-only")


def test_the_algorithm_of_the_servers_stays_whatever_the_terminal_has_set(taskmanager: CommandLine) -> None:
    assert taskmanager("keys", "rotate", jwt_algorithm="ES256").returncode == 0
    assert taskmanager("keys", "rotate", "--emergency", "--yes", jwt_algorithm="ES256").returncode == 0
    assert len(states(taskmanager)) == 2


def test_an_emergency_wants_to_be_confirmed(taskmanager: CommandLine) -> None:
    before = states(taskmanager)
    told = taskmanager("keys", "rotate", "--emergency")
    assert (told.returncode, "--yes" in told.stderr) == (1, True)
    assert states(taskmanager) == before
    told = taskmanager("keys", "rotate", "--emergency", "--yes")
    assert told.returncode == 0, told.stderr
    after = states(taskmanager)
    assert sorted(after.values()) == ["active", "next"]
    assert before.keys().isdisjoint(after)


@pytest.mark.parametrize(("answer", "replaced"), [("y\n", True), ("n\n", False), ("", False)])
def test_a_terminal_is_asked(
    taskmanager: CommandLine, monkeypatch: pytest.MonkeyPatch, answer: str, replaced: bool
) -> None:
    before = states(taskmanager)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    told = taskmanager("keys", "rotate", "--emergency")
    assert told.returncode == (0 if replaced else 1)
    assert before.keys().isdisjoint(states(taskmanager)) == replaced


def test_another_master_secret_changes_nothing(taskmanager: CommandLine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"Tm9ib2R5IGhhcyBldmVyIHNlZW4gdGhpcyBzZWNyZXQga2V5")
    before = states(taskmanager)
    for words in (("keys", "rotate"), ("keys", "rotate", "--emergency", "--yes"), ("serve", "--port", "0")):
        told = taskmanager(*words, master_secret_file=str(other))
        assert (told.returncode, "another master secret" in told.stderr) == (1, True)
    assert states(taskmanager) == before


def test_the_server_says_why_it_does_not_start(taskmanager: CommandLine) -> None:
    for settings, said in (
        ({"jwt_algorithm": "none"}, "TASKMANAGER_JWT_ALGORITHM"),
        ({"jwt_algorithm": "RS256"}, "TASKMANAGER_JWT_ALLOW_RS256=on"),
        ({"key_rotation_days": "0"}, "TASKMANAGER_KEY_ROTATION_DAYS"),
    ):
        told = taskmanager("serve", "--port", "0", **settings)
        assert (told.returncode, said in told.stderr) == (1, True), told.stderr
