"""The feed: what it tells, in which form, to whom; its tokens and pages."""

from typing import Any

import pytest

from tests.factories import Api, Client, add_project, add_task, share
from tests.sync.copies import Copy, bootstrap, changes

KINDS = ("projects", "sections", "labels", "filters", "tasks", "comments", "relations")
EMPTY: dict[str, Any] = {kind: [] for kind in KINDS}


async def start(client: Client) -> str:
    return str((await bootstrap(client))["sequence"])


def gone(page: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["kind"], one["id"], one["reason"]) for one in page["deletions"]}


async def test_the_bootstrap_has_what_a_client_keeps(api: Api) -> None:
    anna = await api.user("anna")
    home = await add_project(anna)
    section = (await anna.post(f"/projects/{home['id']}/sections", json={"name": "Now"})).json()
    task = await add_task(anna, project_id=home["id"], labels=["red"], section_id=section["id"])
    done = await add_task(anna, status="done")
    trashed = await add_task(anna)
    await anna.delete(f"/tasks/{trashed['id']}")
    content = await bootstrap(anna)
    assert content["account"] == (await anna.get("/me")).json()
    assert {one["id"]: one for one in content["projects"]}[home["id"]] == home
    assert [one["is_inbox"] for one in content["projects"]].count(True) == 1
    assert content["sections"] == [section]
    assert content["labels"] == (await anna.get("/labels")).json()["items"]
    assert content["filters"] == []
    assert {one["id"]: one for one in content["tasks"]} == {one["id"]: one for one in (task, done)}
    assert content["complete"]
    assert await changes(anna, content["sequence"]) == {
        "upserts": {"account": None, **EMPTY}, "deletions": [], "sequence": content["sequence"],
        "more": False, "reset": False,
    }  # fmt: skip


async def test_changes_come_as_their_own_routes_show_them(api: Api) -> None:
    anna = await api.user("anna")
    since = await start(anna)
    home = await add_project(anna)
    section = (await anna.post(f"/projects/{home['id']}/sections", json={"name": "Now"})).json()
    kept = (await anna.post("/filters", json={"name": "Now", "query": "today"})).json()
    task = await add_task(anna, project_id=home["id"], labels=["red"])
    for title in ("once", "twice"):
        task = (await anna.patch(f"/tasks/{task['id']}", json={"title": title})).json()
    comment = (await anna.post(f"/tasks/{task['id']}/comments", json={"body": "x"})).json()
    page = await changes(anna, since)
    assert page["upserts"] == {
        "account": None, **EMPTY, "projects": [home], "sections": [section], "tasks": [task], "comments": [comment],
        "labels": (await anna.get("/labels")).json()["items"], "filters": [kept],
    }  # fmt: skip
    assert (page["deletions"], page["more"], page["reset"]) == ([], False, False)
    again = await changes(anna, page["sequence"])
    assert (again["upserts"], again["deletions"]) == ({"account": None, **EMPTY}, [])
    assert again["sequence"] == page["sequence"]


async def test_relations_are_told_for_both_ends(api: Api) -> None:
    anna = await api.user("anna")
    one, other = [await add_task(anna) for _ in range(2)]
    since = await start(anna)
    body = {"relations": [{"kind": "blocks", "task_id": other["id"]}]}
    assert (await anna.put(f"/tasks/{one['id']}/relations", json=body)).status_code == 200
    page = await changes(anna, since)
    assert {entry["task_id"]: entry["relations"] for entry in page["upserts"]["relations"]} == {
        one["id"]: [{"kind": "blocks", "task_id": other["id"]}],
        other["id"]: [{"kind": "blocked_by", "task_id": one["id"]}],
    }
    await anna.put(f"/tasks/{other['id']}/relations", json={"relations": []})
    page = await changes(anna, page["sequence"])
    assert {entry["task_id"]: entry["relations"] for entry in page["upserts"]["relations"]} == {
        one["id"]: [], other["id"]: [],
    }  # fmt: skip


