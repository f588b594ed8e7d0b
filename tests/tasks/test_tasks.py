"""Tasks through the API: made, read, changed, completed."""

from typing import Any

import time_machine

from taskmanager.kit.ids import new_id
from tests.factories import Api, add_project, add_task, pages, share


async def test_a_task_is_made_and_read(api: Api) -> None:
    anna = await api.user()
    made = await add_task(anna, "  Buy milk ", labels=["Shop"])
    read = await anna.get(f"/tasks/{made['id']}")
    assert read.status_code == 200
    assert read.json() == made
    assert made["title"] == "Buy milk"
    assert made["key"] == "INBOX-1"
    assert read.headers["ETag"] == '"1"'


async def test_a_new_task_tells_where_it_is(api: Api) -> None:
    anna = await api.user()
    answer = await anna.post("/tasks", json={"title": "Buy milk"})
    task = answer.json()
    assert answer.headers["Location"] == f"/tasks/{task['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["X-Operation-ID"]
    assert {name: task[name] for name in ("status", "priority", "labels", "assignee_ids", "due", "deleted_at")} == {
        "status": "todo", "priority": 0, "labels": [], "assignee_ids": [], "due": None, "deleted_at": None,
    }  # fmt: skip
    assert task["created_by"] == anna.user_id


async def test_a_foreign_task_looks_missing(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    task = await add_task(anna)
    assert (await ben.get(f"/tasks/{task['id']}")).status_code == 404
    assert (await anna.get(f"/tasks/{task['id']}")).status_code == 200


async def test_a_client_may_choose_the_id_once(api: Api) -> None:
    anna = await api.user()
    body = {"title": "Made offline", "id": new_id()}
    assert (await anna.post("/tasks", json=body)).status_code == 201
    again = await anna.post("/tasks", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "task_exists")
    assert len(await pages(anna, "/tasks")) == 1
    refused = await anna.post("/tasks", json={"title": "x", "id": "01890a5d-ac96-474b-8cce-b302099a8057"})
    assert refused.json()["errors"][0]["pointer"] == "/id"


async def test_keys_count_up_in_each_project(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna, "Sweet Home")
    keys = [(await add_task(anna, project_id=home["id"]))["key"] for _ in range(3)]
    assert keys == ["SWEETHOME-1", "SWEETHOME-2", "SWEETHOME-3"]
    assert (await add_task(anna))["key"] == "INBOX-1"


async def test_a_patch_changes_what_it_names(api: Api) -> None:
    anna = await api.user()
    made = await add_task(anna, "Buy milk", description="Two", priority=3, deadline="2026-12-01", labels=["Shop"])
    changed = (await anna.patch(f"/tasks/{made['id']}", json={"priority": 4, "deadline": None})).json()
    differing = {name for name in made if made[name] != changed[name]}
    assert differing == {"priority", "deadline", "version", "updated_at"}
    assert (changed["priority"], changed["deadline"], changed["version"]) == (4, None, 2)


async def test_null_is_refused_where_a_value_must_be(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    for name in ("title", "description", "status", "priority", "labels", "assignee_ids", "project_id"):
        refused = await anna.patch(f"/tasks/{task['id']}", json={name: None})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == f"/{name}"


async def test_a_patch_as_merge_patch(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    content = b'{"title": "New"}'
    media_type = {"Content-Type": "application/merge-patch+json"}
    patched = await anna.patch(f"/tasks/{task['id']}", content=content, headers=media_type)
    assert (patched.status_code, patched.json()["title"]) == (200, "New")
    assert (await anna.post("/tasks", content=content, headers=media_type)).status_code == 415


async def test_a_patch_that_changes_nothing_is_no_operation(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "Same", labels=["a"])
    answer = await anna.patch(f"/tasks/{task['id']}", json={"title": "Same", "labels": ["a"]})
    assert answer.status_code == 200
    assert answer.json() == task
    assert "X-Operation-ID" not in answer.headers


async def test_complete_and_reopen(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    path = f"/tasks/{task['id']}"
    done = (await anna.post(f"{path}/complete")).json()
    assert done["status"] == "done"
    assert done["completed_at"] is not None
    assert (await anna.post(f"{path}/complete")).json() == done
    opened = (await anna.post(f"{path}/reopen")).json()
    assert (opened["status"], opened["completed_at"], opened["version"]) == ("todo", None, 3)
    assert (await anna.post(f"{path}/reopen")).json() == opened


async def test_status_by_patch_keeps_the_time_of_completion(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, status="done")
    assert task["completed_at"] is not None
    cancelled = (await anna.patch(f"/tasks/{task['id']}", json={"status": "cancelled"})).json()
    assert cancelled["completed_at"] is None
    working = (await anna.patch(f"/tasks/{task['id']}", json={"status": "in_progress"})).json()
    assert (await anna.post(f"/tasks/{task['id']}/reopen")).json() == working


async def test_labels_compare_without_case_and_keep_their_first_spelling(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, labels=["Home", " Straße ", "HOME", "STRASSE", "ﬁsh", "fish"])
    assert task["labels"] == ["Home", "Straße", "ﬁsh"]
    for spelling in ("home", "STRASSE", "FISH"):
        assert [found["id"] for found in await pages(anna, "/tasks", label=spelling)] == [task["id"]]
    assert await pages(anna, "/tasks", label="hom") == []
    known = [label["name"] for label in await pages(anna, "/labels")]
    assert known == ["ﬁsh", "Home", "Straße"]
    renamed = (await anna.patch(f"/tasks/{task['id']}", json={"labels": ["home", "ﬁsh"]})).json()
    assert renamed["labels"] == ["home", "ﬁsh"]


async def test_labels_have_limits(api: Api) -> None:
    anna = await api.user()
    for labels in (["x"] * 51, ["y" * 61], [""], ["  "], ["two\nlines"]):
        refused = await anna.post("/tasks", json={"title": "x", "labels": labels})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"].startswith("/labels")


async def test_assignees_must_see_the_project(api: Api) -> None:
    anna, ben, carl = [await api.user(name) for name in ("anna", "ben", "carl")]
    home = await add_project(anna)
    await share(anna, home["id"], ben, "viewer")
    task = await add_task(anna, project_id=home["id"], assignee_ids=[ben.user_id, anna.user_id, ben.user_id])
    assert task["assignee_ids"] == sorted([anna.user_id, ben.user_id])
    assert [t["id"] for t in await pages(ben, "/tasks", assignee="me")] == [task["id"]]
    assert [t["id"] for t in await pages(anna, "/tasks", assignee=ben.user_id.upper())] == [task["id"]]
    for stranger in (carl.user_id, new_id()):
        refused = await anna.patch(f"/tasks/{task['id']}", json={"assignee_ids": [stranger]})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["code"] == "not_a_member"


async def test_subtasks_stay_in_one_project_and_never_loop(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home, foreign = await add_project(anna), await add_task(ben)
    top = await add_task(anna, "top")
    middle = await add_task(anna, "middle", parent_id=top["id"])
    low = await add_task(anna, "low", parent_id=middle["id"])
    other = await add_task(anna, "other", project_id=home["id"])
    for task in (top, middle):
        loop = await anna.patch(f"/tasks/{task['id']}", json={"parent_id": low["id"]})
        assert (loop.status_code, loop.json()["code"]) == (409, "task_loop")
    for parent, code in ((other, "other_project"), (foreign, "unknown_task"), ({"id": new_id()}, "unknown_task")):
        refused = await anna.patch(f"/tasks/{low['id']}", json={"parent_id": parent["id"]})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["code"] == code


async def test_subtasks_nest_16_deep_however_they_get_there(api: Api) -> None:
    anna = await api.user()

    async def chain(length: int) -> list[dict[str, Any]]:
        tasks = [await add_task(anna)]
        for _ in range(length - 1):
            tasks.append(await add_task(anna, parent_id=tasks[-1]["id"]))
        return tasks

    long, short = await chain(14), await chain(3)
    assert (await anna.patch(f"/tasks/{short[0]['id']}", json={"parent_id": long[-1]["id"]})).status_code == 422
    assert (await anna.patch(f"/tasks/{short[0]['id']}", json={"parent_id": long[-2]["id"]})).status_code == 200
    too_deep = await anna.post("/tasks", json={"title": "x", "parent_id": short[-1]["id"]})
    assert too_deep.json()["errors"][0]["code"] == "too_deep"


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
async def test_times_are_utc_with_z(api: Api) -> None:
    # Before PostgreSQL 17 its own clock would show; ours is the only one asked.
    await api.account("anna")
    anna = await api.sign_in("anna")
    task = await add_task(anna)
    assert task["created_at"] == "2026-03-01T12:00:00Z"
    assert task["updated_at"] == "2026-03-01T12:00:00Z"


async def test_roles_of_a_project(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    task = await add_task(anna, project_id=home["id"])
    path = f"/tasks/{task['id']}"
    allowed = {"viewer": 403, "commenter": 403, "editor": 200, "admin": 200}
    for role, expected in allowed.items():
        member = await api.user(f"{role}1")
        await share(anna, home["id"], member, role)
        assert (await member.get(path)).status_code == 200
        assert (await member.patch(path, json={"priority": 1})).status_code == expected
        assert (await member.post(f"{path}/complete")).status_code == expected
        made = await member.post("/tasks", json={"title": "x", "project_id": home["id"]})
        assert made.status_code == (201 if expected == 200 else 403)
        deleted = await member.delete(path)
        assert deleted.status_code == (204 if expected == 200 else 403)
        if expected == 200:
            assert (await member.post(f"{path}/restore")).status_code == 200


async def test_a_guest_reads_what_is_shared_and_writes_nothing(api: Api) -> None:
    anna, guest = await api.user(), await api.user("gast", "guest")
    home = await add_project(anna)
    task = await add_task(anna, project_id=home["id"])
    await share(anna, home["id"], guest, "admin")
    assert (await guest.get(f"/projects/{home['id']}")).json()["role"] == "viewer"
    assert [t["id"] for t in await pages(guest, "/tasks")] == [task["id"]]
    for answer in (
        await guest.post("/tasks", json={"title": "x", "project_id": home["id"]}),
        await guest.patch(f"/tasks/{task['id']}", json={"title": "x"}),
        await guest.delete(f"/tasks/{task['id']}"),
        await guest.post(f"/tasks/{task['id']}/comments", json={"body": "x"}),
        await guest.delete(f"/projects/{home['id']}"),
    ):
        assert answer.status_code == 403
