"""`taskmanager backup` and `restore`: everything comes back, nothing that was ended does, and what is refused."""

import asyncio
import gzip
import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Column, Connection, MetaData, Table, inspect

from taskmanager.backups import copied_tables, mark_of
from taskmanager.kit import clock, migrate
from taskmanager.kit.copies import CopyWriter, Header, TableCopy
from taskmanager.kit.copying import copy_out, describe
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from taskmanager.tables import metadata
from tests.cli.test_cli import CommandLine, Told
from tests.conftest import BACKENDS, _execute
from tests.factories import Api


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what runs a command on an installation."""

    def run(settings: Settings, *words: str) -> Told:
        command = CommandLine(settings.data_dir, monkeypatch, capsys)
        return command(*words, database_url=settings.database_url)

    return run


@pytest.fixture(params=BACKENDS)
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Yield settings of another place, without a database on SQLite and without a table on PostgreSQL."""
    if request.param == "sqlite":
        yield Settings(data_dir=tmp_path / "elsewhere", rate_limits=False)
        return
    server, _, name = request.getfixturevalue("postgresql_url").rpartition("/")
    name = f"{name}_elsewhere"
    _execute(f"{server}/postgres", f"CREATE DATABASE {name}")
    yield Settings(data_dir=tmp_path / "elsewhere", database_url=f"{server}/{name}", rate_limits=False)
    _execute(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


async def _inhabit(settings: Settings) -> dict[str, Any]:
    """Let two people do this and that; return what they hold and what they see."""
    application = create_app(settings)
    async with application.router.lifespan_context(application), Api(application) as api:
        anna, ben = await api.user("anna", "admin"), await api.user("ben")
        project = (await anna.post("/projects", json={"name": "Haus 家"})).json()
        child = (await anna.post("/projects", json={"name": "Dach", "parent_id": project["id"]})).json()
        task = {"title": "Ziegel zählen", "project_id": child["id"], "labels": ["home"], "due": {"date": "2027-03-01"}}
        made = (await anna.post("/tasks", json=task)).json()
        await anna.post("/tasks", json={"title": "Latten", "parent_id": made["id"], "project_id": child["id"]})
        await anna.post(f"/tasks/{made['id']}/comments", json={"body": "mit Schneefanggitter"})
        token = await ben.post("/api-tokens", json={"name": "script", "scopes": ["tasks:read"]})
        bootstrap = (await anna.get("/bootstrap")).json()
        return {
            "seen": await _seen(anna),
            "access": anna.access_token,
            "refresh": anna.refresh_token,
            "api_token": token.json()["token"],
            "sequence": bootstrap["sequence"],
        }


async def _seen(client: httpx.AsyncClient) -> list[Any]:
    tasks = (await client.get("/tasks")).json()["items"]
    found = [task["title"] for task in (await client.get("/tasks?q=schneefang")).json()["items"]]
    return [tasks, found, (await client.get("/projects")).json()["items"], (await client.get("/labels")).json()]


async def _come_back(settings: Settings, held: dict[str, Any], *, lost: bool = False) -> None:
    """Find everything there, and nothing of use that was held before."""
    application = create_app(settings)
    async with application.router.lifespan_context(application), Api(application) as api:
        for bearer in (held["access"], held["api_token"]):
            answer = await api.anonymous.get("/tasks", headers={"Authorization": f"Bearer {bearer}"})
            assert answer.status_code == 401
        answer = await api.anonymous.post("/refresh", json={"refresh_token": held["refresh"]})
        assert answer.status_code == 401
        anna = await api.sign_in("anna")
        assert await _seen(anna) == held["seen"]
        assert held["seen"][1] == ["Ziegel zählen"]
        changes = (await anna.get("/changes", params={"since": held["sequence"]})).json()
        assert changes.get("reset", changes.get("code")) == ("invalid_sequence" if lost else True)
        # Numbers and keys go on where they were.
        assert (await anna.post("/tasks", json={"title": "Neu"})).status_code == 201


async def test_it_comes_back_elsewhere(settings: Settings, elsewhere: Settings, line: Any, tmp_path: Path) -> None:
    held, file = await _inhabit(settings), tmp_path / "backup"
    made = await asyncio.to_thread(line, settings, "backup", str(file))
    assert (made.returncode, "verified" in made.stdout) == (0, True), made.stderr
    assert str(settings.data_dir / "master.key") in made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    refused = await asyncio.to_thread(line, elsewhere, "restore", str(file))
    assert (refused.returncode, "master.key" in refused.stderr) == (1, True)
    _carry_secret(settings, elsewhere)
    done = await asyncio.to_thread(line, elsewhere, "restore", str(file))
    assert (done.returncode, "Restored" in done.stdout) == (0, True), done.stderr
    assert await _rows(elsewhere, but={"sessions", "api_tokens", "users", "links", "journal", "history"}) == (
        await _rows(settings, but={"sessions", "api_tokens", "users", "links", "journal", "history"})
    )
    await _come_back(elsewhere, held)
    verified = await asyncio.to_thread(line, elsewhere, "audit", "verify")
    assert verified.returncode == 0, verified.stderr
    told = await asyncio.to_thread(line, elsewhere, "audit", "export")
    restored = [one for one in map(json.loads, told.stdout.splitlines()) if one["event"] == "backup_restored"]
    assert [one["detail"]["sessions"] for one in restored] == [2]
    # A second one asks for more words.
    again = await asyncio.to_thread(line, elsewhere, "restore", str(file))
    assert (again.returncode, "--replace" in again.stderr) == (1, True)


def _carry_secret(settings: Settings, elsewhere: Settings) -> None:
    elsewhere.data_dir.mkdir(exist_ok=True)
    shutil.copy2(settings.data_dir / "master.key", elsewhere.data_dir)


async def _rows(settings: Settings, but: set[str]) -> dict[str, list[Any]]:
    database = open_database(settings)
    found = {}
    try:
        async with database.read() as session:
            for table in copied_tables():
                if table.name not in but | {"audit_events", "audit_marks", "jobs"}:
                    rows = (await session.execute(table.select())).all()
                    found[table.name] = sorted(rows, key=repr)
    finally:
        await database.stop()
    return found


async def test_it_takes_the_place_of_what_is_there(settings: Settings, line: Any, tmp_path: Path) -> None:
    held, file = await _inhabit(settings), tmp_path / "backup"
    made = await asyncio.to_thread(line, settings, "backup", str(file), "--with-secret")
    assert (made.returncode, "master secret" in made.stderr) == (0, True)
    assert (await asyncio.to_thread(line, settings, "backup", str(file))).returncode == 1
    application = create_app(settings)
    async with application.router.lifespan_context(application), Api(application) as api:
        anna = await api.sign_in("anna")
        await anna.post("/tasks", json={"title": "Since then"})
        running = await asyncio.to_thread(line, settings, "restore", str(file), "--replace", "--yes")
        assert (running.returncode, "stop them" in running.stderr) == (1, True)
    unasked = await asyncio.to_thread(line, settings, "restore", str(file), "--replace")
    assert unasked.returncode == 1
    damaged = tmp_path / "damaged"
    damaged.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).replace(b"Latten", b"Katzen")))
    refused = await asyncio.to_thread(line, settings, "restore", str(damaged), "--replace", "--yes")
    assert (refused.returncode, "damaged" in refused.stderr) == (1, True)
    assert len((await _rows(settings, set()))["tasks"]) == 3
    done = await asyncio.to_thread(line, settings, "restore", str(file), "--replace", "--yes")
    assert done.returncode == 0, done.stderr
    await _come_back(settings, held)


