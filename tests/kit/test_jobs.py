"""Things due later: none lost, none done twice, whoever crashes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus
from taskmanager.kit.jobs import LEASE, MAX_BACKOFF, Job, Jobs, enqueue
from taskmanager.kit.settings import Settings

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def databases(settings: Settings) -> AsyncIterator[list[Database]]:
    """Yield the same database as two processes open it."""
    opened = [Database(settings, EventBus()) for _ in range(2)]
    yield opened
    for database in opened:
        await database.stop()


class Worker(Jobs):
    """A worker whose jobs leave a mark: another job, which nobody handles."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.fails = False
        self.handle("mark", self.mark)

    async def mark(self, session: Any, payload: dict[str, Any]) -> None:
        await enqueue(session, "marked", clock.now(), payload)
        if self.fails:
            message = "not today"
            raise ValueError(message)


async def jobs(database: Database, kind: str) -> list[Job]:
    async with database.read() as session:
        return list((await session.execute(select(Job).where(Job.kind == kind))).scalars())


async def add(database: Database, due: timedelta = timedelta(0), **options: Any) -> None:
    async with database.write() as session:
        await enqueue(session, "mark", clock.now() + due, **options)


async def test_a_job_is_done_once_when_it_is_due(databases: list[Database]) -> None:
    one, other = (Worker(database) for database in databases)
    await add(databases[0], MINUTE, payload={"n": 1})
    assert not await one.run_due()
    with time_machine.travel(clock.now() + MINUTE, tick=True):
        await asyncio.gather(one.run_due(), other.run_due())
        assert not await one.run_due()
        assert not await other.run_due()
    assert [job.payload for job in await jobs(databases[0], "marked")] == [{"n": 1}]
    assert await jobs(databases[0], "mark") == []


async def test_a_key_asks_once(databases: list[Database]) -> None:
    for _ in range(3):
        await add(databases[0], unique_key="the one")
    assert len(await jobs(databases[0], "mark")) == 1


async def test_a_job_of_a_refused_request_never_was(databases: list[Database]) -> None:
    async def refuse() -> None:
        async with databases[0].write() as session:
            await enqueue(session, "mark", clock.now())
            raise KeyError

    with pytest.raises(KeyError):
        await refuse()
    assert not await Worker(databases[0]).run_due()


