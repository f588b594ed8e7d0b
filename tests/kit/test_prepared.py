"""Prepared statements do what the same statements do by themselves, in the session's transaction; late rows as well."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, cast

import pytest
from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit import late
from taskmanager.kit.db import Database, attempt, constraint_of
from taskmanager.kit.events import EventBus
from taskmanager.kit.ids import new_id
from taskmanager.kit.jobs import Job
from taskmanager.kit.prepared import Prepared
from taskmanager.kit.settings import Settings

JOBS = cast("Table", Job.__table__)
ADD = Prepared(insert(JOBS), tuple(column.key for column in JOBS.columns))
FIND = Prepared(select(JOBS.c.id, JOBS.c.payload, JOBS.c.due_at).where(JOBS.c.kind == bindparam("kind")))
AGE = Prepared(
    update(JOBS)
    .where(JOBS.c.kind == bindparam("this"))
    .values(attempts=JOBS.c.attempts + bindparam("more"))
    .returning(JOBS.c.attempts, JOBS.c.due_at)
)
DUE = datetime.fromisoformat("2026-12-01T09:00:00.000001Z")


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = Database(settings, EventBus())
    yield opened
    await opened.stop()


def _row(kind: str) -> dict[str, Any]:
    blank = dict.fromkeys(column.key for column in JOBS.columns)
    return {**blank, "id": new_id(), "kind": kind, "payload": {"a": ["ü", None]}, "due_at": DUE, "attempts": 0}


async def _kinds(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted((await session.execute(select(Job.kind))).scalars())


async def test_values_go_in_and_come_back_by_their_types(database: Database) -> None:
    row = _row("one")
    async with database.write() as session:
        assert (await ADD.run_with(session, row)).changed == 1
        assert await FIND.first(session, kind="one") == (row["id"], row["payload"], DUE)
        assert await FIND.first(session, kind="none") is None
        assert await AGE.run(session, this="one", more=3) == ([(3, DUE)], 1)
        assert await AGE.run(session, this="none", more=3) == ([], 0)
    async with database.read() as reader:
        assert (await FIND.run(reader, kind="one")).rows == [(row["id"], row["payload"], DUE)]
        assert (await reader.get_one(Job, row["id"])).attempts == 3


async def test_it_sees_what_the_session_holds_and_the_session_sees_what_it_wrote(database: Database) -> None:
    async with database.write() as session:
        session.add(Job(**_row("held")))
        assert await FIND.first(session, kind="held") is not None
        await ADD.run_with(session, _row("prepared"))
        kinds = (await session.execute(select(Job.kind))).scalars()
        assert set(kinds) == {"held", "prepared"}


@pytest.mark.parametrize("count", [1, 3, 50])
async def test_many_rows_are_all_written(database: Database, count: int) -> None:
    async with database.write() as session:
        await ADD.run_many(session, [_row("many") for _ in range(count)])
    assert await _kinds(database) == ["many"] * count


async def test_a_violated_constraint_is_told_by_its_name_and_takes_the_unit_back(database: Database) -> None:
    row = _row("twice")

    async def write_twice() -> None:
        async with database.write() as session:
            await ADD.run_with(session, row)
            await ADD.run_with(session, row)

    with pytest.raises(IntegrityError) as caught:
        await write_twice()
    assert constraint_of(caught.value) in {"pk_jobs", "jobs.id"}
    assert "twice" not in str(caught.value)
    assert await _kinds(database) == []
    async with database.write() as session:
        await ADD.run_with(session, row)
    assert await _kinds(database) == ["twice"]


async def test_late_rows_come_at_the_end_in_their_order(database: Database) -> None:
    async with database.write() as session:
        late.add(session, ADD, _row("late"))
        late.add(session, AGE, {"this": "late", "more": 2})
        assert await FIND.first(session, kind="late") is None
    async with database.read() as reader:
        assert (await reader.execute(select(Job.kind, Job.attempts))).all() == [("late", 2)]


async def test_late_rows_go_with_the_part_that_is_taken_back(database: Database) -> None:
    async def try_in_vain(session: AsyncSession) -> None:
        async with attempt(session):
            late.add(session, ADD, _row("taken back"))
            await late.write(session)
            late.add(session, ADD, _row("taken back as well"))
            raise ValueError

    async with database.write() as session:
        late.add(session, ADD, _row("before"))
        with pytest.raises(ValueError):
            await try_in_vain(session)
        async with attempt(session):
            late.add(session, ADD, _row("kept"))
        late.add(session, ADD, _row("after"))
    assert await _kinds(database) == ["after", "before", "kept"]


@pytest.mark.only_on("postgresql")
async def test_a_lost_connection_is_told_as_one_and_replaced(database: Database) -> None:
    mine = Prepared(select(func.pg_backend_pid().label("pid")))

    async def lose() -> None:
        async with database.write() as session:
            await ADD.run_with(session, _row("lost"))
            await _end((await mine.run(session)).rows[0][0], database)
            await ADD.run_with(session, _row("lost"))

    with pytest.raises(DBAPIError) as told:
        await lose()
    assert told.value.connection_invalidated
    # One that is closed while nobody has it is not handed out.
    async with database.write() as session:
        ((pid,),) = (await mine.run(session)).rows
    await _end(pid, database)
    async with database.write() as session:
        await ADD.run_with(session, _row("kept"))
        assert (await mine.run(session)).rows != [(pid,)]
    assert await _kinds(database) == ["kept"]


async def _end(pid: int, database: Database) -> None:
    async with database.read() as session:
        await session.execute(select(func.pg_terminate_backend(pid)))
    await asyncio.sleep(0.1)


@pytest.mark.only_on("postgresql")
async def test_a_slow_one_is_told(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(settings.model_copy(update={"slow_statement_ms": 20}), EventBus())
    slow = Prepared(select(func.pg_sleep(0.05)))
    with caplog.at_level(logging.WARNING, "taskmanager.slow"):
        for door in (database.read, database.write):
            async with door() as session:
                await slow.run(session)
    await database.stop()
    assert [record.name for record in caplog.records].count("taskmanager.slow") == 2