@pytest.mark.only_on("sqlite")
async def test_the_secret_comes_back_or_is_given_up(settings: Settings, line: Any, tmp_path: Path) -> None:
    held, with_it, without = await _inhabit(settings), tmp_path / "with", tmp_path / "without"
    await asyncio.to_thread(line, settings, "backup", str(with_it), "--with-secret")
    await asyncio.to_thread(line, settings, "backup", str(without))
    secret = (settings.data_dir / "master.key").read_bytes()
    assert secret.strip() in gzip.decompress(with_it.read_bytes())
    assert secret.strip() not in gzip.decompress(without.read_bytes())
    new = Settings(data_dir=tmp_path / "new", rate_limits=False)
    assert (await asyncio.to_thread(line, new, "restore", str(with_it))).returncode == 0
    assert (new.data_dir / "master.key").read_bytes() == secret
    assert stat.S_IMODE((new.data_dir / "master.key").stat().st_mode) == 0o600
    lost = Settings(data_dir=tmp_path / "lost", rate_limits=False)
    told = await asyncio.to_thread(line, lost, "restore", str(without), "--lost-secret")
    assert (told.returncode, "sealed anew" in told.stderr) == (0, True)
    await _come_back(lost, held, lost=True)
    assert (await asyncio.to_thread(line, lost, "audit", "verify")).returncode == 0


