"""A standby answers lists, but nobody misses what they wrote themselves, and none that lags is read."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI

from taskmanager.doctor.database import check_replica
from taskmanager.kit import migrate
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.factories import Api, Client
from tests.factories import nodes as two_nodes
from tests.services import Server, own_postgres_pair


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    with own_postgres_pair() as servers:
        yield servers


@pytest.fixture
async def nodes(pair: tuple[Server, Server], redis_url: str, tmp_path: Path) -> AsyncIterator[list[Api]]:
    """Yield two nodes on one database with a standby."""
    primary, standby = pair
    given = Settings(
        data_dir=tmp_path / "data",
        database_url=primary.url,
        replica_url=standby.url,
        redis_url=redis_url,
        rate_limits=False,
    )
    await asyncio.to_thread(migrate.upgrade, given)
    async with two_nodes(given) as apis:
        yield apis


async def test_the_standby_is_read_and_nobody_misses_their_own_writes(
    nodes: list[Api], pair: tuple[Server, Server]
) -> None:
    anna, ben = await nodes[0].user("anna"), await nodes[0].user("ben")
    project = (await anna.post("/projects", json={"name": "Both"})).json()["id"]
    added = await anna.post(f"/projects/{project}/members", json={"username": "ben", "role": "editor"})
    assert added.is_success, added.text
    elsewhere = await nodes[1].client(Authorization=f"Bearer {ben.access_token}")
    given = nodes[0].app.state.settings
    assert [one.level for one in [one async for one in check_replica(given)]] == ["ok"]
    wrong = given.model_copy(update={"replica_url": given.database_url})
    assert [one.level for one in [one async for one in check_replica(wrong)]] == ["fail"]
    standby = await asyncpg.connect(pair[1].url.replace("+asyncpg", ""))
    for node in nodes:
        await _until(lambda node=node: node.app.state.replica.fresh)
        node.app.state.replica._wrote.clear()
    await _forget_marks(nodes[0].app)
    # Held still, the standby shows who reads from it.
    await standby.execute("SELECT pg_wal_replay_pause()")
    made = await ben.post("/tasks", json={"title": "New", "project_id": project})
    assert made.status_code == 201
    assert [await _titles(one) for one in (ben, elsewhere)] == [["New"], ["New"]]
    assert await _titles(anna) == []
    # A single thing is never old, and a standby that is behind is left alone.
    assert (await anna.get(f"/tasks/{made.json()['id']}")).status_code == 200
    await _until(lambda: not nodes[0].app.state.replica.fresh)
    assert await _titles(anna) == ["New"]
    await standby.execute("SELECT pg_wal_replay_resume()")
    await standby.close()
    await _until(lambda: nodes[0].app.state.replica.fresh)
    assert await _titles(anna) == ["New"]
    pair[1].process.kill()
    # What was under way there may break off; the next one is answered by the primary.
    answers = [(await anna.get("/tasks")).status_code for _ in range(20)]
    assert answers[2:] == [200] * 18
    assert set(answers) <= {200, 503}


async def _titles(client: Client) -> list[str]:
    answer = await client.get("/tasks")
    assert answer.status_code == 200, answer.text
    return [task["title"] for task in answer.json()["items"]]


async def _forget_marks(app: FastAPI) -> None:
    async def forget(redis: Any) -> None:
        await redis.flushdb()

    await app.state.cache.run(forget)


async def _until(holds: Any) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.mark.only_on("postgresql")
async def test_a_pooler_leaves_no_statement_with_a_name(settings: Settings) -> None:
    given = settings.model_copy(update={"database_pooler": True, "pool_size": 3})
    application = create_app(given)
    async with application.router.lifespan_context(application), Api(application) as api:
        anna = await api.user("anna")
        assert (await anna.post("/tasks", json={"title": "x"})).status_code == 201
        assert await _titles(anna) == ["x"]
        for door in (api.database.read, api.database.write):
            async with door() as session:
                connection = await session.connection()
                found = await connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements")
                assert found.scalar_one() == 0
