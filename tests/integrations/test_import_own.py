"""Our own JSON taken in where something is already: ids, projects, labels, parents."""

import json
from typing import Any

from taskmanager.kit.ids import new_id
from tests.factories import Api, Client, add_project, add_task, share
from tests.integrations.files import all_tasks, by_title, imported, send


def own(tasks: list[dict[str, Any]], **more: Any) -> bytes:
    """Return a document in our own format."""
    return json.dumps({"format": "taskmanager", "version": 1, **more, "tasks": tasks}).encode()


async def take(client: Client, tasks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Import such a document."""
    return await imported(client, own(tasks, **more), "application/json")


async def test_ids_that_are_free_are_kept(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    ids = [new_id(), new_id()]
    project = {"id": new_id(), "name": "Home"}
    tasks = [{"id": ids[0], "title": "A", "project_id": project["id"]}, {"id": ids[1], "title": "B"}]
    await take(anna, tasks, projects=[project])
    await take(ben, tasks, projects=[project])

    assert {task["id"] for task in await all_tasks(anna)} == set(ids)
    assert (await by_title(anna))["A"]["project_id"] == project["id"]
    assert not {task["id"] for task in await all_tasks(ben)} & set(ids)
    assert (await by_title(ben))["A"]["project_id"] != project["id"]
    again = await take(ben, tasks, projects=[project])
    assert (again["counts"]["created"], again["counts"]["duplicates"]) == (0, 2)


async def test_an_export_taken_in_at_home_changes_nothing(api: Api) -> None:
    anna = await api.user("anna")
    home = await add_project(anna, "Home", color="#112233")
    await add_task(anna, "A", project_id=home["id"], labels=["red"])
    exported = (await anna.get("/export")).content
    report = await imported(anna, exported, "application/json")

    assert (report["counts"]["created"], report["counts"]["duplicates"]) == (0, 1)
    assert report["operation_id"] is None


async def test_a_shared_project_is_found_again_but_not_written_by_readers(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna, "Home")
    await add_task(anna, "A", project_id=home["id"])
    await share(anna, home["id"], ben, "viewer")
    document = (await ben.get("/export")).json()
    assert (await imported(ben, json.dumps(document).encode(), "application/json"))["counts"]["duplicates"] == 1
    document["tasks"].append({"title": "Slipped in", "project_id": home["id"]})
    answer = await send(ben, json.dumps(document).encode(), "application/json")

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["code"] == "forbidden"
    assert set(await by_title(anna)) == {"A"}


async def test_keys_and_places_hold_where_no_task_was(api: Api) -> None:
    anna = await api.user("anna")
    project = {"id": "p", "name": "Garden work", "key": "GW"}
    tasks = [
        {"id": "a", "title": "A", "project_id": "p", "key": "GW-7", "position": "a5"},
        {"id": "b", "title": "B", "project_id": "p", "key": "GW-3", "position": "a1"},
        {"id": "c", "title": "C", "project_id": "p", "key": "GW-7"},
    ]
    await take(anna, tasks, projects=[project])
    found = await by_title(anna)

    assert [found[title]["key"] for title in "ABC"] == ["GW-7", "GW-3", "GW-8"]
    assert [task["title"] for task in await all_tasks(anna, sort="position")] == ["B", "A", "C"]
    assert (await add_task(anna, "D", project_id=found["A"]["project_id"]))["key"] == "GW-9"
    more = [{"id": "e", "title": "E", "key": "INBOX-1", "position": "a9"}, {"id": "f", "title": "F", "position": "a2"}]
    await add_task(anna, "In the way")
    await take(anna, more)
    inbox = (await by_title(anna))["E"]["project_id"]
    assert [task["title"] for task in await all_tasks(anna, sort="position", project_id=inbox)] == [
        "In the way",
        "F",
        "E",
    ]


async def test_a_place_that_is_none_is_refused(api: Api) -> None:
    anna = await api.user("anna")
    for position in ("a0 ", "zz", "a", "é", "A" + "0" * 26, "a00"):
        answer = await send(anna, own([{"title": "A", "position": position}]), "application/json")
        assert answer.status_code == 422, position
        assert answer.json()["problems"][0]["code"] == "invalid_position"


async def test_subtasks_come_in_whatever_order(api: Api) -> None:
    anna = await api.user("anna")
    tasks = [{"id": str(n), "title": str(n), "parent_id": str(n + 1) if n < 16 else None} for n in range(1, 17)]
    await take(anna, tasks)
    found = await by_title(anna)

    assert all(found[str(n)]["parent_id"] == found[str(n + 1)]["id"] for n in range(1, 16))


async def test_subtasks_that_lie_too_deep_stand_by_themselves(api: Api) -> None:
    anna = await api.user("anna")
    tasks = [{"id": str(n), "title": str(n), "parent_id": str(n - 1) if n > 1 else None} for n in range(1, 19)]
    report = await take(anna, tasks)
    found = await by_title(anna)

    assert report["notes"] == [
        "Tasks whose parent is not here, lies in another project or too deep stand by themselves: 2."
    ]
    assert found["16"]["parent_id"] == found["15"]["id"]
    assert found["17"]["parent_id"] is None


async def test_a_subtask_that_comes_later_finds_its_parent(api: Api) -> None:
    anna = await api.user("anna")
    await take(anna, [{"id": "a", "title": "A"}])
    report = await take(anna, [{"id": "a", "title": "A"}, {"id": "b", "title": "B", "parent_id": "a"}])

    assert (report["counts"]["created"], report["counts"]["duplicates"]) == (1, 1)
    assert (await by_title(anna))["B"]["parent_id"] == (await by_title(anna))["A"]["id"]


async def test_labels_bring_their_colour_where_there_is_none(api: Api) -> None:
    anna = await api.user("anna")
    await anna.post("/labels", json={"name": "red"})
    await anna.post("/labels", json={"name": "blue", "color": "#0000ff"})
    await take(
        anna, [], labels=[{"name": "RED", "color": "#ff0000"}, {"name": "blue", "color": "#000000"}, {"name": "new"}]
    )

    labels = (await anna.get("/labels")).json()["items"]
    assert [(one["name"], one["color"]) for one in labels] == [("blue", "#0000ff"), ("new", None), ("red", "#ff0000")]


async def test_nested_projects_come_with_their_parents(api: Api) -> None:
    anna = await api.user("anna")
    projects = [{"id": "child", "name": "Child", "parent_id": "top"}, {"id": "top", "name": "Top", "color": "#123456"}]
    report = await take(anna, [], projects=projects)
    found = {one["name"]: one for one in (await anna.get("/projects")).json()["items"]}

    assert found["Child"]["parent_id"] == found["Top"]["id"]
    assert found["Top"]["color"] == "#123456"
    undone = await anna.post(f"/undo/{report['operation_id']}")
    assert undone.status_code == 200, undone.text
    assert len((await anna.get("/projects")).json()["items"]) == 1


async def test_too_many_new_projects_are_a_wrong_mapping(api: Api) -> None:
    anna = await api.user("anna")
    table = ("title,project\r\n" + "".join(f"T{n},P{n}\r\n" for n in range(1001))).encode()
    answer = await send(anna, table)

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["code"] == "too_many_projects"
