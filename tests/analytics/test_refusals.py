"""What analytics refuse, tell again, and keep to themselves."""

import asyncio
import csv
import io

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from taskmanager.analytics.rollup import Rollup
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.db import Database
from taskmanager.kit.ids import new_id
from tests.analytics.test_analytics import count, read
from tests.auth.tokens import code
from tests.factories import Api, Client, add_api_token, add_project, add_task, share


@pytest.fixture
async def anna(api: Api) -> Client:
    return await api.user("anna")


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-02-02", "to": "2026-02-01"},
        {"from": "2024-01-01", "to": "2026-01-01"},
        {"from": "yesterday"},
        {"to": "2026-02-30"},
        {"timezone": "Mars/Olympus"},
        {"project_id": "x"},
        {"colour": "red"},
    ],
)
async def test_a_wrong_question_is_refused(anna: Client, query: dict[str, str]) -> None:
    answer = await anna.get("/analytics", params=query)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith("/query/")
    assert (await anna.get("/analytics/export", params=query)).status_code == 422


async def test_a_year_of_days_is_answered(anna: Client) -> None:
    assert len((await read(anna, **{"from": "2025-11-26", "to": "2026-11-26"}))["days"]) == 366


async def test_a_project_that_is_not_seen_is_missing(api: Api, anna: Client) -> None:
    ben = await api.user("ben")
    project = await add_project(anna)
    for project_id in (project["id"], new_id()):
        assert code(await ben.get("/analytics", params={"project_id": project_id})) == (404, "not_found")
    assert (await anna.get("/analytics", params={"project_id": project["id"]})).status_code == 200


async def test_who_is_no_member_any_more_is_told_nothing_more(api: Api, app: FastAPI, anna: Client) -> None:
    ben = await api.user("ben")
    project = await add_project(anna, "Secret")
    await share(anna, project["id"], ben, "viewer")
    await add_task(anna, project_id=project["id"])
    await count(app)
    assert (await read(ben))["totals"]["created"] == 1
    assert (await anna.delete(f"/projects/{project['id']}/members/{ben.user_id}")).status_code == 204
    told = await read(ben)
    assert told["totals"]["created"] == told["totals"]["open"] == 0
    assert "Secret" not in (await ben.get("/analytics")).text
    assert code(await ben.get("/analytics", params={"project_id": project["id"]})) == (404, "not_found")


async def test_it_says_up_to_when_everything_is_counted(app: FastAPI, anna: Client) -> None:
    """Null before the first count; then now, as long as nothing waits to be counted."""
    assert (await read(anna))["as_of"] is None
    for _ in range(2):
        before = instant_text(clock.now())
        await add_task(anna)
        await count(app)
        assert (await read(anna))["as_of"] >= before[:19]
        again = (await read(anna))["as_of"]
        assert again >= before[:19]
    await add_task(anna)
    assert (await read(anna))["as_of"] < instant_text(clock.now())


async def test_what_has_not_changed_is_not_sent_again(app: FastAPI, anna: Client) -> None:
    await add_task(anna)
    await count(app)
    first = await anna.get("/analytics")
    again = await anna.get("/analytics", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    await add_task(anna)
    await count(app)
    assert (await anna.get("/analytics", headers={"If-None-Match": first.headers["ETag"]})).status_code == 200


async def test_a_table_is_taken_out_and_no_cell_is_a_formula(app: FastAPI, anna: Client) -> None:
    project = await add_project(anna, "=1+1")
    await add_task(anna, project_id=project["id"])
    await count(app)
    answer = await anna.get("/analytics/export", params={"table": "by_project"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (row,) = (row for row in rows if row["project_id"] == project["id"])
    assert (row["name"], row["created"], row["open"]) == ("'=1+1", "1", "1")
    whole = await anna.get("/analytics/export", params={"format": "json"})
    assert whole.json()["totals"] == (await read(anna))["totals"]


async def test_an_api_token_needs_both_scopes(anna: Client, api: Api) -> None:
    both = await add_api_token(anna, "tasks:read", "projects:read")
    one = await add_api_token(anna, "tasks:read")
    client = await api.client(Authorization=f"Bearer {both['token']}")
    assert (await client.get("/analytics")).status_code == 200
    client = await api.client(Authorization=f"Bearer {one['token']}")
    assert code(await client.get("/analytics")) == (403, "insufficient_scope")


async def test_two_that_count_at_once_count_once(api: Api, anna: Client, database: Database) -> None:
    """Whoever comes second finds nothing left, or waits for the first."""
    rollup = Rollup(api.app.state.settings.analytics_days)
    for _ in range(30):
        await add_task(anna)

    async def step() -> None:
        async with database.write() as session:
            await rollup.step(session)

    for _ in range(6):
        await asyncio.gather(step(), step(), step())
    assert (await read(anna))["totals"]["created"] == 30


async def test_a_step_that_is_cut_short_leaves_nothing(api: Api, app: FastAPI, anna: Client) -> None:
    await count(app)
    await add_task(anna)
    rollup = Rollup(app.state.settings.analytics_days)

    async def fail() -> None:
        async with api.database.write() as session:
            await rollup.step(session)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert (await read(anna))["totals"]["created"] == 0
    await count(app)
    assert (await read(anna))["totals"]["created"] == 1


async def test_no_question_reads_the_tasks(api: Api, app: FastAPI, anna: Client, backend: str) -> None:
    """Everything comes from the counts: the table of tasks may be locked meanwhile, and as large as it likes."""
    await add_task(anna)
    await count(app)
    if backend == "sqlite":
        plan = "EXPLAIN QUERY PLAN SELECT sum(n) FROM analytics_counts WHERE project_id IN (SELECT project_id FROM"
        plan += " project_access WHERE user_id = :user) AND kind = 'created' AND grain = 0 AND slot >= 1 AND slot < 9"
        async with api.database.read() as session:
            steps = [row[3] for row in await session.execute(text(plan), {"user": anna.user_id})]
        assert all("SCAN" not in step for step in steps), steps
        return
    async with api.database.write() as session:
        await session.execute(text("LOCK TABLE tasks IN ACCESS EXCLUSIVE MODE"))
        assert (await read(anna))["totals"]["created"] == 1


@pytest.fixture
def database(api: Api) -> Database:
    return api.database
