"""Where tasks lie: the order in a project, moves, copies."""

from tests.auth.tokens import code
from tests.factories import Api, Client, add_project, add_task, pages, share
from tests.projects.test_sections import add_section, pointers


async def order(client: Client, project_id: str) -> list[str]:
    return [task["title"] for task in await pages(client, "/tasks", project_id=project_id, sort="position")]


async def test_a_task_goes_right_after_or_right_before_another(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    a, b, c = [await add_task(anna, title, project_id=home) for title in "abc"]
    moved = await anna.post(f"/tasks/{c['id']}/move", json={"after": a["id"]}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.headers["ETag"]) == (200, '"2"')
    assert await order(anna, home) == ["a", "c", "b"]
    undo = moved.headers["X-Operation-ID"]
    await anna.post(f"/tasks/{b['id']}/move", json={"before": a["id"]})
    assert await order(anna, home) == ["b", "a", "c"]
    # The others kept their places, so the first move can still be taken back.
    assert (await anna.get(f"/tasks/{a['id']}")).json()["version"] == 1
    assert (await anna.post(f"/undo/{undo}")).status_code == 200
    stale = await anna.post(f"/tasks/{c['id']}/move", json={"before": a["id"]}, headers={"If-Match": '"1"'})
    assert code(stale) == (412, "precondition_failed")


async def test_between_two_neighbours_there_is_always_room(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    tasks = [await add_task(anna, str(number), project_id=home) for number in range(3)]
    for number in range(60):
        moving, anchor = tasks[1 + number % 2], tasks[0]
        assert (await anna.post(f"/tasks/{moving['id']}/move", json={"after": anchor["id"]})).status_code == 200
        assert (await order(anna, home))[:2] == ["0", moving["title"]]


async def test_a_move_names_project_section_parent_and_place_at_once(api: Api) -> None:
    anna = await api.user()
    home, work = [(await add_project(anna, name))["id"] for name in ("Home", "Work")]
    section = await add_section(anna, work, "Next")
    above = await add_task(anna, "above", project_id=work)
    await add_task(anna, "last", project_id=work)
    task = await add_task(anna, "moving", project_id=home)
    body = {"project_id": work, "section_id": section["id"], "parent_id": above["id"], "after": above["id"]}
    moved = (await anna.post(f"/tasks/{task['id']}/move", json=body)).json()
    assert (moved["project_id"], moved["section_id"], moved["parent_id"]) == (work, section["id"], above["id"])
    assert await order(anna, work) == ["above", "moving", "last"]
    assert moved["key"].startswith("WORK-")


async def test_a_move_to_what_is_not_there_changes_nothing(api: Api) -> None:
    anna, ben = await api.user(), await api.user("ben")
    foreign = (await add_project(ben, "Foreign"))["id"]
    theirs = await add_task(ben, project_id=foreign)
    task, other = await add_task(anna, "a"), await add_task(anna, "b", project_id=(await add_project(anna))["id"])
    path = f"/tasks/{task['id']}/move"
    assert pointers(await anna.post(path, json={"project_id": foreign})) == ["/project_id"]
    assert pointers(await anna.post(path, json={"after": theirs["id"]})) == ["/after"]
    assert pointers(await anna.post(path, json={"before": other["id"]})) == ["/before"]
    assert pointers(await anna.post(path, json={"after": task["id"], "before": task["id"]})) == [""]
    await share(ben, foreign, anna, "viewer")
    assert code(await anna.post(path, json={"project_id": foreign}))[0] == 403
    assert (await anna.get(f"/tasks/{task['id']}")).json() == task


async def test_a_copy_lies_right_after_with_its_subtasks_to_do_again(api: Api) -> None:
    anna = await api.user()
    home = (await add_project(anna))["id"]
    fields = {"priority": 3, "labels": ["a", "b"], "due": {"date": "2026-12-01"}, "description": "how"}
    task = await add_task(anna, "above", project_id=home, status="done", **fields)
    below = await add_task(anna, "below", project_id=home, parent_id=task["id"])
    await add_task(anna, "lowest", project_id=home, parent_id=below["id"])
    gone = await add_task(anna, "gone", project_id=home, parent_id=below["id"])
    await anna.delete(f"/tasks/{gone['id']}")
    await add_task(anna, "last", project_id=home)
    answer = await anna.post(f"/tasks/{task['id']}/duplicate")
    copy = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (200, f"/tasks/{copy['id']}")
    assert {name: copy[name] for name in fields} == fields
    assert (copy["status"], copy["completed_at"], copy["version"]) == ("todo", None, 1)
    assert (await order(anna, home))[:2] == ["above", "above"]
    tasks = {one["id"]: one for one in await pages(anna, "/tasks", project_id=home)}
    mine = [one for one in tasks.values() if one["parent_id"] == copy["id"]]
    assert [one["title"] for one in mine] == ["below"]
    assert [one["title"] for one in tasks.values() if one["parent_id"] == mine[0]["id"]] == ["lowest"]
    assert (await anna.post(f"/undo/{answer.headers['X-Operation-ID']}")).status_code == 200
    assert len(await pages(anna, "/tasks", project_id=home)) == 4
