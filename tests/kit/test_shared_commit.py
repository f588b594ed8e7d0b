"""The one write path of SQLite: who shares a COMMIT shares its fate, and nobody else's."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus
from taskmanager.kit.jobs import enqueue
from taskmanager.kit.settings import Settings
from taskmanager.kit.sqlite import driver

ORPHAN = "INSERT INTO labels (id, user_id, name, name_key, created_at, version) VALUES ('x', 'nobody', '', '', '', 1)"


@pytest.fixture
async def database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    shutil.copytree(sqlite_template, tmp_path / "data")
    opened = Database(Settings(data_dir=tmp_path / "data"), EventBus())
    yield opened
    await opened.stop()


@pytest.fixture
def commits(database: Database) -> list[int]:
    """Return a list that gets an item for each COMMIT."""
    seen: list[int] = []
    event.listen(database.writer.sync_engine, "commit", lambda _: seen.append(1))
    return seen


def on_disk(database: Database) -> set[str]:
    """Return what another process would find.

    With the same library: a second one in this process would drop the first one's locks when it closes the file.
    """
    path = database.writer.url.database
    assert path is not None
    connection = driver().connect(path)
    found = {kind for (kind,) in connection.execute("SELECT kind FROM jobs")}
    connection.close()
    return found


async def write(database: Database, name: str, *statements: str) -> str:
    """Add a job called ``name`` and run statements in the same unit; return the name once it is said to be durable."""
    async with database.write() as session:
        await enqueue(session, name, clock.now())
        for statement in statements:
            await session.execute(text(statement))
    assert name in on_disk(database)
    return name


async def outcomes(*writes: Any) -> tuple[set[str], list[BaseException]]:
    """Return who was acknowledged, and the errors of the others."""
    results = await asyncio.gather(*writes, return_exceptions=True)
    return (
        {result for result in results if isinstance(result, str)},
        [result for result in results if isinstance(result, BaseException)],
    )


async def test_those_who_come_together_share_a_commit(database: Database, commits: list[int]) -> None:
    acknowledged, errors = await outcomes(*(write(database, f"job {n}") for n in range(30)))
    assert not errors
    assert len(acknowledged) == 30
    assert on_disk(database) == acknowledged
    assert len(commits) <= 3
    await write(database, "later")
    assert len(commits) <= 4


async def test_who_fails_takes_back_only_its_own(database: Database, commits: list[int]) -> None:
    acknowledged, errors = await outcomes(
        *(write(database, f"good {n}") for n in range(5)),
        write(database, "bad", "INSERT INTO nowhere VALUES (1)"),
        *(write(database, f"also good {n}") for n in range(5)),
    )
    assert [type(error) for error in errors] == [OperationalError]
    assert len(acknowledged) == 10
    assert on_disk(database) == acknowledged
    assert len(commits) <= 2


async def test_an_error_of_one_s_own_takes_back_too(database: Database) -> None:
    async def give_up() -> None:
        async with database.write() as session:
            await enqueue(session, "given up", clock.now())
            raise ValueError

    with pytest.raises(ValueError):
        await give_up()
    await write(database, "later")
    assert on_disk(database) == {"later"}


async def test_a_failing_commit_fails_everyone_in_it(database: Database) -> None:
    # Keys are checked at COMMIT then, where nobody can be told apart any more.
    late = ("PRAGMA defer_foreign_keys=ON", ORPHAN)
    acknowledged, errors = await outcomes(
        write(database, "before"), write(database, "culprit", *late), *(write(database, f"after {n}") for n in range(3))
    )
    assert on_disk(database) == acknowledged
    assert "culprit" not in acknowledged
    assert len(errors) >= 2
    assert {type(error) for error in errors} == {IntegrityError}
    await write(database, "later")


async def test_when_the_whole_transaction_is_gone_nobody_is_told_otherwise(database: Database) -> None:
    # SQLite does this by itself when the disk is full.
    acknowledged, errors = await outcomes(
        *(write(database, f"before {n}") for n in range(3)),
        write(database, "culprit", "ROLLBACK"),
        *(write(database, f"after {n}") for n in range(3)),
    )
    assert on_disk(database) == acknowledged
    assert "culprit" not in acknowledged
    assert not {f"before {n}" for n in range(3)} & acknowledged
    assert len(acknowledged) + len(errors) == 7
    await write(database, "later")


async def test_a_full_disk_fails_who_needs_room(database: Database) -> None:
    async with database.write() as session:
        pages = (await session.execute(text("PRAGMA page_count"))).scalar_one()
        await session.execute(text(f"PRAGMA max_page_count={pages + 2}"))
    big = "INSERT INTO jobs (id, kind, payload, due_at, attempts) VALUES ('b', 'big', 'x'||hex(zeroblob(99999)), '', 0)"
    acknowledged, errors = await outcomes(
        write(database, "small 1"), write(database, "big one", big), write(database, "small 2")
    )
    assert any("full" in str(error) for error in errors)
    assert on_disk(database) == acknowledged
    async with database.write() as session:
        await session.execute(text("PRAGMA max_page_count=1000000"))
    await write(database, "big one", big)
    assert on_disk(database) == acknowledged | {"big one", "big"}


SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n"


async def test_a_cancelled_write_harms_nobody(database: Database) -> None:
    others = [asyncio.ensure_future(write(database, f"before {n}")) for n in range(3)]
    slow = asyncio.ensure_future(write(database, "slow", SLOW))
    others += [asyncio.ensure_future(write(database, f"after {n}")) for n in range(3)]
    await asyncio.sleep(0.15)
    # Twice, as a server does that will not wait any longer.
    slow.cancel()
    await asyncio.sleep(0)
    slow.cancel()
    acknowledged, _ = await outcomes(*others)
    with pytest.raises(asyncio.CancelledError):
        await slow
    await asyncio.wait_for(write(database, "later"), 5)
    assert on_disk(database) == acknowledged | {"later"}


async def test_who_is_cancelled_while_waiting_has_done_nothing(database: Database) -> None:
    async with database.write() as session:
        waiting = asyncio.ensure_future(write(database, "waiting"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await enqueue(session, "first", clock.now())
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await write(database, "later")
    assert on_disk(database) == {"first", "later"}


async def test_another_process_s_write_is_waited_for(database: Database) -> None:
    path = database.writer.url.database
    assert path is not None
    other = driver().connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(write(database, "waited"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    other.execute("COMMIT")
    assert await waiting == "waited"
    other.close()


async def test_readers_cannot_write(database: Database) -> None:
    async with database.read() as session:
        with pytest.raises(DBAPIError, match="readonly"):
            await session.execute(text("DELETE FROM jobs"))


async def test_a_snapshot_sees_one_moment(database: Database) -> None:
    count = text("SELECT count(*) FROM jobs")
    async with database.read(snapshot=True) as frozen, database.read() as live:
        assert await frozen.scalar(count) == 0
        await write(database, "meanwhile")
        assert await frozen.scalar(count) == 0
        assert await live.scalar(count) == 1