async def test_what_goes_says_why(api: Api) -> None:
    anna = await api.user("anna")
    home = await add_project(anna)
    tasks = [await add_task(anna, project_id=home["id"], labels=["red"]) for _ in range(3)]
    comment = (await anna.post(f"/tasks/{tasks[2]['id']}/comments", json={"body": "x"})).json()
    section = (await anna.post(f"/projects/{home['id']}/sections", json={"name": "Now"})).json()
    label = (await anna.get("/labels")).json()["items"][0]
    since = await start(anna)
    for path in (f"/tasks/{tasks[0]['id']}", f"/tasks/{tasks[1]['id']}", f"/tasks/{tasks[1]['id']}?permanent=true"):
        assert (await anna.delete(path)).status_code == 204
    await anna.delete(f"/tasks/{tasks[2]['id']}/comments/{comment['id']}")
    await anna.delete(f"/projects/{home['id']}/sections/{section['id']}")
    await anna.delete(f"/labels/{label['id']}")
    page = await changes(anna, since)
    assert gone(page) == {
        ("task", tasks[0]["id"], "trashed"), ("task", tasks[1]["id"], "purged"), ("comment", comment["id"], "trashed"),
        ("section", section["id"], "trashed"), ("label", label["id"], "purged"),
    }  # fmt: skip
    since = page["sequence"]
    await anna.delete(f"/projects/{home['id']}")
    assert gone(await changes(anna, since)) == {("project", home["id"], "trashed")}


