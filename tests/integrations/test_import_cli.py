"""`taskmanager import` and `taskmanager export`: what a person at a terminal sees, and the exit status."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from taskmanager.cli import main
from taskmanager.kit.settings import Settings
from tests.integrations.files import csv
from tests.servers import ROOT

TABLE = csv("1,Feed the cat,open,2026-12-01,home,,,,", "2,Buy milk,done,,,,,,")


class Terminal:
    """Runs commands on an installation and keeps what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._capsys = capsys
        self.folder = folder
        self.told = ""
        self.complained = ""

    def run(self, *words: str) -> int:
        """Run one command; return its exit status."""
        status = main(list(words))
        self.told, self.complained = self._capsys.readouterr()
        return status

    def file(self, name: str, content: bytes) -> str:
        """Write a file; return its path."""
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def exported(self, *words: str) -> list[dict[str, object]]:
        """Return the tasks of a JSON export."""
        output = self.folder / "out.json"
        assert self.run("export", "--output", str(output), *words) == 0, self.complained
        tasks: list[dict[str, object]] = json.loads(output.read_text("utf-8"))["tasks"]
        return tasks


@pytest.fixture
def terminal(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Terminal:
    """Return a terminal on an installation with one administrator, chief, and a guest."""
    for name in [name for name in os.environ if name.startswith("TASKMANAGER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TASKMANAGER_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("TASKMANAGER_DATABASE_URL", settings.database_url)
    found = Terminal(capsys, tmp_path)
    assert found.run("users", "add", "chief", "--role", "admin") == 0, found.complained
    assert found.run("users", "add", "visitor", "--role", "guest") == 0, found.complained
    return found


def test_a_file_goes_in_once_and_comes_out(terminal: Terminal) -> None:
    table = terminal.file("tasks.csv", TABLE)
    assert terminal.run("import", table, "--dry-run") == 0
    assert "nothing was written" in terminal.told
    assert "Tasks that would be made: 2" in terminal.told
    assert terminal.exported() == []

    assert terminal.run("import", table) == 0
    assert "Rows read as csv: 2\nTasks made: 2\n" in terminal.told
    assert "POST /undo/" in terminal.told
    assert terminal.run("import", table) == 0
    assert "Tasks that are here already and stay as they are: 2" in terminal.told
    assert terminal.run("import", table, "--on-duplicate", "refuse") == 1
    assert "line 2: is INBOX-1" in terminal.complained
    assert [task["title"] for task in terminal.exported()] == ["Feed the cat", "Buy milk"]


def test_wrong_rows_are_named_and_nothing_is_written(terminal: Terminal) -> None:
    table = terminal.file("tasks.csv", csv("1,A,,,,,,,", "2,B,[bold]nonsense,,,,,,"))
    assert terminal.run("import", table) == 1
    assert "line 3: status: “[bold]nonsense” is no status that is known." in terminal.complained
    assert terminal.run("import", table, "--dry-run") == 1
    assert terminal.exported() == []
    assert terminal.run("import", table, "--on-invalid", "skip") == 0
    assert [task["title"] for task in terminal.exported()] == ["A"]


def test_a_mapping_is_a_file_or_the_json_itself(terminal: Terminal) -> None:
    table = terminal.file("tasks.csv", csv("X,1.2.2026", "Y,3.2.2026", head="What,When"))
    mapping = '{"title": "What", "due": {"column": "When", "format": "%d.%m.%Y"}, "project": {"value": "Pets"}}'
    assert terminal.run("import", table, "--mapping", terminal.file("map.json", mapping.encode()), "--dry-run") == 0
    assert "in Pets (new): 2" in terminal.told
    assert terminal.run("import", table, "--mapping", mapping) == 0
    assert [task["due"] for task in terminal.exported("--project", "pets")] == [
        {"date": "2026-02-01"},
        {"date": "2026-02-03"},
    ]
    assert terminal.run("import", table, "--mapping", "[]") == 2
    assert terminal.run("import", table, "--mapping", "{") == 2
    assert terminal.run("import", table, "--mapping", '{"title": "Nope"}') == 1
    assert "There is no column 'Nope'" in terminal.complained


def test_mistakes_are_told_without_a_traceback(terminal: Terminal) -> None:
    table = terminal.file("tasks.csv", TABLE)
    for words, status, part in (
        (("import", "missing.csv"), 2, "missing.csv"),
        (("import", table, "--user", "nobody"), 1, "There is no active account named nobody"),
        (("import", table, "--user", "visitor"), 1, "visitor is a guest"),
        (("import", table, "--project", "Nowhere"), 1, "There are: Inbox."),
        (("import", table, "--timezone", "Mars/Olympus"), 2, "timezone"),
        (("import", table, "--on-duplicate", "maybe"), 2, "maybe"),
        (("import", terminal.file("bad.csv", b"\xff\xff")), 1, "UTF-8"),
        (("import", terminal.file("empty.csv", b"")), 1, "empty"),
        (("export", "--format", "xml"), 2, "xml"),
        (("export", "--output", "/no/such/folder/x.json"), 1, "There is no folder"),
        (("export", "--project", "Nowhere"), 1, "There are: Inbox."),
    ):
        assert terminal.run(*words) == status, words
        assert part in terminal.complained, words
        assert "Traceback" not in terminal.complained
    assert terminal.exported() == []


def test_with_two_administrators_one_must_be_named(terminal: Terminal) -> None:
    assert terminal.run("users", "add", "second", "--role", "admin") == 0
    table = terminal.file("tasks.csv", TABLE)
    assert terminal.run("import", table) == 1
    assert "--user NAME" in terminal.complained
    assert "chief, second" in terminal.complained
    assert terminal.run("import", table, "--user", "Second") == 0
    assert len(terminal.exported("--user", "second")) == 2
    assert terminal.exported("--user", "chief") == []


def test_an_export_replaces_a_file_only_as_a_whole(terminal: Terminal) -> None:
    before = terminal.file("kept.json", b"before")
    assert terminal.run("export", "--project", "Nowhere", "--output", before) == 1
    assert Path(before).read_bytes() == b"before"
    assert terminal.run("export", "--output", before) == 0
    assert json.loads(Path(before).read_bytes())["format"] == "taskmanager"
    assert [path.name for path in terminal.folder.iterdir() if path.name.startswith(".")] == []


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "taskmanager", *words]


def test_standard_input_and_output_do(terminal: Terminal) -> None:
    taken = subprocess.run(_command("import", "-"), cwd=ROOT, input=TABLE, capture_output=True, check=False, timeout=60)
    assert taken.returncode == 0, taken.stderr
    with subprocess.Popen(_command("export", "--format", "csv"), cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"\xef\xbb\xbfid,title")


def test_ctrl_c_leaves_nothing_half_done(terminal: Terminal, settings: Settings) -> None:
    rows = [f"{n},Task {n},{'x' * 2_000}" for n in range(4_000)]
    table = terminal.file("many.csv", csv(*rows, head="id,title,description"))
    with subprocess.Popen(_command("import", table), cwd=ROOT, stderr=subprocess.PIPE) as process:
        begun = time.monotonic()
        while not _is_writing(settings):
            assert process.poll() is None, "done before it could be interrupted"
            assert time.monotonic() - begun < 60
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in complained
    assert terminal.exported() == []
    assert terminal.run("import", table) == 0
    assert len(terminal.exported()) == 4_000


def _is_writing(settings: Settings) -> bool:
    """Tell whether rows are written that are not committed: those of SQLite overflow into its log."""
    if settings.database_url:
        return asyncio.run(_is_inserting(settings.database_url))
    wal = settings.data_dir / "taskmanager.db-wal"
    return wal.exists() and wal.stat().st_size > 2_000_000


async def _is_inserting(url: str) -> bool:
    engine = create_async_engine(url)
    statement = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND query LIKE 'INSERT INTO journal%'"
    )
    try:
        async with engine.connect() as connection:
            return bool(await connection.scalar(statement))
    finally:
        await engine.dispose()
