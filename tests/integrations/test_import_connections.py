"""Sections, relations and reminders of our own format, taken in where something is already."""

from typing import Any

import pytest

from taskmanager.kit.ids import new_id
from tests.factories import Api, Client, add_project, add_task, pages, share
from tests.integrations.files import by_title, imported, send
from tests.integrations.test_import_own import own, take
from tests.tasks.reminders.recalled import before, fires, remind

HOME = {"id": "p", "name": "Home"}
DUE = {"date": "2030-06-03"}


async def sections(client: Client, project_id: str) -> dict[str, dict[str, Any]]:
    """Return the sections of a project by name, in their order."""
    return {one["name"]: one for one in await pages(client, f"/projects/{project_id}/sections")}


async def relations(client: Client, task: dict[str, Any]) -> list[tuple[str, str]]:
    answer = await client.get(f"/tasks/{task['id']}/relations")
    assert answer.status_code == 200, answer.text
    return [(one["kind"], one["task_id"]) for one in answer.json()["relations"]]


def section(id_: str, name: str, project: str = "p", **more: Any) -> dict[str, Any]:
    return {"id": id_, "project_id": project, "name": name, **more}


def blocks(task_id: str) -> list[dict[str, str]]:
    return [{"kind": "blocks", "task_id": task_id}]


async def test_sections_come_in_their_order(api: Api) -> None:
    anna = await api.user()
    kept = new_id()
    listed = [
        section("b", "Late", position="a5"),
        section(kept, "Early", position="a1"),
        section("c", "Last", position="?"),
    ]
    tasks = [{"id": "t", "title": "A", "project_id": "p", "section_id": "b"}]
    report = await take(anna, tasks, projects=[HOME], sections=listed)
    task = (await by_title(anna))["A"]
    found = await sections(anna, task["project_id"])
    assert list(found) == ["Early", "Late", "Last"]
    assert found["Early"]["id"] == kept
    assert task["section_id"] == found["Late"]["id"]
    assert (await anna.post(f"/undo/{report['operation_id']}")).status_code == 200
    assert await by_title(anna) == {}


async def test_sections_that_are_here_are_used(api: Api) -> None:
    anna = await api.user()
    listed = [section("a", "To do"), section("b", "Done")]
    await take(
        anna, [{"id": "1", "title": "A", "project_id": "p", "section_id": "a"}], projects=[HOME], sections=listed
    )
    first = (await by_title(anna))["A"]
    path = f"/projects/{first['project_id']}/sections"
    found = await sections(anna, first["project_id"])
    # A new name of a section that came with the file makes no second one, and the next file finds others by name.
    await anna.patch(f"{path}/{found['To do']['id']}", json={"name": "Soon"})
    again = [{"id": "2", "title": "B", "project_id": "p", "section_id": "a"}]
    await take(anna, again, projects=[HOME], sections=listed)
    other = [section("x", "DONE"), section("y", "New")]
    await take(anna, [{"id": "3", "title": "C", "project_id": "p", "section_id": "x"}], projects=[HOME], sections=other)
    tasks, now = await by_title(anna), await sections(anna, first["project_id"])
    assert list(now) == ["Soon", "Done", "New"]
    assert tasks["B"]["section_id"] == found["To do"]["id"]
    assert tasks["C"]["section_id"] == found["Done"]["id"]
    # What is in the trash is not here.
    await anna.delete(f"{path}/{found['Done']['id']}")
    await take(
        anna, [{"id": "4", "title": "D", "project_id": "p", "section_id": "b"}], projects=[HOME], sections=listed
    )
    section_id = (await by_title(anna))["D"]["section_id"]
    assert (await sections(anna, first["project_id"]))["Done"]["id"] == section_id != found["Done"]["id"]


async def test_one_project_for_all_takes_the_sections_that_are_used(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    listed = [section("a", "To do"), section("b", "to DO", "q"), section("c", "Empty")]
    tasks: list[dict[str, Any]] = [
        {"id": "1", "title": "A", "project_id": "p", "section_id": "a"},
        {"id": "2", "title": "B", "project_id": "q", "section_id": "b"},
    ]
    document = own(tasks, projects=[HOME, {"id": "q", "name": "Other"}], sections=listed)
    await imported(anna, document, "application/json", project_id=home["id"])
    found, both = await by_title(anna), await sections(anna, home["id"])
    assert list(both) == ["To do"]
    assert {task["section_id"] for task in found.values()} == {both["To do"]["id"]}


async def test_readers_make_no_sections(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "viewer")
    listed = [section("a", "Slipped in", home["id"])]
    tasks = [{"id": "1", "title": "A", "project_id": home["id"], "section_id": "a"}]
    answer = await send(ben, own(tasks, projects=[{**home_of(home)}], sections=listed), "application/json")
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "forbidden")
    await take(ben, [], projects=[{**home_of(home)}], sections=listed)
    assert await sections(anna, home["id"]) == {}


