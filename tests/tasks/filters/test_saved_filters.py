"""Filters kept by name: one's own, versioned, undoable."""

import asyncio

from tests.factories import Api, pages

HOME = {"name": " At home ", "query": " TODAY & #Home ", "color": "#112233"}


async def test_a_filter_is_kept_changed_and_forgotten(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/filters", json=HOME)
    kept = made.json()
    path = f"/filters/{kept['id']}"
    assert (made.status_code, made.headers["Location"], made.headers["ETag"]) == (201, path, '"1"')
    # What was written stays as it was written.
    assert (kept["name"], kept["query"], kept["color"]) == ("At home", "TODAY & #Home", "#112233")
    read = await anna.get(path)
    assert (read.json(), (await anna.get(path, headers={"If-None-Match": '"1"'})).status_code) == (kept, 304)
    stale = await anna.patch(path, json={"query": "p1"}, headers={"If-Match": '"2"'})
    assert (stale.status_code, stale.json()["current"]["query"]) == (412, "TODAY & #Home")
    changed = await anna.patch(path, json={"query": "p1", "color": None}, headers={"If-Match": '"1"'})
    assert (changed.json()["query"], changed.json()["color"], changed.headers["ETag"]) == ("p1", None, '"2"')
    same = await anna.patch(path, json={"query": "p1"})
    assert (same.json()["version"], "X-Operation-ID" in same.headers) == (2, False)
    removed = await anna.delete(path, headers={"If-Match": '"2"'})
    assert (removed.status_code, await pages(anna, "/filters")) == (204, [])
    assert (await anna.get(path)).status_code == 404


async def test_every_change_can_be_undone_and_done_again(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/filters", json=HOME)
    path = f"/filters/{made.json()['id']}"
    renamed = await anna.patch(path, json={"name": "Elsewhere"})
    removed = await anna.delete(path)
    refused = await anna.post(f"/undo/{renamed.headers['X-Operation-ID']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
    undone = await anna.post(f"/undo/{removed.headers['X-Operation-ID']}")
    assert (await anna.get(path)).json()["name"] == "Elsewhere"
    await anna.post(f"/undo/{undone.headers['X-Operation-ID']}")
    assert (await anna.get(path)).status_code == 404
    await anna.post(f"/undo/{removed.headers['X-Operation-ID']}")
    for operation in (renamed, made):
        assert (await anna.post(f"/undo/{operation.headers['X-Operation-ID']}")).status_code in {200, 409}


async def test_undo_takes_back_in_reverse(api: Api) -> None:
    anna = await api.user()
    made = await anna.post("/filters", json=HOME)
    path = f"/filters/{made.json()['id']}"
    first = await anna.patch(path, json={"query": "p1"})
    second = await anna.patch(path, json={"query": "p2"})
    for operation in (made, first):
        refused = await anna.post(f"/undo/{operation.headers['X-Operation-ID']}")
        assert (refused.status_code, refused.json()["code"]) == (409, "undo_collision")
    for operation, query in ((second, "p1"), (first, "TODAY & #Home")):
        assert (await anna.post(f"/undo/{operation.headers['X-Operation-ID']}")).status_code == 200
        assert (await anna.get(path)).json()["query"] == query
    assert (await anna.post(f"/undo/{made.headers['X-Operation-ID']}")).status_code == 200
    assert await pages(anna, "/filters") == []


async def test_a_name_is_there_once_whatever_its_case(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await anna.post("/filters", json={"name": "Straße", "query": "p1"})
    taken = await anna.post("/filters", json={"name": "STRASSE", "query": "p2"})
    assert (taken.status_code, taken.json()["code"]) == (409, "filter_exists")
    other = (await anna.post("/filters", json={"name": "a", "query": "p2"})).json()
    assert (await anna.patch(f"/filters/{other['id']}", json={"name": "strasse"})).status_code == 409
    assert (await anna.patch(f"/filters/{other['id']}", json={"name": "A"})).json()["name"] == "A"
    assert [one["name"] for one in await pages(anna, "/filters", limit=1)] == ["A", "Straße"]
    assert (await ben.post("/filters", json={"name": "straße", "query": "p1"})).status_code == 201
    at_once = await asyncio.gather(*(anna.post("/filters", json={"name": "b", "query": "p1"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in at_once) == [201, 409, 409, 409]


async def test_filters_are_one_s_own(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    path = f"/filters/{(await anna.post('/filters', json=HOME)).json()['id']}"
    assert await pages(ben, "/filters") == []
    for answer in (await ben.get(path), await ben.patch(path, json={"name": "x"}), await ben.delete(path)):
        assert answer.status_code == 404
    assert (await anna.get(path)).json()["version"] == 1


async def test_only_filters_are_kept(api: Api) -> None:
    anna = await api.user()
    kept = (await anna.post("/filters", json=HOME)).json()
    for request in (
        anna.post("/filters", json={"name": "x", "query": "today &"}),
        anna.patch(f"/filters/{kept['id']}", json={"query": "today &"}),
        anna.post("/filters/validate", json={"query": "today &"}),
    ):
        refused = await request
        error = refused.json()["errors"][0]
        assert (refused.status_code, error["pointer"], error["column"]) == (422, "/query", 8)
        assert "p1" in error["expected"]
    for body in (
        {"name": "", "query": "p1"},
        {"name": "x" * 101, "query": "p1"},
        {"name": "a\nb", "query": "p1"},
        {"name": "x", "query": ""},
        {"name": "x", "query": "p1", "color": "red"},
        {"name": "x"},
    ):
        assert (await anna.post("/filters", json=body)).status_code == 422, body
    assert (await anna.patch(f"/filters/{kept['id']}", json={"name": None})).status_code == 422
    assert len(await pages(anna, "/filters")) == 1


async def test_a_filter_is_explained(api: Api) -> None:
    guest = await api.user("visitor", "guest")
    explained = await guest.post("/filters/validate", json={"query": "TODAY&(@x*|!#Home)  & due before: +3 days"})
    assert explained.json() == {
        "query": "today & (@x* | !#Home) & due before: +3 days",
        "tree": {
            "and": [
                {"kind": "plain", "word": "today"},
                {
                    "or": [
                        {"kind": "label", "name": "x", "begins": True},
                        {"not": {"kind": "project", "name": "Home", "below": False}},
                    ]
                },
                {"kind": "date", "field": "due", "relation": "before", "day": "+3 days"},
            ]
        },
    }
    assert (await guest.post("/filters", json=HOME)).status_code == 403


async def test_making_a_filter_twice_with_one_key_makes_one(api: Api) -> None:
    anna = await api.user()
    twice = [await anna.post("/filters", json=HOME, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert twice[0].json() == twice[1].json()
    assert len(await pages(anna, "/filters")) == 1