async def test_access_that_comes_and_goes(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    inner = await add_project(anna, "Inner", parent_id=home["id"])
    task = await add_task(anna, project_id=inner["id"])
    since = await start(ben)
    await share(anna, home["id"], ben, "viewer")
    page = await changes(ben, since)
    assert {one["id"]: one["role"] for one in page["upserts"]["projects"]} == {
        home["id"]: "viewer", inner["id"]: "viewer",
    }  # fmt: skip
    assert page["upserts"]["tasks"] == [task]
    assert page["deletions"] == []
    await anna.patch(f"/projects/{home['id']}/members/{ben.user_id}", json={"role": "editor"})
    page = await changes(ben, page["sequence"])
    assert {one["role"] for one in page["upserts"]["projects"]} == {"editor"}
    assert page["upserts"]["tasks"] == []
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    page = await changes(ben, page["sequence"])
    assert gone(page) == {("project", home["id"], "access"), ("project", inner["id"], "access")}
    assert page["upserts"] == {"account": None, **EMPTY}


async def test_a_task_that_moves_out_of_sight_and_back(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home, private = await add_project(anna), await add_project(anna, "Private")
    await share(anna, home["id"], ben, "viewer")
    task, other = [await add_task(anna, project_id=home["id"]) for _ in range(2)]
    await anna.put(f"/tasks/{task['id']}/relations", json={"relations": [{"kind": "blocks", "task_id": other["id"]}]})
    since = await start(ben)
    await anna.post(f"/tasks/{task['id']}/move", json={"project_id": private["id"]})
    page = await changes(ben, since)
    assert gone(page) == {("task", task["id"], "access")}
    await anna.patch(f"/tasks/{task['id']}", json={"title": "not for ben"})
    assert (await changes(ben, page["sequence"]))["upserts"] == {"account": None, **EMPTY}
    back = (await anna.post(f"/tasks/{task['id']}/move", json={"project_id": home["id"]})).json()
    page = await changes(ben, page["sequence"])
    assert page["upserts"]["tasks"] == [back]
    assert {one["task_id"] for one in page["upserts"]["relations"]} == {task["id"], other["id"]}


async def say(client: Client, task: dict[str, Any], body: str, comment_id: str | None = None) -> str:
    path = f"/tasks/{task['id']}/comments"
    answer = await client.request(
        "PATCH" if comment_id else "POST", f"{path}/{comment_id}" if comment_id else path, json={"body": body}
    )
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


async def test_what_changed_while_it_was_out_of_sight_is_not_kept(api: Api) -> None:
    """A task goes, is talked about elsewhere and comes back, all between two pages."""
    anna, ben = await api.user("anna"), await api.user("ben")
    home, private = await add_project(anna), await add_project(anna, "Private")
    await share(anna, home["id"], ben, "viewer")
    task = await add_task(anna, project_id=home["id"])
    comment = await say(anna, task, "before")
    copy = Copy(await bootstrap(ben))
    await copy.open(ben, task["id"])
    await anna.post(f"/tasks/{task['id']}/move", json={"project_id": private["id"]})
    await say(anna, task, "while ben was away", comment)
    await anna.post(f"/tasks/{task['id']}/move", json={"project_id": home["id"]})
    await copy.follow(ben)
    assert copy.state() == Copy(await bootstrap(ben)).state()
    assert copy.things["comments"] == {}


async def test_what_was_said_before_a_project_was_lost_is_told(api: Api) -> None:
    """The entry lies in a project that the reader has lost since, the task by now in one that it sees."""
    anna, ben = await api.user("anna"), await api.user("ben")
    home, work = await add_project(anna), await add_project(anna, "Work")
    for project in (home, work):
        await share(anna, project["id"], ben, "viewer")
    task = await add_task(anna, project_id=home["id"])
    comment = await say(anna, task, "before")
    copy = Copy(await bootstrap(ben))
    await copy.open(ben, task["id"])
    await say(anna, task, "after", comment)
    await anna.post(f"/tasks/{task['id']}/move", json={"project_id": work["id"]})
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    await copy.follow(ben, 1)
    assert copy.state() == Copy(await bootstrap(ben)).state()
    assert {one["body"] for one in copy.things["comments"].values()} == {"after"}


async def test_what_others_do_elsewhere_takes_pages_but_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskmanager.sync.feed.SCANNED", 4)
    anna, ben = await api.user("anna"), await api.user("ben")
    since = await start(ben)
    for number in range(9):
        await add_task(anna, f"task {number}")
    task = await add_task(ben)
    pages = [await changes(ben, since)]
    while pages[-1]["more"]:
        pages.append(await changes(ben, pages[-1]["sequence"]))
    assert [page["upserts"]["tasks"] for page in pages] == [[], [], [task]]


async def test_nothing_is_told_of_what_was_never_in_sight(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home, private = await add_project(anna), await add_project(anna, "Private")
    since = await start(ben)
    moved, trashed = [await add_task(anna, project_id=home["id"], labels=["secret"]) for _ in range(2)]
    hidden = await add_task(anna, project_id=private["id"])
    await anna.post(f"/tasks/{moved['id']}/move", json={"project_id": private["id"]})
    await anna.delete(f"/tasks/{trashed['id']}")
    await anna.put(f"/tasks/{hidden['id']}/relations", json={"relations": [{"kind": "blocks", "task_id": moved["id"]}]})
    page = await changes(ben, since)
    assert (page["upserts"], page["deletions"]) == ({"account": None, **EMPTY}, [])
    await share(anna, home["id"], ben, "viewer")
    page = await changes(ben, since)
    assert [one["id"] for one in page["upserts"]["projects"]] == [home["id"]]
    assert page["upserts"] == {"account": None, **EMPTY, "projects": page["upserts"]["projects"]}
    assert page["deletions"] == []


async def test_pages_are_as_long_as_asked_for_and_lose_nothing(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    for number in range(7):
        await add_task(anna, f"task {number}", project_id=home["id"])
    copy = Copy(await bootstrap(ben))
    await share(anna, home["id"], ben, "editor")
    first = await changes(ben, copy.sequence, limit=3)
    assert first["more"]
    assert 0 < len(first["upserts"]["tasks"]) <= 3
    # What happens between the pages of a project that came into sight is not lost either.
    copy.apply(first)
    await anna.patch(f"/tasks/{first['upserts']['tasks'][0]['id']}", json={"title": "changed meanwhile"})
    await add_task(anna, "new meanwhile", project_id=home["id"])
    await copy.follow(ben, limit=3)
    assert len(copy.things["tasks"]) == 8
    now = Copy(await bootstrap(ben))
    assert copy.state() == now.state()


async def test_the_account_and_its_role_are_kept_true(api: Api) -> None:
    anna, chief = await api.user("anna"), await api.user("chief", "admin")
    copy = Copy(await bootstrap(anna))
    await anna.patch("/me", json={"display_name": "Anna A."})
    page = await changes(anna, copy.sequence)
    assert page["upserts"]["account"] == (await anna.get("/me")).json()
    copy.apply(page)
    await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"})
    copy.apply(await changes(anna, copy.sequence))
    assert copy.state() == Copy(await bootstrap(anna)).state()
    assert {one["role"] for one in copy.things["projects"].values()} == {"viewer"}