@pytest.mark.only_on("sqlite")
async def test_a_backup_of_before_is_migrated(settings: Settings, line: Any, tmp_path: Path) -> None:
    held, old, newer = await _inhabit(settings), tmp_path / "old", tmp_path / "newer"
    await asyncio.to_thread(migrate.downgrade, settings, "0012")
    await _write_as_it_is(settings, old, "0012")
    new = Settings(data_dir=tmp_path / "new", rate_limits=False)
    _carry_secret(settings, new)
    told = await asyncio.to_thread(line, new, "restore", str(old))
    assert told.returncode == 0, told.stderr
    await _come_back(new, held)
    await _write_as_it_is(settings, newer, "9999")
    told = await asyncio.to_thread(line, new, "restore", str(newer), "--replace", "--yes")
    assert (told.returncode, "newer version" in told.stderr) == (1, True)


async def _write_as_it_is(settings: Settings, path: Path, revision: str) -> None:
    """Write a backup as the version of the program that knew this revision would have."""
    database = open_database(settings)
    async with database.read() as session:
        there = await (await session.connection()).run_sync(columns_of)
        tables = [
            Table(table.name, MetaData(), *(Column(c.name, c.type, primary_key=c.primary_key) for c in table.columns
                                            if c.name in there[table.name]))
            for table in copied_tables() if table.name in there
        ]  # fmt: skip
        copies = await describe(session, tables)
        header = Header(revision, clock.now(), "0", "sqlite", copies, {"mark": mark_of(settings), "secret": None})
        with path.open("wb") as file:
            await copy_out(session, tables, copies, CopyWriter(file, header), lambda _: None)
    await database.stop()


def columns_of(connection: Connection) -> dict[str, set[str]]:
    found = inspect(connection)
    return {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}


DAMAGES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda text: text[:-200], "damaged or cut off"),
    (lambda _: b"no backup", "damaged or cut off"),
    (lambda _: gzip.compress(b"{}\n"), "no backup"),
    (lambda text: gzip.compress(gzip.decompress(text).replace(b"anna", b"emma")), "is damaged: its checksum"),
    (lambda text: gzip.compress(b"".join(gzip.decompress(text).splitlines(keepends=True)[:-1])), "cut off"),
    (lambda text: gzip.compress(gzip.decompress(text) + b"[]\n"), "after its end"),
    (lambda text: gzip.compress(gzip.decompress(text).replace(b'"name":"users"', b'"name":"users; --"')), "names"),
]


@pytest.mark.only_on("sqlite")
def test_what_is_damaged_is_refused(settings: Settings, line: Any, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    assert line(settings, "users", "add", "anna").returncode == 0
    assert line(settings, "backup", str(file)).returncode == 0
    whole = file.read_bytes()
    told = line(settings, "restore", str(file), "--check")
    assert (told.returncode, "is whole" in told.stdout) == (0, True)
    for spoil, said in DAMAGES:
        file.write_bytes(spoil(whole))
        told = line(settings, "restore", str(file), "--replace", "--yes")
        assert (told.returncode, said in told.stderr) == (1, True), told.stderr
    assert "anna" in line(settings, "users", "list").stdout
    assert line(settings, "restore", str(tmp_path / "nowhere")).returncode == 1


def test_every_column_has_a_kind() -> None:
    assert all(TableCopy.of(table, 0).columns for table in copied_tables())
    left = {table.name for table in metadata.sorted_tables} - {table.name for table in copied_tables()}
    assert left == {"signing_keys", "nodes", "revocations", "task_words"}


def test_a_restore_knows_every_credential() -> None:
    # Another table that keeps one must be ended by `auth/restored.py` as well, or what was revoked comes alive again.
    kept = re.compile(r"(^|_)(digest|secret|token|wrapped)$")
    found = {table.name for table in copied_tables() for column in table.columns if kept.search(column.name)}
    assert found == {"sessions", "api_tokens", "links"}
