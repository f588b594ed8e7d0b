"""Undo: one operation taken back as a whole, or refused with what is in the way."""

from datetime import timedelta
from typing import Any

import httpx
import time_machine

from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from tests.factories import Api, Client, add_project, add_task, pages, share


async def undo(client: Client, done: httpx.Response) -> httpx.Response:
    return await client.post(f"/undo/{done.headers['X-Operation-ID']}")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return {**one, "version": 0, "updated_at": ""} == {**other, "version": 0, "updated_at": ""}


async def test_an_undo_is_undone_by_undoing_it(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "old", labels=["a", "b"], due={"date": "2026-05-01"})
    path = f"/tasks/{task['id']}"
    body = {"title": "new", "labels": ["b", "c"], "due": None, "status": "done"}
    done = await anna.patch(path, json=body)
    changed = done.json()
    for expected in (task, changed, task, changed):
        done = await undo(anna, done)
        assert done.status_code == 200
        assert done.json()["operation_id"] == done.headers["X-Operation-ID"]
        assert same((await anna.get(path)).json(), expected)


async def test_undo_of_every_kind_of_change(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    task = await add_task(anna)
    child = await add_task(anna, "child", parent_id=task["id"])
    path = f"/tasks/{task['id']}"

    async def state() -> list[dict[str, Any]]:
        found = [*await pages(anna, "/tasks"), *await pages(anna, "/tasks", deleted="true")]
        return [{**one, "version": 0, "updated_at": ""} for one in found]

    for method, url, body in (
        ("POST", f"{path}/complete", None),
        ("PATCH", path, {"project_id": home["id"]}),
        ("PATCH", f"/tasks/{child['id']}", {"project_id": home["id"]}),
        ("PATCH", f"/tasks/{child['id']}", {"parent_id": None}),
        ("DELETE", path, None),
        ("POST", "/tasks", {"title": "x"}),
    ):
        before = await state()
        done = await anna.request(method, url, json=body)
        assert done.is_success, done.text
        after = await state()
        assert after != before
        assert (await undo(anna, done)).status_code == 200, (method, url, body)
        assert [one for one in await state() if one["title"] != "x"] == before


async def test_a_later_edit_is_never_overwritten(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    made = await anna.post("/tasks", json={"title": "one", "project_id": home["id"]})
    path = f"/tasks/{made.json()['id']}"
    first = await anna.patch(path, json={"title": "two", "priority": 1})
    await ben.patch(path, json={"title": "three"})
    for operation in (made, first):
        refused = await undo(anna, operation)
        assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
        collisions = refused.json()["collisions"]
        assert [one["id"] for one in collisions] == [made.json()["id"]]
        assert "title" in collisions[0]["fields"]
    now = (await anna.get(path)).json()
    assert (now["title"], now["priority"]) == ("three", 1)


async def test_edits_of_other_fields_do_not_collide(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    path = f"/tasks/{task['id']}"
    first = await anna.patch(path, json={"title": "two"})
    await anna.patch(path, json={"priority": 3})
    assert (await undo(anna, first)).status_code == 200
    now = (await anna.get(path)).json()
    assert (now["title"], now["priority"]) == (task["title"], 3)


async def test_the_same_operation_is_undone_once(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/tasks", json={"title": "one"})
    deleted = await anna.delete(f"/tasks/{made.json()['id']}")
    for operation in (deleted, made):
        assert (await undo(anna, operation)).status_code == 200
        assert (await undo(anna, operation)).json()["code"] == "undo_collision"


async def test_what_was_deleted_again_stays_deleted(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    first = await anna.delete(f"/tasks/{task['id']}")
    await anna.post(f"/tasks/{task['id']}/restore")
    await anna.delete(f"/tasks/{task['id']}")
    assert (await undo(anna, first)).status_code == 409
    assert len(await pages(anna, "/tasks", deleted="true")) == 1


async def test_subtasks_that_came_later_are_in_the_way(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    made = await anna.post("/tasks", json={"title": "top"})
    task_id = made.json()["id"]
    moved = await anna.patch(f"/tasks/{task_id}", json={"project_id": home["id"]})
    child = await anna.post("/tasks", json={"title": "low", "parent_id": task_id, "project_id": home["id"]})
    refused = await undo(anna, moved)
    assert refused.json()["collisions"] == [{"id": child.json()["id"], "fields": ["parent_id"]}]
    for operation in (child, moved, made):
        # Of the first, what is left in the trash moves neither.
        await anna.delete(f"/tasks/{child.json()['id']}", params={"permanent": "true"})
        assert (await undo(anna, operation)).status_code in {200, 404, 409}


async def test_a_task_does_not_come_back_into_a_trashed_parent(api: Api) -> None:
    anna = await api.user()
    top = await add_task(anna, "top")
    low = await add_task(anna, "low", parent_id=top["id"])
    first = await anna.delete(f"/tasks/{low['id']}")
    second = await anna.delete(f"/tasks/{top['id']}")
    assert (await undo(anna, first)).status_code == 409
    assert (await undo(anna, second)).status_code == 200
    assert (await undo(anna, first)).status_code == 200
    assert (await anna.get(f"/tasks/{low['id']}")).json()["parent_id"] == top["id"]


async def test_undo_is_a_write_of_the_one_who_undoes(api: Api) -> None:
    anna, ben, carl = [await api.user(name) for name in ("anna", "ben", "carl")]
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    await share(anna, home["id"], carl, "editor")
    task = await add_task(anna, project_id=home["id"])
    path = f"/tasks/{task['id']}"
    done = await ben.patch(path, json={"title": "by ben"})
    assert (await undo(carl, done)).status_code == 404, "neither his own nor his to administer"
    await anna.patch(f"/projects/{home['id']}/members/{ben.user_id}", json={"role": "viewer"})
    assert (await undo(ben, done)).status_code == 403
    assert (await undo(anna, done)).status_code == 200
    items = await pages(anna, f"{path}/activity")
    assert [(item["actor"], item["action"]) for item in items] == [
        ("anna", "updated"),
        ("ben", "updated"),
        ("anna", "created"),
    ]


async def test_unknown_foreign_and_old_operations_look_missing(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    done = await anna.post("/tasks", json={"title": "one"})
    label = await anna.post("/labels", json={"name": "one"})
    missing = await ben.post(f"/undo/{new_id()}")
    for operation in (done, label):
        foreign = await undo(ben, operation)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json()["title"] == missing.json()["title"]
    # Sessions do not live so long: a new one then.
    with time_machine.travel(clock.now() + timedelta(days=31), tick=True):
        later = await api.sign_in("anna")
        assert (await undo(later, done)).status_code == 404


async def test_assignees_who_left_are_in_the_way(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    task = await add_task(anna, project_id=home["id"], assignee_ids=[ben.user_id])
    done = await anna.patch(f"/tasks/{task['id']}", json={"assignee_ids": []})
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    refused = await undo(anna, done)
    assert refused.json()["collisions"] == [{"id": task["id"], "fields": ["assignee_ids"]}]
