"""A real PgBouncer in transaction mode between crowds and few connections. The long form only: it must be installed."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from taskmanager.kit import migrate
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.factories import Api
from tests.faults import LONG
from tests.services import own_pgbouncer, own_postgres

pytestmark = [pytest.mark.faults, pytest.mark.skipif(not LONG, reason="the long form: needs PgBouncer")]


async def test_crowds_share_few_connections(tmp_path: Path) -> None:
    with own_postgres() as server, own_pgbouncer(server, servers=4) as pooler:
        given = Settings(
            data_dir=tmp_path / "data",
            database_url=pooler.url,
            database_pooler=True,
            pool_size=40,
            rate_limits=False,
        )
        await asyncio.to_thread(migrate.upgrade, given)
        application = create_app(given)
        async with application.router.lifespan_context(application), Api(application) as api:
            people = [await api.user(f"user{number}") for number in range(8)]

            async def work(number: int) -> None:
                one = people[number % len(people)]
                for _ in range(25):
                    made = await one.post("/tasks", json={"title": f"Task of {number}", "labels": ["home"]})
                    assert made.status_code == 201, made.text
                    assert (await one.get("/tasks", params={"q": "task"})).status_code == 200
                    changed = await one.patch(f"/tasks/{made.json()['id']}", json={"title": "Other"})
                    assert changed.status_code == 200, changed.text

            await asyncio.gather(*(work(number) for number in range(40)))
            for one in people:
                bootstrap = await one.get("/bootstrap")
                assert bootstrap.status_code == 200, bootstrap.text
                assert len(bootstrap.json()["tasks"]) == 40 / len(people) * 25
        direct = await asyncpg.connect(server.url.replace("+asyncpg", ""))
        served = await direct.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'taskmanager'")
        await direct.close()
        assert served <= 4
