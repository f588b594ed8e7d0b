"""Sections: parts of a project, in an order, whose tasks outlive them."""

from typing import Any

import pytest
from httpx import Response

from tests.auth.tokens import code
from tests.factories import Api, Client, add_project, add_task, pages, share


async def add_section(client: Client, project_id: str, name: str, **place: Any) -> dict[str, Any]:
    answer = await client.post(f"/projects/{project_id}/sections", json={"name": name, **place})
    assert answer.status_code == 201, answer.text
    section: dict[str, Any] = answer.json()
    return section


async def names(client: Client, project_id: str) -> list[str]:
    return [section["name"] for section in await pages(client, f"/projects/{project_id}/sections")]


def pointers(answer: Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_sections_keep_the_order_they_are_given(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    todo = await add_section(anna, home, "To do")
    done = await add_section(anna, home, "Done")
    await add_section(anna, home, "Doing", after=todo["id"])
    first = await add_section(anna, home, "Ideas", before=todo["id"])
    assert await names(anna, home) == ["Ideas", "To do", "Doing", "Done"]
    path = f"/projects/{home}/sections/{first['id']}"
    moved = await anna.patch(path, json={"after": done["id"], "name": "Some day"}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.headers["ETag"]) == (200, '"2"')
    assert await names(anna, home) == ["To do", "Doing", "Done", "Some day"]
    assert code(await anna.patch(path, json={"name": "x"}, headers={"If-Match": '"1"'})) == (412, "precondition_failed")
    assert pointers(await anna.patch(path, json={"after": done["id"], "before": todo["id"]})) == [""]
    assert pointers(await anna.patch(path, json={"after": home})) == ["/after"]
    elsewhere = await add_section(anna, (await add_project(anna, "Work"))["id"], "To do")
    assert pointers(await anna.patch(path, json={"before": elsewhere["id"]})) == ["/before"]


async def test_a_name_stands_once_in_a_project(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    section = await add_section(anna, home, "To do")
    other = await add_section(anna, home, "Done")
    again = await anna.post(f"/projects/{home}/sections", json={"name": "TO DO"})
    assert code(again) == (409, "section_exists")
    assert code(await anna.patch(f"/projects/{home}/sections/{other['id']}", json={"name": "to do"}))[0] == 409
    assert (await anna.delete(f"/projects/{home}/sections/{section['id']}")).status_code == 204
    await add_section(anna, home, "to do")


async def test_tasks_lie_in_sections_of_their_own_project_only(api: Api) -> None:
    anna = await api.user()
    home, work = [(await add_project(anna, name))["id"] for name in ("Home", "Work")]
    section, other = await add_section(anna, home, "To do"), await add_section(anna, work, "To do")
    task = await add_task(anna, project_id=home, section_id=section["id"])
    assert task["section_id"] == section["id"]
    body = {"title": "x", "project_id": home, "section_id": other["id"]}
    assert pointers(await anna.post("/tasks", json=body)) == ["/section_id"]
    assert pointers(await anna.patch(f"/tasks/{task['id']}", json={"section_id": other["id"]})) == ["/section_id"]
    # In another project it lies in none, unless the same patch names one of that project.
    moved = (await anna.patch(f"/tasks/{task['id']}", json={"project_id": work})).json()
    assert (moved["project_id"], moved["section_id"]) == (work, None)
    back = (await anna.patch(f"/tasks/{task['id']}", json={"project_id": home, "section_id": section["id"]})).json()
    assert (back["project_id"], back["section_id"]) == (home, section["id"])
    assert (await anna.patch(f"/tasks/{task['id']}", json={"section_id": None})).json()["section_id"] is None


async def test_tasks_outlive_their_section_and_undo_brings_both_together_again(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    section = await add_section(anna, home, "To do")
    task = await add_task(anna, project_id=home, section_id=section["id"])
    gone = await anna.delete(f"/projects/{home}/sections/{section['id']}")
    assert (await anna.get(f"/tasks/{task['id']}")).json()["section_id"] is None
    assert await names(anna, home) == []
    undone = await anna.post(f"/undo/{gone.headers['X-Operation-ID']}")
    assert undone.status_code == 200, undone.text
    assert (await anna.get(f"/tasks/{task['id']}")).json()["section_id"] == section["id"]
    assert await names(anna, home) == ["To do"]
    redone = await anna.post(f"/undo/{undone.json()['operation_id']}")
    assert redone.status_code == 200, redone.text
    assert (await anna.get(f"/tasks/{task['id']}")).json()["section_id"] is None


async def test_the_making_of_a_section_is_undone_unless_tasks_were_put_into_it(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    made = await anna.post(f"/projects/{home}/sections", json={"name": "To do"})
    task = await add_task(anna, project_id=home, section_id=made.json()["id"])
    operation = made.headers["X-Operation-ID"]
    assert code(await anna.post(f"/undo/{operation}")) == (409, "undo_collision")
    await anna.patch(f"/tasks/{task['id']}", json={"section_id": None})
    assert (await anna.post(f"/undo/{operation}")).status_code == 200
    assert await names(anna, home) == []


async def test_a_task_comes_out_of_the_trash_without_a_section_that_went_meanwhile(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    section = await add_section(anna, home, "To do")
    task = await add_task(anna, project_id=home, section_id=section["id"])
    gone = await anna.delete(f"/tasks/{task['id']}")
    await anna.delete(f"/projects/{home}/sections/{section['id']}")
    assert code(await anna.post(f"/undo/{gone.headers['X-Operation-ID']}")) == (409, "undo_collision")
    restored = await anna.post(f"/tasks/{task['id']}/restore")
    assert (restored.status_code, restored.json()["section_id"]) == (200, None)


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("commenter", 403), ("editor", 201), ("admin", 201)])
async def test_editors_make_sections_and_readers_read_them(api: Api, role: str, status: int) -> None:
    anna, ben = await api.user(), await api.user("ben")
    home = (await add_project(anna))["id"]
    section = await add_section(anna, home, "To do")
    await share(anna, home, ben, role)
    assert await names(ben, home) == ["To do"]
    assert (await ben.post(f"/projects/{home}/sections", json={"name": "Done"})).status_code == status
    path = f"/projects/{home}/sections/{section['id']}"
    assert (await ben.patch(path, json={"name": "Next"})).status_code == (200 if status == 201 else status)
    assert (await ben.delete(path)).status_code == (204 if status == 201 else status)
