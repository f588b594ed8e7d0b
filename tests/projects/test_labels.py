"""Labels: each account's colours for names on tasks."""

import asyncio

from tests.factories import Api, add_task, pages


async def test_a_label_is_made_coloured_and_forgotten(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/labels", json={"name": " Shop ", "color": "#112233"})
    label = made.json()
    assert (made.status_code, label["name"], label["color"], made.headers["ETag"]) == (201, "Shop", "#112233", '"1"')
    path = f"/labels/{label['id']}"
    assert (await anna.patch(path, json={"color": None}, headers={"If-Match": '"2"'})).status_code == 412
    changed = await anna.patch(path, json={"color": None}, headers={"If-Match": '"1"'})
    assert (changed.json()["color"], changed.json()["version"]) == (None, 2)
    task = await add_task(anna, labels=["SHOP"])
    removed = await anna.delete(path)
    assert (removed.status_code, await pages(anna, "/labels")) == (204, [])
    assert (await anna.get(f"/tasks/{task['id']}")).json()["labels"] == ["SHOP"]
    assert (await anna.post(f"/undo/{removed.headers['X-Operation-ID']}")).status_code == 200
    assert [(one["id"], one["name"]) for one in await pages(anna, "/labels")] == [(label["id"], "Shop")]


async def test_a_name_is_there_once_whatever_its_case(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, labels=["Straße"])
    refused = await anna.post("/labels", json={"name": "STRASSE"})
    assert (refused.status_code, refused.json()["code"]) == (409, "label_exists")
    await add_task(anna, labels=["strasse", "new"])
    assert [label["name"] for label in await pages(anna, "/labels", limit=1)] == ["new", "Straße"]


async def test_labels_are_one_s_own(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    label = (await anna.post("/labels", json={"name": "mine"})).json()
    assert await pages(ben, "/labels") == []
    assert (await ben.patch(f"/labels/{label['id']}", json={"color": None})).status_code == 404
    assert (await ben.delete(f"/labels/{label['id']}")).status_code == 404
    assert (await ben.post("/labels", json={"name": "mine"})).status_code == 201


async def test_undo_of_labels_refuses_what_would_be_lost(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/labels", json={"name": "a"})
    path = f"/labels/{made.json()['id']}"
    red = await anna.patch(path, json={"color": "#ff0000"})
    blue = await anna.patch(path, json={"color": "#0000ff"})
    for operation in (made, red):
        refused = await anna.post(f"/undo/{operation.headers['X-Operation-ID']}")
        assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
    for operation in (blue, red, made):
        assert (await anna.post(f"/undo/{operation.headers['X-Operation-ID']}")).status_code == 200
    assert await pages(anna, "/labels") == []
    removed_again = await anna.post(f"/undo/{made.headers['X-Operation-ID']}")
    assert removed_again.status_code == 409


async def test_the_same_new_label_from_two_requests_at_once(api: Api) -> None:
    anna = await api.user()
    made = await asyncio.gather(
        *(anna.post("/tasks", json={"title": "x", "labels": ["new", "other"]}) for _ in range(8))
    )
    assert {answer.status_code for answer in made} == {201}
    assert [label["name"] for label in await pages(anna, "/labels")] == ["new", "other"]
