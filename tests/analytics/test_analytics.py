"""Analytics agree with a recount of all tasks, on both databases, whatever is done to the tasks."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import time_machine
from fastapi import FastAPI
from sqlalchemy import insert, update

from taskmanager.analytics.models import Progress
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from taskmanager.tasks.dates import NEVER, When
from taskmanager.tasks.models import Task
from tests.analytics.recount import Recount, told
from tests.factories import Api, Client, add_project, add_task, share

NOON = datetime.fromisoformat("2026-04-01T12:00:00Z")
ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/Los_Angeles")


async def count(app: FastAPI) -> None:
    """Let everything be counted that there is to count."""
    while await app.state.jobs.run_watched("analytics"):
        pass


async def read(client: Client, **query: Any) -> dict[str, Any]:
    answer = await client.get("/analytics", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def check(api: Api, client: Client, *zones: str, project_id: str | None = None) -> None:
    """Compare what an account is told with a recount."""
    async with api.database.read() as session:
        recount = Recount(session, client.user_id)
        await recount.read()
    only = {"project_id": project_id} if project_id else {}
    for zone in zones:
        for first, last in ((date(2026, 3, 1), date(2026, 4, 20)), (date(2026, 3, 29), date(2026, 3, 29))):
            days = {"from": first.isoformat(), "to": last.isoformat()}
            answer = await read(client, timezone=zone, **days, **only)
            expected = recount.answer(first, last, zone, clock.now(), project_id)
            shown = told(answer)
            assert {key: row for key, row in shown["by_project"].items() if any(row.values())} == expected.pop(
                "by_project"
            )
            del shown["by_project"]
            assert shown == expected


async def fill(api: Api, chance: random.Random, user_id: str, project_id: str, count: int) -> None:
    """Put tasks of two months into a project."""
    rows = []
    for number in range(1, count + 1):
        created = NOON - timedelta(minutes=chance.randrange(100_000))
        status = chance.choice(("todo", "todo", "in_progress", "done", "done", "cancelled"))
        due = chance.choice((None, When("2026-03-29"), When("2026-03-29T02:30:00"), When("2026-04-01T08:00:00", "UTC")))
        rows.append(
            {
                "id": new_id(),
                "project_id": project_id,
                "number": number + 10_000,
                "key": f"X-{number}",
                "title": "x",
                "title_key": "x",
                "description": "",
                "status": status,
                "priority": chance.randrange(5),
                "due_local": due.local if due else None,
                "due_timezone": due.timezone if due else None,
                "due_sort": due.sort_key if due else NEVER,
                "position": f"a{number}",
                "created_by": user_id,
                "created_at": created,
                "updated_at": created,
                "completed_at": min(NOON, created + timedelta(minutes=chance.randrange(60_000)))
                if status == "done"
                else None,
                "version": 1,
            }
        )
    async with api.database.write() as session:
        await session.execute(insert(Task), rows)


async def change(chance: random.Random, client: Client, tasks: list[str], operations: list[str]) -> None:
    """Do something to some task, whatever may come of it, and perhaps take it back."""
    task = f"/tasks/{chance.choice(tasks)}"
    what = chance.choice(("status", "complete", "reopen", "delete", "restore", "patch", "undo", "purge", "skip"))
    if what == "status":
        status = chance.choice(("todo", "in_progress", "done", "cancelled"))
        answer = await client.patch(task, json={"status": status})
    elif what == "patch":
        fields = {"priority": chance.randrange(5), "assignee_ids": chance.choice(([], [client.user_id]))}
        answer = await client.patch(task, json={**fields, "due": chance.choice((None, {"date": "2026-04-03"}))})
    elif what == "undo" and operations:
        answer = await client.post(f"/undo/{operations.pop()}")
    elif what in {"delete", "purge"}:
        answer = await client.delete(task)
        if what == "purge":
            await client.delete(task, params={"permanent": "true"})
    else:
        answer = await client.post(f"{task}/{what if what != 'undo' else 'complete'}")
    assert answer.status_code < 500, answer.text
    if "X-Operation-ID" in answer.headers:
        operations.append(answer.headers["X-Operation-ID"])


async def test_what_is_told_is_what_a_recount_finds(api: Api, app: FastAPI) -> None:
    chance = random.Random(20260401)  # noqa: S311 - the same each time
    anna_id, ben_id = await api.account("anna"), await api.account("ben")
    with time_machine.travel(NOON, tick=True):
        anna, ben = await api.enter(anna_id), await api.enter(ben_id)
        await anna.patch("/me", json={"timezone": "Europe/Berlin"})
        home, work = await add_project(anna), await add_project(anna, "Work")
        await share(anna, home["id"], ben, "editor")
        await fill(api, chance, anna_id, home["id"], 250)
        await count(app)
        await check(api, anna, *ZONES)
    daily = {"due": {"date": "2026-04-01"}, "recurrence": {"rrule": "FREQ=DAILY;COUNT=3"}}
    tasks: list[str] = []
    operations: list[str] = []
    for day in range(4):
        with time_machine.travel(NOON + timedelta(days=3 * day, hours=5 * day, minutes=7), tick=True):
            anna, ben = await api.enter(anna_id), await api.enter(ben_id)
            for fields in ({}, daily, {"due": {"date": "2026-04-02"}, "assignee_ids": [anna_id, ben_id]}):
                place = home["id"] if fields is not daily or day % 2 else work["id"]
                tasks.append((await add_task(anna, project_id=place, **fields))["id"])
            for _ in range(25):
                await change(chance, chance.choice((anna, ben)), tasks, operations)
            await anna.post(f"/tasks/{tasks[-1]}/move", json={"project_id": work["id"]})
            await count(app)
            await check(api, anna, *ZONES[: 1 + day % 3])
    with time_machine.travel(NOON + timedelta(days=12), tick=True):
        ben = await api.enter(ben_id)
        await check(api, ben, "Europe/Berlin")
        await check(api, ben, "UTC", project_id=home["id"])
        # Counted all anew, it is the same; and with days of other zones kept as well.
        await ben.patch("/me", json={"timezone": "America/Los_Angeles"})
        for stale in ({"kept_days": 1}, {"pruned_at": NOON - timedelta(days=9)}):
            async with api.database.write() as session:
                await session.execute(update(Progress).values(stale))
            await count(app)
            await check(api, ben, *ZONES)
