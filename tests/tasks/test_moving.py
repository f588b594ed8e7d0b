"""Tasks between projects: rights on both sides, subtasks, keys, assignees."""

from taskmanager.kit.ids import new_id
from tests.factories import Api, add_project, add_task, pages, share


async def test_a_task_moves_with_its_subtasks_and_leaves_its_parent(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna, "Home")
    await add_task(anna, "first here", project_id=home["id"])
    top = await add_task(anna, "top")
    middle = await add_task(anna, "middle", parent_id=top["id"])
    low = await add_task(anna, "low", parent_id=middle["id"])
    gone = await add_task(anna, "gone", parent_id=middle["id"])
    await anna.delete(f"/tasks/{gone['id']}")
    moved = (await anna.patch(f"/tasks/{middle['id']}", json={"project_id": home["id"]})).json()
    assert (moved["project_id"], moved["parent_id"], moved["key"]) == (home["id"], None, "HOME-2")
    below = (await anna.get(f"/tasks/{low['id']}")).json()
    assert (below["project_id"], below["parent_id"]) == (home["id"], middle["id"])
    assert {below["key"], (await pages(anna, "/tasks", deleted="true"))[0]["key"]} == {"HOME-3", "HOME-4"}
    assert [task["title"] for task in await pages(anna, "/tasks", project_id=home["id"], sort="position")][:2] == [
        "first here",
        "middle",
    ]
    assert (await anna.get(f"/tasks/{top['id']}")).json()["project_id"] == top["project_id"]


async def test_a_move_can_name_the_new_parent(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    parent = await add_task(anna, "parent", project_id=home["id"])
    task = await add_task(anna, "task")
    body = {"project_id": home["id"], "parent_id": parent["id"]}
    moved = (await anna.patch(f"/tasks/{task['id']}", json=body)).json()
    assert (moved["project_id"], moved["parent_id"]) == (home["id"], parent["id"])
    back = await anna.patch(f"/tasks/{task['id']}", json={"project_id": task["project_id"], "parent_id": parent["id"]})
    assert back.json()["errors"][0]["code"] == "other_project"


async def test_a_move_needs_an_editor_s_role_on_both_sides(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    readable, writable = await add_project(anna, "Readable"), await add_project(anna, "Writable")
    await share(anna, readable["id"], ben, "commenter")
    await share(anna, writable["id"], ben, "editor")
    secret = await add_project(anna, "Secret")
    mine = await add_task(ben)
    theirs = await add_task(anna, project_id=readable["id"])
    path = f"/tasks/{mine['id']}"
    for target in (secret["id"], new_id()):
        refused = await ben.patch(path, json={"project_id": target})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_project")
        refused = await ben.post("/tasks", json={"title": "x", "project_id": target})
        assert refused.json()["errors"][0]["code"] == "unknown_project"
    assert (await ben.patch(path, json={"project_id": readable["id"]})).status_code == 403
    assert (await ben.patch(f"/tasks/{theirs['id']}", json={"project_id": mine["project_id"]})).status_code == 403
    assert (await ben.patch(path, json={"project_id": writable["id"]})).status_code == 200
    # It is anna's to see now, and ben may take it back as an editor of both.
    assert (await anna.get(path)).status_code == 200
    assert (await ben.patch(path, json={"project_id": mine["project_id"]})).status_code == 200
    assert (await anna.get(path)).status_code == 404


async def test_assignees_who_cannot_follow_stay_behind(api: Api) -> None:
    anna, ben, carl = [await api.user(name) for name in ("anna", "ben", "carl")]
    here, there = await add_project(anna, "Here"), await add_project(anna, "There")
    for project, member in ((here, ben), (here, carl), (there, ben)):
        await share(anna, project["id"], member, "editor")
    everyone = sorted([anna.user_id, ben.user_id, carl.user_id])
    task = await add_task(anna, project_id=here["id"], assignee_ids=everyone)
    child = await add_task(anna, project_id=here["id"], parent_id=task["id"], assignee_ids=[carl.user_id])
    moved = await anna.patch(f"/tasks/{task['id']}", json={"project_id": there["id"]})
    assert moved.json()["assignee_ids"] == sorted([anna.user_id, ben.user_id])
    assert (await anna.get(f"/tasks/{child['id']}")).json()["assignee_ids"] == []
    undone = await anna.post(f"/undo/{moved.headers['X-Operation-ID']}")
    assert undone.status_code == 200
    assert (await anna.get(f"/tasks/{task['id']}")).json()["assignee_ids"] == everyone
    assert (await anna.get(f"/tasks/{child['id']}")).json()["assignee_ids"] == [carl.user_id]


async def test_numbers_of_two_projects_do_not_meet(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    for number in range(3):
        await add_task(anna, str(number), project_id=home["id"])
    top = await add_task(anna)
    await add_task(anna, parent_id=top["id"])
    moved = await anna.patch(f"/tasks/{top['id']}", json={"project_id": home["id"]})
    assert moved.status_code == 200
    keys = [task["key"] for task in await pages(anna, "/tasks", project_id=home["id"])]
    assert len(keys) == len(set(keys)) == 5