async def test_a_failing_job_waits_longer_each_time_and_has_no_effect(
    databases: list[Database], caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(databases[0])
    worker.fails = True
    await add(databases[0])
    now = clock.now()
    waits = []
    for _ in range(5):
        with time_machine.travel(now, tick=False):
            assert await worker.run_due()
            job = (await jobs(databases[0], "mark"))[0]
            waits.append((job.due_at - now).total_seconds())
            now = job.due_at
    assert waits == [2, 4, 8, 16, 32]
    assert "not today" in (job.last_error or "")
    assert "not today" in caplog.text
    assert await jobs(databases[0], "marked") == []
    worker.fails = False
    with time_machine.travel(now, tick=False):
        assert await worker.run_due()
    assert len(await jobs(databases[0], "marked")) == 1


async def test_a_job_that_fails_for_ever_is_tried_each_hour(databases: list[Database]) -> None:
    worker = Worker(databases[0])
    worker.fails = True
    await add(databases[0])
    async with databases[0].write() as session:
        (await session.execute(select(Job))).scalar_one().attempts = 5000
    now = clock.now()
    with time_machine.travel(now, tick=False):
        assert await worker.run_due()
    assert (await jobs(databases[0], "mark"))[0].due_at == now + MAX_BACKOFF


async def test_a_crashed_worker_s_job_is_taken_over_once_its_lease_ends(databases: list[Database]) -> None:
    crashed, other = (Worker(database) for database in databases)
    await add(databases[0])
    claimed = await crashed._claim()
    assert claimed is not None
    assert not await other.run_due()
    with time_machine.travel(clock.now() + LEASE + MINUTE, tick=True):
        assert await other.run_due()
        assert len(await jobs(databases[0], "marked")) == 1
        # It was only slow: its lease is over, so nothing of what it does stays.
        await crashed._run(claimed)
        crashed.fails = True
        await crashed._run(claimed)
    assert len(await jobs(databases[0], "marked")) == 1


async def test_what_goes_outside_is_tried_again_until_it_went(databases: list[Database]) -> None:
    worker = Jobs(databases[0])
    tried: list[str] = []

    async def post(job: Job) -> None:
        tried.append(job.id)
        # No transaction is open meanwhile: others write.
        async with databases[0].write() as session:
            await enqueue(session, "marked", clock.now())
        if len(tried) < 3:
            raise ConnectionRefusedError

    worker.outside("mark", post)
    await add(databases[0])
    now = clock.now()
    for _ in range(3):
        with time_machine.travel(now, tick=False):
            assert await worker.run_due()
            now += MINUTE
    assert len(tried) == 3
    assert len(set(tried)) == 1
    assert await jobs(databases[0], "mark") == []


async def test_what_is_slow_outside_holds_up_no_other_job(databases: list[Database]) -> None:
    worker = Worker(databases[0])
    release = asyncio.Event()

    async def wait(_: Job) -> None:
        await release.wait()

    worker.outside("slow", wait)
    async with databases[0].write() as session:
        await enqueue(session, "slow", clock.now())
    await add(databases[0])
    await worker.start()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if await jobs(databases[0], "marked"):
            break
    assert len(await jobs(databases[0], "marked")) == 1
    assert len(await jobs(databases[0], "slow")) == 1
    release.set()
    await worker.stop()
    assert await jobs(databases[0], "slow") == []


async def test_what_recurs_runs_once_an_interval_in_all_processes(databases: list[Database]) -> None:
    runs: list[str] = []
    workers = []
    for name, database in zip("ab", databases, strict=True):
        worker = Jobs(database)

        async def note(session: Any, payload: dict[str, Any], name: str = name) -> None:
            runs.append(name)

        worker.every(MINUTE, "recurring", note)
        workers.append(worker)
    start = clock.now()
    with time_machine.travel(start, tick=False):
        for worker in workers:
            await worker.start()
        for worker in workers:
            await worker.stop()
    assert len(runs) == 1
    for minutes in range(1, 4):
        with time_machine.travel(start + minutes * MINUTE, tick=False):
            await asyncio.gather(*(worker.run_due() for worker in workers))
            await asyncio.gather(*(worker.run_due() for worker in workers))
    assert len(runs) == 4


async def test_the_loop_outlives_what_goes_wrong(databases: list[Database], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskmanager.kit.jobs.POLL_SECONDS", 0.01)
    worker = Worker(databases[0])
    worker.fails = True
    await add(databases[0])
    await worker.start()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if any(job.last_error for job in await jobs(databases[0], "mark")):
            break
    worker.fails = False
    async with databases[0].write() as session:
        (await session.execute(select(Job))).scalar_one().due_at = clock.now()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if await jobs(databases[0], "marked"):
            break
    await worker.stop()
    assert len(await jobs(databases[0], "marked")) == 1


async def test_what_is_watched_is_done_while_there_is_any(
    databases: list[Database], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskmanager.kit.jobs.POLL_SECONDS", 0.01)
    ended: list[tuple[str, bool]] = []
    worker = Jobs(databases[0], lambda kind, done: ended.append((kind, done)))
    fails = True

    async def waits(session: Any) -> bool:
        return await session.scalar(select(Job.id).where(Job.kind == "mark").limit(1)) is not None

    async def work(session: Any) -> None:
        job = (await session.execute(select(Job).where(Job.kind == "mark").limit(1))).scalar_one()
        await session.delete(job)
        await enqueue(session, "marked", clock.now())
        if fails:
            raise ValueError

    worker.watch("marks", waits, work)
    assert not await worker.run_watched("marks")
    assert ended == []
    for _ in range(2):
        await add(databases[1])
    assert not await worker.run_watched("marks")
    assert (ended, len(await jobs(databases[0], "mark"))) == ([("marks", False)], 2)
    assert "marks failed" in caplog.text
    fails = False
    await worker.start()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if len(await jobs(databases[0], "marked")) == 2:
            break
    await worker.stop()
    assert await jobs(databases[0], "mark") == []
    assert ended[1:] == [("marks", True)] * 2
