"""Z9: a log line is one event, whatever somebody managed to get into it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from taskmanager.kit import logs

NASTY = (
    "anna\n2026-12-01T00:00:00.000Z INFO taskmanager.access: 192.0.2.1 GET /admin 200 -",
    "anna\r\n\r\nroot signed in",
    "\x1b[2J\x1b[31mred\x1b[0m \x9b31m",
    "bell \x07 backspace \x08\x08\x08 null \x00 delete \x7f",
    "line\u2028separator\u2029paragraph\x85next",
    "turned \u202egnp.exe\u202c \u2066isolated\u2069",
)
Logged = Callable[[str], str]


@pytest.fixture(params=["text", "json"])
def logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Logged]:
    """Yield a function that logs a text in every way and returns what was printed."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    logs.configure(request.param, "info")

    def log(text: str) -> str:
        stream.seek(0)
        stream.truncate()
        logger = logging.getLogger("taskmanager.sample")
        logger.info("said %s", text)
        logger.info(text.replace("%", "%%"))
        logger.error("failed for %s", text, exc_info=_raised(text))
        return stream.getvalue()

    yield log
    root.handlers[:], root.level = before


def _raised(text: str) -> ValueError:
    """Return an error that was raised, so that it has a traceback."""
    with pytest.raises(ValueError) as caught:
        int(f"x{text}")
    return caught.value


def test_z9_the_time_is_utc_and_says_so(logged: Logged) -> None:
    with time_machine.travel("2026-07-01T12:00:00+02:00", tick=False):
        printed = logged("x")
    first = printed.partition("\n")[0]
    told = json.loads(first)["at"] if first.startswith("{") else first.partition(" ")[0]
    assert datetime.fromisoformat(told) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert told.endswith("Z")


@pytest.mark.parametrize("text", NASTY)
def test_z9_nothing_injects_a_line_or_steers_a_terminal(logged: Logged, text: str) -> None:
    printed = logged(text)
    assert printed.isascii() or all(character.isprintable() for character in printed.replace("\n", ""))
    lines = printed.removesuffix("\n").split("\n")
    assert not any(not character.isprintable() for line in lines for character in line)
    if printed.startswith("{"):
        entries = [json.loads(line) for line in lines]
        assert [entry["message"] for entry in entries] == [f"said {text}", text, f"failed for {text}"]
        return
    events = [line for line in lines if not line.startswith("    ")]
    assert len(events) == 3, printed
    assert all("taskmanager.sample" in line for line in events)
