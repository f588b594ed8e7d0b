"""kill -9 between the moment a reminder is due and the moment it was told: none is lost, none is told twice."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from taskmanager.auth.models import User
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.jobs import Job
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.tasks.notifications.models import Notification
from taskmanager.tasks.notifications.post import JOB
from taskmanager.tasks.reminders.firing import waits
from tests.auth.mailbox import PUBLIC_URL, serving
from tests.factories import PASSWORD
from tests.faults import amount
from tests.faults.workers import worker_of
from tests.servers import ADMIN, app_server, starting_server
from tests.services import free_port, own_postgres

pytestmark = pytest.mark.faults

SOON = timedelta(seconds=8)


@pytest.fixture
def database_url(backend: str) -> Iterator[str]:
    """Yield the settings' URL of a database of this test's own."""
    if backend == "sqlite":
        yield ""
        return
    with own_postgres() as server:
        yield server.url


@asynccontextmanager
async def looking(data: Path, database_url: str) -> AsyncIterator[Database]:
    """Yield the database, past any server."""
    database = open_database(Settings(data_dir=data, database_url=database_url))
    try:
        yield database
    finally:
        await database.stop()


async def set_reminders(url: str, tasks: int) -> None:
    """Make tasks that are to be recalled twice each, soon."""
    due = clock.now() + SOON
    moments = [(due - timedelta(seconds=earlier)).isoformat(timespec="seconds") for earlier in (0, 2)]
    reminders = [{"at": moment} for moment in moments]
    listed = [{"id": str(number), "title": f"Task {number}", "reminders": reminders} for number in range(tasks)]
    document = json.dumps({"format": "taskmanager", "version": 1, "tasks": listed})
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.post("/login", json={"username": ADMIN, "password": PASSWORD})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "Content-Type": "application/json"}
        answer = await client.post("/import", content=document, headers=headers)
        assert answer.status_code == 201, answer.text


async def told(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(Notification)) or 0)


async def all_told(database: Database) -> bool:
    async with database.read() as session:
        return not await waits(session)


async def test_reminders_outlive_a_kill(backend: str, database_url: str, tmp_path: Path) -> None:
    data, port, tasks = tmp_path / "data", free_port(), amount(500, 3000)
    settings: dict[str, Any] = {"database_url": database_url} if database_url else {}
    moments = random.Random()  # noqa: S311 - not secret
    with app_server(data, port=port, **settings) as server:
        begun = clock.now()
        await set_reminders(server.url, tasks)
        server.process.kill()
    async with looking(data, database_url) as database:
        assert await told(database) == 0
        await asyncio.sleep(max(0.0, (begun + SOON - clock.now()).total_seconds() + 1))
        counts = [0]
        for number in range(amount(2, 15)):
            with ExitStack() as stack:
                processes = [stack.enter_context(starting_server(data, port=port, **settings))]
                if database_url:
                    # On PostgreSQL a worker does the same at the same time.
                    worker = worker_of(data, tmp_path / f"worker-{number}.log", wait=False, **settings)
                    processes.append(stack.enter_context(worker).process)
                # They are told in batches: the first of this life has just been, and the next ones are on their way.
                for _ in range(10_000):
                    if counts[-1] == 2 * tasks or await told(database) > counts[-1]:
                        break
                    await asyncio.sleep(0.002)
                await asyncio.sleep(moments.uniform(0, 0.1))
                for process in processes:
                    process.kill()
                counts.append(await told(database))
        with app_server(data, port=port, **settings):
            for _ in range(600):
                await asyncio.sleep(0.1)
                if await all_told(database):
                    break
        counts.append(await told(database))
        async with database.read() as session:
            by_task = select(Notification.task_id, func.count()).group_by(Notification.task_id)
            found = Counter(count for _, count in await session.execute(by_task))
    print(f"{backend}: told {counts} of {2 * tasks}, one number after each kill")
    assert found == {2: tasks}


async def test_letters_of_reminders_outlive_a_kill(tmp_path: Path) -> None:
    data, port, tasks = tmp_path / "data", free_port(), amount(8, 100)
    kills = 0
    async with serving() as mailbox:
        settings: dict[str, Any] = {"smtp_url": mailbox.url, "public_url": PUBLIC_URL, "allowed_hosts": "127.0.0.1"}
        with app_server(data, port=port, **settings) as server:
            begun = clock.now()
            await set_reminders(server.url, tasks)
            server.process.kill()
        async with looking(data, "") as database:
            async with database.write() as session:
                address = {
                    "email": "chief@example.org",
                    "email_key": "chief@example.org",
                    "email_verified_at": clock.now(),
                }
                await session.execute(update(User).values(address))
            await asyncio.sleep(max(0.0, (begun + SOON - clock.now()).total_seconds() + 1))
            # A letter that was sent may be sent again if the server dies before it notes that; nothing else may.
            while not await all_told(database) or await _letters_left(database):
                with app_server(data, port=port, **settings) as server:
                    seen = len(mailbox.letters)
                    for _ in range(100):
                        await asyncio.sleep(0.05)
                        if len(mailbox.letters) > seen + 5:
                            break
                    server.process.kill()
                    kills += 1
                # As if the leases of the dead had ended.
                async with database.write() as session:
                    await session.execute(update(Job).values(lease_until=None))
            assert await told(database) == 2 * tasks
    sent = Counter(letter.message["Message-ID"] for letter in mailbox.letters)
    print(f"{kills} kills, {len(mailbox.letters)} letters of {len(sent)} reminders")
    assert len(sent) == 2 * tasks
    assert len(mailbox.letters) - len(sent) <= kills


async def _letters_left(database: Database) -> int:
    async with database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(Job).where(Job.kind == JOB)) or 0)
