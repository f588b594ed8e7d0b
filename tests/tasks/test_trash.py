"""The trash: in, out, and the end of it."""

from datetime import timedelta

import time_machine
from sqlalchemy import select

from taskmanager import upkeep
from taskmanager.journal.models import Entry
from taskmanager.kit import clock
from taskmanager.projects.models import Project
from taskmanager.tasks.models import Comment, Task
from tests.factories import Api, Client, add_project, add_task, pages

DAYS_31 = timedelta(days=31)


async def live(client: Client) -> set[str]:
    return {task["title"] for task in await pages(client, "/tasks")}


async def trashed(client: Client) -> set[str]:
    return {task["title"] for task in await pages(client, "/tasks", deleted="true")}


async def test_a_task_in_the_trash_is_gone_but_for_the_way_back(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "task")
    path = f"/tasks/{task['id']}"
    assert (await anna.delete(path)).status_code == 204
    assert (await live(anna), await trashed(anna)) == (set(), {"task"})
    for answer in (
        await anna.get(path),
        await anna.patch(path, json={"title": "x"}),
        await anna.delete(path),
        await anna.post(f"{path}/complete"),
        await anna.get(f"{path}/comments"),
        await anna.post(f"{path}/comments", json={"body": "x"}),
    ):
        assert answer.status_code == 404
    assert (await anna.get(f"{path}/activity")).status_code == 200
    restored = await anna.post(f"{path}/restore")
    assert restored.json()["deleted_at"] is None
    assert (await live(anna), await trashed(anna)) == ({"task"}, set())
    # Asked for twice, it is there still.
    assert (await anna.post(f"{path}/restore")).json() == restored.json()


async def test_a_subtree_goes_and_comes_back_as_a_whole(api: Api) -> None:
    anna = await api.user()
    top = await add_task(anna, "top")
    low = await add_task(anna, "low", parent_id=top["id"])
    await add_task(anna, "lowest", parent_id=low["id"])
    before = await add_task(anna, "gone before", parent_id=top["id"])
    await anna.delete(f"/tasks/{before['id']}")
    await anna.delete(f"/tasks/{top['id']}")
    assert await trashed(anna) == {"top", "low", "lowest", "gone before"}
    await anna.post(f"/tasks/{top['id']}/restore")
    assert (await live(anna), await trashed(anna)) == ({"top", "low", "lowest"}, {"gone before"})


async def test_a_subtask_restored_alone_leaves_its_parent(api: Api) -> None:
    anna = await api.user()
    top = await add_task(anna, "top")
    low = await add_task(anna, "low", parent_id=top["id"])
    await anna.delete(f"/tasks/{top['id']}")
    restored = await anna.post(f"/tasks/{low['id']}/restore")
    assert (restored.json()["parent_id"], await live(anna)) == (None, {"low"})
    # That was one operation, and is taken back as one.
    assert (await anna.post(f"/undo/{restored.headers['X-Operation-ID']}")).status_code == 200
    assert await trashed(anna) == {"top", "low"}
    assert {task["parent_id"] for task in await pages(anna, "/tasks", deleted="true")} == {None, top["id"]}


async def test_for_good_only_from_the_trash(api: Api) -> None:
    anna = await api.user()
    top = await add_task(anna, "top secret")
    low = await add_task(anna, "low secret", parent_id=top["id"])
    said = await anna.post(f"/tasks/{low['id']}/comments", json={"body": "a secret remark"})
    path = f"/tasks/{top['id']}"
    refused = await anna.delete(path, params={"permanent": "true"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_trash")
    await anna.delete(path)
    assert (await anna.delete(path, params={"permanent": "true"})).status_code == 204
    assert (await anna.post(f"{path}/restore")).status_code == 404
    assert (await anna.get(f"{path}/activity")).status_code == 404
    assert (await live(anna), await trashed(anna)) == (set(), set())
    undo = await anna.post(f"/undo/{said.headers['X-Operation-ID']}")
    assert (undo.status_code, undo.json()["code"]) == (409, "not_undoable")
    async with api.database.read() as session:
        entries = (await session.execute(select(Entry))).scalars().all()
        assert "secret" not in repr([(entry.before, entry.after) for entry in entries])
        assert (await session.execute(select(Comment.id))).all() == []


async def test_the_trash_empties_itself_after_30_days(api: Api) -> None:
    anna = await api.user()
    kept, gone = await add_task(anna, "kept"), await add_task(anna, "gone secret")
    under = await add_task(anna, "under", parent_id=gone["id"])
    await anna.post(f"/tasks/{gone['id']}/comments", json={"body": "secret"})
    said = (await anna.post(f"/tasks/{kept['id']}/comments", json={"body": "secret"})).json()
    await anna.delete(f"/tasks/{kept['id']}/comments/{said['id']}")
    away = await add_project(anna, "Secret project")
    await add_task(anna, "in it, secret", project_id=away["id"])
    await anna.delete(f"/projects/{away['id']}")
    await anna.delete(f"/tasks/{gone['id']}")
    await anna.post(f"/tasks/{under['id']}/restore")
    async with api.database.write() as session:
        await upkeep._purge_trash(session, {})
    assert await trashed(anna) == {"gone secret"}
    with time_machine.travel(clock.now() + DAYS_31, tick=True):
        for _ in range(2):
            async with api.database.write() as session:
                await upkeep._purge_trash(session, {})
    async with api.database.read() as session:
        assert set((await session.execute(select(Task.title))).scalars()) == {"kept", "under"}
        assert set((await session.execute(select(Project.name))).scalars()) == {"Inbox"}
        assert (await session.execute(select(Comment.id))).all() == []
        entries = (await session.execute(select(Entry))).scalars().all()
        assert "secret" not in repr([(entry.before, entry.after) for entry in entries]).lower()
