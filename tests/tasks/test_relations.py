"""Relations: stored once, seen from both sides, never across what one may not see, never in a circle."""

from httpx import Response

from taskmanager.kit.ids import new_id
from tests.auth.tokens import code
from tests.factories import Api, Client, add_project, add_task, share


async def put(client: Client, task: str, *relations: tuple[str, str]) -> Response:
    body = {"relations": [{"kind": kind, "task_id": other} for kind, other in relations]}
    return await client.put(f"/tasks/{task}/relations", json=body)


async def seen(client: Client, task: str) -> set[tuple[str, str]]:
    answer = await client.get(f"/tasks/{task}/relations")
    assert answer.status_code == 200, answer.text
    return {(relation["kind"], relation["task_id"]) for relation in answer.json()["relations"]}


async def test_each_kind_is_seen_from_both_sides(api: Api) -> None:
    anna = await api.user()
    a, b = [(await add_task(anna, title))["id"] for title in "ab"]
    for kind, inverse in (
        ("blocks", "blocked_by"),
        ("blocked_by", "blocks"),
        ("relates", "relates"),
        ("duplicates", "duplicated_by"),
        ("duplicated_by", "duplicates"),
        ("precedes", "follows"),
        ("follows", "precedes"),
    ):
        answer = await put(anna, a, (kind, b), (kind, b))
        assert answer.status_code == 200, answer.text
        assert answer.json()["relations"] == [{"kind": kind, "task_id": b}]
        assert await seen(anna, b) == {(inverse, a)}
    assert (await put(anna, b)).json() == {"relations": []}
    assert await seen(anna, a) == set()


async def test_a_circle_is_refused_however_long(api: Api) -> None:
    anna = await api.user()
    a, b, c = [(await add_task(anna, title))["id"] for title in "abc"]
    assert (await put(anna, a, ("blocks", b))).status_code == 200
    assert (await put(anna, b, ("blocked_by", a), ("blocks", c))).status_code == 200
    assert code(await put(anna, c, ("blocked_by", b), ("blocks", a))) == (409, "relation_cycle")
    assert code(await put(anna, b, ("blocked_by", a), ("blocks", a))) == (409, "relation_cycle")
    assert await seen(anna, c) == {("blocked_by", b)}
    assert (await put(anna, c, ("blocked_by", b), ("relates", a))).status_code == 200
    refused = await put(anna, a, ("relates", a))
    assert refused.json()["errors"][0]["pointer"] == "/relations/0/task_id"


async def test_what_one_cannot_see_is_neither_shown_nor_named_nor_removed(api: Api) -> None:
    anna, ben = await api.user(), await api.user("ben")
    shared, private = [(await add_project(anna, name))["id"] for name in ("Shared", "Private")]
    await share(anna, shared, ben, "editor")
    task, other = [(await add_task(anna, title, project_id=shared))["id"] for title in "ab"]
    hidden = (await add_task(anna, "hidden", project_id=private))["id"]
    assert (await put(anna, task, ("blocked_by", hidden), ("relates", other))).status_code == 200
    assert await seen(ben, task) == {("relates", other)}
    assert code(await put(ben, task, ("blocks", hidden))) == code(await put(ben, task, ("blocks", new_id())))
    assert code(await put(ben, task, ("blocks", hidden)))[0] == 404
    assert (await put(ben, task)).status_code == 200
    assert await seen(anna, task) == {("blocked_by", hidden)}
    # Nor what lies in the trash, which comes back with its relations.
    await anna.delete(f"/tasks/{hidden}")
    assert await seen(anna, task) == set()
    await anna.post(f"/tasks/{hidden}/restore")
    assert await seen(anna, task) == {("blocked_by", hidden)}


async def test_only_editors_relate(api: Api) -> None:
    anna, ben = await api.user(), await api.user("ben")
    shared = (await add_project(anna))["id"]
    task = (await add_task(anna, project_id=shared))["id"]
    mine = (await add_task(ben, "mine"))["id"]
    await share(anna, shared, ben, "commenter")
    assert code(await put(ben, task, ("relates", mine))) == (403, "forbidden")
    # From one's own task one may point at what one can read.
    assert (await put(ben, mine, ("relates", task))).status_code == 200


async def test_undo_and_redo_of_relations(api: Api) -> None:
    anna = await api.user()
    a, b, c = [(await add_task(anna, title))["id"] for title in "abc"]
    await put(anna, a, ("blocks", b))
    changed = (await put(anna, a, ("relates", c))).headers["X-Operation-ID"]
    undone = await anna.post(f"/undo/{changed}")
    assert undone.status_code == 200, undone.text
    assert await seen(anna, a) == {("blocks", b)}
    assert (await anna.post(f"/undo/{undone.json()['operation_id']}")).status_code == 200
    assert await seen(anna, a) == {("relates", c)}
    # By now the other way round: what was taken back would close a circle.
    assert (await put(anna, b, ("blocks", a))).status_code == 200
    first = await anna.post(f"/undo/{undone.json()['operation_id']}")
    assert code(first) == (409, "undo_collision")
    assert code(await anna.post(f"/undo/{changed}")) == (409, "undo_collision")
    assert await seen(anna, a) == {("relates", c), ("blocked_by", b)}
