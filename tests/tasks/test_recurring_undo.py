"""Recurring tasks taken back: the record of what was completed too."""

from typing import Any

import httpx
from sqlalchemy import select

from taskmanager.journal.models import Entry
from taskmanager.tasks.models import TaskOccurrence
from tests.factories import Api, Client, add_task, pages
from tests.tasks.test_recurring_tasks import BERLIN, DAILY, MONDAY_MORNING, complete, day, patch


async def undo(client: Client, done: httpx.Response) -> httpx.Response:
    answer = await client.post(f"/undo/{done.headers['X-Operation-ID']}")
    assert answer.status_code == 200, answer.text
    return answer


@MONDAY_MORNING
async def test_undo_and_redo_restore_everything(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=BERLIN, start=BERLIN, recurrence=DAILY)
    low = await add_task(anna, "low", parent_id=task["id"])
    await complete(anna, low)

    async def state() -> Any:
        tasks = {one["id"]: {**one, "version": 0, "updated_at": ""} for one in await pages(anna, "/tasks")}
        return tasks, await past(api, task)

    for verb, kind in (("complete", "completed"), ("skip", "skipped")):
        before = await state()
        done = await anna.post(f"/tasks/{task['id']}/{verb}")
        after = await state()
        assert after[1] == [*before[1], (task["due"]["datetime"], kind, anna.user_id)]
        for expected in (before, after, before):
            done = await undo(anna, done)
            assert await state() == expected
        again = await anna.post(f"/undo/{done.headers['X-Operation-ID']}")
        assert again.status_code == 200
        refused = await anna.post(f"/undo/{done.headers['X-Operation-ID']}")
        assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
        await undo(anna, again)


async def past(api: Api, task: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Return the records of a task's past, which nothing of the API shows yet but an export."""
    async with api.database.read() as session:
        mine = select(TaskOccurrence).where(TaskOccurrence.task_id == task["id"], TaskOccurrence.deleted_at.is_(None))
        rows = (await session.execute(mine.order_by(TaskOccurrence.at, TaskOccurrence.id))).scalars()
        return [(row.local, row.kind, row.actor_id) for row in rows]


@MONDAY_MORNING
async def test_what_went_on_since_is_in_the_way_of_undo(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=day(4), recurrence=DAILY)
    path = f"/tasks/{task['id']}"
    first = await anna.post(f"{path}/complete")
    second = await anna.post(f"{path}/complete")
    refused = await anna.post(f"/undo/{first.headers['X-Operation-ID']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
    await undo(anna, second)
    await undo(anna, first)
    assert (await anna.get(path)).json()["due"] == day(4)
    assert await past(api, task) == []


async def test_undo_leaves_no_recurring_task_without_a_due_date(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    dated = await anna.patch(f"/tasks/{task['id']}", json={"due": day(4)})
    await patch(anna, task, recurrence=DAILY)
    refused = await anna.post(f"/undo/{dated.headers['X-Operation-ID']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
    ended = await anna.patch(f"/tasks/{task['id']}", json={"recurrence": None})
    await patch(anna, task, due=None)
    refused = await anna.post(f"/undo/{ended.headers['X-Operation-ID']}")
    assert refused.json()["collisions"] == [{"id": task["id"], "fields": ["due", "recurrence"]}]


@MONDAY_MORNING
async def test_what_is_deleted_for_good_leaves_no_trace_of_its_past(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=day(4), recurrence=DAILY)
    done = await anna.post(f"/tasks/{task['id']}/complete")
    await undo(anna, done)
    await complete(anna, task)
    await anna.delete(f"/tasks/{task['id']}")
    assert (await anna.delete(f"/tasks/{task['id']}", params={"permanent": "true"})).status_code == 204
    async with api.database.read() as session:
        assert (await session.execute(select(TaskOccurrence))).all() == []
        entries = (await session.execute(select(Entry).where(Entry.action != "purged"))).scalars().all()
        assert {entry.entity_kind for entry in entries} >= {"task", "occurrence"}
        assert [entry for entry in entries if entry.entity_kind in {"task", "occurrence"} and entry.after] == []
