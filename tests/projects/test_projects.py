"""Projects: the Inbox, nesting, moving, deleting with all that is in them."""

from typing import Any

from taskmanager.kit.ids import new_id
from tests.factories import Api, Client, add_project, add_task, pages, share


async def inbox(client: Client) -> dict[str, Any]:
    return next(project for project in await pages(client, "/projects") if project["is_inbox"])


async def names(client: Client) -> list[str]:
    return [project["name"] for project in await pages(client, "/projects", limit=2)]


async def test_a_project_is_made_read_and_changed(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/projects", json={"name": " Home ", "color": "#a0B1c2", "description": "Ours"})
    project = made.json()
    assert made.headers["Location"] == f"/projects/{project['id']}"
    shown = ("name", "key", "color", "description", "parent_id", "is_inbox", "role")
    assert {name: project[name] for name in shown} == {
        "name": "Home", "key": "HOME", "color": "#a0B1c2", "description": "Ours", "parent_id": None, "is_inbox": False,
        "role": "admin",
    }  # fmt: skip
    read = await anna.get(f"/projects/{project['id']}")
    assert (read.json(), read.headers["ETag"]) == (project, '"1"')
    changed = (await anna.patch(f"/projects/{project['id']}", json={"color": None})).json()
    assert {name for name in project if project[name] != changed[name]} == {"color", "version", "updated_at"}
    same = await anna.patch(f"/projects/{project['id']}", json={"color": None})
    assert same.json() == changed
    assert "X-Operation-ID" not in same.headers


async def test_projects_are_listed_by_name_whatever_its_case(api: Api) -> None:
    anna = await api.user()
    for name in ("zoo", "Äpfel", "apple", "Banana", "10", "APPLE"):
        await add_project(anna, name)
    assert [name.casefold() for name in await names(anna)] == [
        "10",
        "apple",
        "apple",
        "banana",
        "inbox",
        "zoo",
        "äpfel",
    ]


async def test_prefixes_of_keys(api: Api) -> None:
    anna = await api.user()
    for name, key in (("Übung 2!", "UBUNG2"), ("日本", "TASK"), ("123", "TASK"), ("A very long name", "AVERYLONGN")):
        assert (await add_project(anna, name))["key"] == key


async def test_what_a_project_cannot_be(api: Api) -> None:
    anna = await api.user()
    for body, pointer in (
        ({}, "/name"), ({"name": " "}, "/name"), ({"name": "x" * 201}, "/name"), ({"name": "a\nb"}, "/name"),
        ({"name": "x", "color": "red"}, "/color"), ({"name": "x", "color": "#12345\n"}, "/color"),
        ({"name": "x", "description": "x" * 20_001}, "/description"), ({"name": "x", "parent_id": "y"}, "/parent_id"),
        ({"name": "x", "parent_id": new_id()}, "/parent_id"), ({"name": "x", "owner": "me"}, "/owner"),
    ):  # fmt: skip
        refused = await anna.post("/projects", json=body)
        assert refused.status_code == 422, body
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_the_inbox_is_its_owner_s_alone(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    box, home = await inbox(anna), await add_project(anna)
    assert box["name"] == "Inbox"
    path = f"/projects/{box['id']}"
    for refused in (
        await anna.delete(path),
        await anna.patch(path, json={"parent_id": home["id"]}),
        await anna.post(f"{path}/members", json={"username": "ben", "role": "viewer"}),
        await anna.post("/projects", json={"name": "x", "parent_id": box["id"]}),
        await anna.patch(f"/projects/{home['id']}", json={"parent_id": box["id"]}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "inbox_fixed")
    assert (await anna.delete(f"{path}/members/{anna.user_id}")).json()["code"] == "last_project_admin"
    assert (await ben.get(path)).status_code == 404
    assert (await anna.patch(path, json={"name": "In"})).status_code == 200
    assert (await add_task(anna))["project_id"] == box["id"]


async def test_projects_nest_without_loops_and_not_too_deep(api: Api) -> None:
    anna = await api.user()
    chain = [await add_project(anna, "0")]
    for number in range(1, 8):
        chain.append(await add_project(anna, str(number), parent_id=chain[-1]["id"]))
    too_deep = await anna.post("/projects", json={"name": "8", "parent_id": chain[-1]["id"]})
    assert too_deep.json()["errors"][0]["code"] == "too_deep"
    for parent in chain[2:4]:
        loop = await anna.patch(f"/projects/{chain[2]['id']}", json={"parent_id": parent["id"]})
        assert (loop.status_code, loop.json()["code"]) == (409, "project_loop")
    # A tree of three under one of six.
    assert (await anna.patch(f"/projects/{chain[6]['id']}", json={"parent_id": None})).status_code == 200
    other = await add_project(anna, "other")
    below = await add_project(anna, "below", parent_id=other["id"])
    await add_project(anna, "lowest", parent_id=below["id"])
    refused = await anna.patch(f"/projects/{other['id']}", json={"parent_id": chain[5]["id"]})
    assert refused.json()["errors"][0]["code"] == "too_deep"
    assert (await anna.patch(f"/projects/{other['id']}", json={"parent_id": chain[4]["id"]})).status_code == 200


async def test_nothing_is_put_where_one_may_not(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    mine, theirs = await add_project(ben, "Mine"), await add_project(anna, "Theirs")
    for refused in (
        await ben.post("/projects", json={"name": "x", "parent_id": theirs["id"]}),
        await ben.patch(f"/projects/{mine['id']}", json={"parent_id": theirs["id"]}),
    ):
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_project")
    await share(anna, theirs["id"], ben, "editor")
    for refused in (
        await ben.post("/projects", json={"name": "x", "parent_id": theirs["id"]}),
        await ben.patch(f"/projects/{mine['id']}", json={"parent_id": theirs["id"]}),
        await ben.patch(f"/projects/{theirs['id']}", json={"name": "x"}),
        await ben.delete(f"/projects/{theirs['id']}"),
    ):
        assert refused.status_code == 403


async def test_who_would_lose_a_project_by_moving_it_is_told(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    top = await add_project(anna, "Top")
    await share(anna, top["id"], ben, "admin")
    below = await add_project(anna, "Below", parent_id=top["id"])
    refused = await ben.patch(f"/projects/{below['id']}", json={"parent_id": None})
    assert (refused.status_code, refused.json()["code"]) == (409, "access_lost")
    assert (await ben.get(f"/projects/{below['id']}")).json()["parent_id"] == top["id"]
    await share(ben, below["id"], ben, "admin")
    assert (await ben.patch(f"/projects/{below['id']}", json={"parent_id": None})).status_code == 200


async def test_deleting_takes_all_below_along_and_undo_brings_all_back(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    top = await add_project(anna, "Top")
    await share(anna, top["id"], ben, "admin")
    # Made by ben: anna has no membership of her own in it.
    middle = await add_project(ben, "Middle", parent_id=top["id"])
    await anna.delete(f"/projects/{middle['id']}/members/{anna.user_id}")
    low = await add_project(ben, "Low", parent_id=middle["id"])
    for project in (top, middle, low):
        await add_task(ben, project["name"], project_id=project["id"], labels=["x"])
    earlier = (await pages(anna, "/projects"), await pages(anna, "/tasks", sort="title"))
    deleted = await anna.delete(f"/projects/{top['id']}")
    assert deleted.status_code == 204
    for client in (anna, ben):
        assert await names(client) == ["Inbox"]
        assert await pages(client, "/tasks") == await pages(client, "/tasks", deleted="true") == []
    for project in (top, middle, low):
        assert (await anna.get(f"/projects/{project['id']}")).status_code == 404
    undone = await anna.post(f"/undo/{deleted.headers['X-Operation-ID']}")
    assert undone.status_code == 200, undone.text
    later = (await pages(anna, "/projects"), await pages(anna, "/tasks", sort="title"))
    assert earlier[1] == later[1]
    assert [{**p, "version": 0, "updated_at": ""} for p in earlier[0]] == [
        {**p, "version": 0, "updated_at": ""} for p in later[0]
    ]
    assert await names(ben) == ["Inbox", "Low", "Middle", "Top"]
    # And away again, which is undone too.
    redone = await anna.post(f"/undo/{undone.json()['operation_id']}")
    assert (redone.status_code, await names(anna)) == (200, ["Inbox"])
    assert (await anna.post(f"/undo/{redone.json()['operation_id']}")).status_code == 200
    assert await names(ben) == ["Inbox", "Low", "Middle", "Top"]


async def test_a_project_comes_back_only_under_a_live_one(api: Api) -> None:
    anna = await api.user()
    top = await add_project(anna, "Top")
    low = await add_project(anna, "Low", parent_id=top["id"])
    first = await anna.delete(f"/projects/{low['id']}")
    second = await anna.delete(f"/projects/{top['id']}")
    early = await anna.post(f"/undo/{first.headers['X-Operation-ID']}")
    assert (early.status_code, early.json()["collisions"]) == (409, [{"id": top["id"], "fields": ["deleted"]}])
    for deleted in (second, first):
        assert (await anna.post(f"/undo/{deleted.headers['X-Operation-ID']}")).status_code == 200
    assert await names(anna) == ["Inbox", "Low", "Top"]