def home_of(project: dict[str, Any]) -> dict[str, Any]:
    return {"id": project["id"], "name": project["name"]}


@pytest.mark.parametrize(
    ("tasks", "listed", "field", "code"),
    [
        ([{"title": "A", "section_id": "s"}], [], "section_id", "unknown_reference"),
        ([{"title": "A", "section_id": "s"}], [section("s", "X")], "section_id", "other_project"),
        ([{"title": "A", "section_id": "s", "project_id": "q"}], [section("s", "X")], "section_id", "other_project"),
        ([], [section("s", "X", "nowhere")], "project_id", "unknown_reference"),
        ([], [section("s", "X"), section("s", "Y")], "id", "duplicate"),
        ([], [section("s", "X"), section("t", "x")], "name", "duplicate"),
        ([], [{"id": "s", "name": "X"}], "project_id", "missing"),
        ([{"id": "a", "title": "A", "relations": blocks("b")}], [], "relations", "unknown_reference"),
        ([{"id": "a", "title": "A", "relations": blocks("a")}], [], "relations", "cycle"),
        ([{"id": "a", "title": "A", "relations": [{"kind": "relates", "task_id": "a"}]}], [], "relations", "cycle"),
        ([{"title": "A", "relations": [{"kind": "blocked_by", "task_id": "a"}]}], [], "relations/0/kind",
         "literal_error"),
        ([{"title": "A", "reminders": [{}]}], [], "reminders/0", "value_error"),
        ([{"title": "A", "reminders": [{**before(1), "at": "2030-01-01T00:00:00Z"}]}], [], "reminders/0",
         "value_error"),
        ([{"title": "A", "reminders": [before(-1)]}], [], "reminders/0/minutes_before_due", "greater_than_equal"),
        ([{"title": "A", "reminders": [before(n) for n in range(11)]}], [], "reminders", "too_long"),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_refused(
    api: Api, tasks: list[dict[str, Any]], listed: list[dict[str, Any]], field: str, code: str
) -> None:
    anna = await api.user()
    document = own(tasks, projects=[HOME, {"id": "q", "name": "Other"}], sections=listed)
    answer = await send(anna, document, "application/json")
    assert answer.status_code == 422
    problem = answer.json()["problems"][0]
    assert (problem["field"], problem["code"]) == (field, code)
    assert await by_title(anna) == {}


async def test_relations_come_with_their_tasks(api: Api) -> None:
    anna = await api.user()
    tasks: list[dict[str, Any]] = [
        {"id": "a", "title": "A", "relations": [*blocks("b"), {"kind": "relates", "task_id": "b"}, *blocks("b")]},
        {
            "id": "b",
            "title": "B",
            "relations": [{"kind": "relates", "task_id": "a"}, {"kind": "precedes", "task_id": "a"}],
        },
    ]
    report = await take(anna, tasks)
    found = await by_title(anna)
    a, b = found["A"], found["B"]
    assert await relations(anna, a) == [("blocks", b["id"]), ("follows", b["id"]), ("relates", b["id"])]
    assert await relations(anna, b) == [("blocked_by", a["id"]), ("precedes", a["id"]), ("relates", a["id"])]
    undone = await anna.post(f"/undo/{report['operation_id']}")
    assert undone.status_code == 200, undone.text
    assert await by_title(anna) == {}
    again = await anna.post(f"/undo/{undone.headers['X-Operation-ID']}")
    assert again.status_code == 200, again.text
    assert len(await relations(anna, a)) == 3


async def test_a_circle_in_the_file_is_refused_its_rows_named(api: Api) -> None:
    anna = await api.user()
    ring = {"a": "b", "b": "c", "c": "a", "before": "a", "d": "after"}
    tasks = [{"id": one, "title": one, "relations": blocks(other)} for one, other in ring.items()]
    tasks.append({"id": "after", "title": "after", "relations": [{"kind": "precedes", "task_id": "d"}]})
    answer = await send(anna, own(tasks), "application/json")
    assert answer.status_code == 422
    assert [one["place"] for one in answer.json()["problems"]] == ["/tasks/0", "/tasks/1", "/tasks/2"]
    report = await imported(anna, own(tasks), "application/json", on_invalid="skip")
    assert report["notes"] == ["Relations to tasks that are left out: 1."]
    assert set(await by_title(anna)) == {"before", "d", "after"}


async def test_new_tasks_are_related_to_those_that_are_here(api: Api) -> None:
    anna = await api.user()
    await take(anna, [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}])
    tasks: list[dict[str, Any]] = [
        # Between two that are here all stays as it is.
        {"id": "a", "title": "A", "relations": [*blocks("b"), *blocks("c")]},
        {"id": "b", "title": "B"},
        {"id": "c", "title": "C", "relations": blocks("b")},
    ]
    report = await take(anna, tasks)
    assert (report["counts"]["created"], report["notes"]) == (1, [])
    found = await by_title(anna)
    assert set(await relations(anna, found["C"])) == {("blocks", found["B"]["id"]), ("blocked_by", found["A"]["id"])}
    assert await relations(anna, found["A"]) == [("blocks", found["C"]["id"])]


async def test_a_circle_by_way_of_what_is_here_is_refused(api: Api) -> None:
    anna = await api.user()
    await take(anna, [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}])
    found = await by_title(anna)
    here = {"relations": [{"kind": "blocks", "task_id": found["A"]["id"]}]}
    assert (await anna.put(f"/tasks/{found['B']['id']}/relations", json=here)).status_code == 200
    tasks: list[dict[str, Any]] = [
        {"id": "a", "title": "A", "relations": blocks("c")},
        {"id": "b", "title": "B"},
        {"id": "c", "title": "C", "relations": blocks("b")},
    ]
    answer = await send(anna, own(tasks), "application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "relation_cycle")
    assert set(await by_title(anna)) == {"A", "B"}


async def test_only_what_one_sees_of_relations_and_sections_goes_out(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    shared, secret = await add_project(anna, "Shared"), await add_project(anna, "Secret")
    await share(anna, shared["id"], ben, "viewer")
    for project in (shared, secret):
        assert (
            await anna.post(f"/projects/{project['id']}/sections", json={"name": project["name"]})
        ).status_code == 201
    a = await add_task(anna, "A", project_id=shared["id"], due=DUE)
    others = [
        await add_task(anna, name, project_id=home["id"])
        for name, home in (("B", shared), ("C", secret), ("D", shared))
    ]
    related = {"relations": [{"kind": "blocks", "task_id": one["id"]} for one in others]}
    assert (await anna.put(f"/tasks/{a['id']}/relations", json=related)).status_code == 200
    await anna.delete(f"/tasks/{others[2]['id']}")
    await remind(anna, a, before(5))
    await remind(ben, a, before(6))

    async def told(client: Client, **query: str) -> tuple[list[str], list[str], list[int]]:
        document = (await client.get("/export", params=query)).json()
        task = next(one for one in document["tasks"] if one["title"] == "A")
        names = {one["id"]: one["title"] for one in document["tasks"]}
        return (
            [one["name"] for one in document["sections"]],
            sorted(names[one["task_id"]] for one in task["relations"]),
            [one["minutes_before_due"] for one in task["reminders"]],
        )

    assert await told(anna) == (["Secret", "Shared"], ["B", "C"], [5])
    assert await told(anna, project_id=shared["id"]) == (["Shared"], ["B"], [5])
    assert await told(ben) == (["Shared"], ["B"], [6])


async def test_reminders_come_to_whoever_imports(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await anna.patch("/me", json={"timezone": "Asia/Tokyo"})
    anna = await api.enter(anna.user_id)
    project = {"id": "p", "name": "Home"}
    reminders = [{"minutes_before_due": 60}, {"at": "2030-01-01T00:00:00.25Z"}, {"at": "2020-01-01T00:00:00Z"}]
    await take(anna, [{"id": "a", "title": "A", "project_id": "p", "due": DUE, "reminders": reminders},
                      {"id": "b", "title": "B", "status": "done", "due": DUE, "reminders": reminders}],
               projects=[project])  # fmt: skip
    found = await by_title(anna)
    assert await fires(anna, found["A"]) == ["2030-06-02T23:00:00Z", None, "2030-01-01T00:00:00Z"]
    assert await fires(anna, found["B"]) == [None, None, None]
    await share(anna, found["A"]["project_id"], ben, "editor")
    assert await fires(ben, found["A"]) == []
