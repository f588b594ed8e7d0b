"""Batches: all or nothing, or each for itself; one operation, one undo."""

from typing import Any

from httpx import Response

from taskmanager.kit.ids import new_id
from tests.auth.tokens import code
from tests.factories import Api, Client, add_task, pages


async def run(
    client: Client, *operations: dict[str, Any], atomic: bool = True, headers: dict[str, str] | None = None
) -> Response:
    body = {"atomic": atomic, "operations": list(operations)}
    return await client.post("/tasks/batch", json=body, headers=headers)


async def titles(client: Client) -> list[str]:
    return sorted(task["title"] for task in await pages(client, "/tasks"))


async def test_every_kind_of_write_in_order(api: Api) -> None:
    anna = await api.user()
    kept, done, gone, back = [await add_task(anna, title) for title in ("kept", "done", "gone", "back")]
    await anna.delete(f"/tasks/{back['id']}")
    fresh = new_id()
    answer = await run(
        anna,
        {"op": "create", "id": fresh, "body": {"title": "new"}},
        {"op": "update", "id": fresh, "body": {"title": "newer"}},
        {"op": "update", "id": kept["id"], "if_match": '"1"', "body": {"priority": 4}},
        {"op": "complete", "id": done["id"]},
        {"op": "delete", "id": gone["id"]},
        {"op": "restore", "id": back["id"]},
        {"op": "reopen", "id": done["id"]},
        {"op": "move", "id": kept["id"], "body": {"after": back["id"]}},
    )
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 200, 200, 200, 204, 200, 200, 200]
    assert results[1]["task"]["title"] == "newer"
    assert await titles(anna) == ["back", "done", "kept", "newer"]
    # One operation, one undo.
    assert (await anna.post(f"/undo/{answer.headers['X-Operation-ID']}")).status_code == 200
    assert await titles(anna) == ["done", "gone", "kept"]


async def test_an_atomic_batch_does_all_or_nothing_and_names_the_first_that_fails(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "kept")
    first = {"op": "create", "body": {"title": "new", "labels": ["fresh"]}}
    for refused, status, failure in (
        ({"op": "update", "id": task["id"], "if_match": '"7"', "body": {"title": "x"}}, 412, "precondition_failed"),
        ({"op": "complete", "id": new_id()}, 404, "not_found"),
        ({"op": "update", "id": task["id"], "body": {"priority": 9}}, 422, "validation_failed"),
        ({"op": "create", "id": task["id"], "body": {"title": "x"}}, 409, "task_exists"),
        ({"op": "complete"}, 422, "validation_failed"),
        ({"op": "complete", "id": task["id"], "body": {"title": "x"}}, 422, "validation_failed"),
    ):
        answer = await run(anna, first, refused)
        assert code(answer) == (status, failure), answer.text
        assert answer.json()["index"] == 1
        assert "X-Operation-ID" not in answer.headers
    assert answer.json()["errors"][0]["pointer"] == "/body"
    assert await titles(anna) == ["kept"]
    assert (await anna.get("/labels")).json()["items"] == []


async def test_otherwise_each_write_stands_for_itself(api: Api) -> None:
    anna, ben = await api.user(), await api.user("ben")
    task, foreign = await add_task(anna, "kept"), await add_task(ben, "foreign")
    answer = await run(
        anna,
        {"op": "complete", "id": foreign["id"]},
        {"op": "create", "body": {"title": "new"}},
        {"op": "update", "id": task["id"], "body": {"title": "kept on", "priority": 9, "surprise": 1}},
        {"op": "create", "id": task["id"], "body": {"title": "again"}},
        {"op": "update", "id": task["id"], "body": {"title": "changed"}},
        atomic=False,
    )
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [404, 201, 422, 409, 200]
    assert [result["problem"] and result["problem"]["code"] for result in results] == [
        "not_found",
        None,
        "validation_failed",
        "task_exists",
        None,
    ]
    pointers = {error["pointer"] for error in results[2]["problem"]["errors"]}
    assert pointers == {"/body/priority", "/body/surprise"}
    assert await titles(anna) == ["changed", "new"]
    assert (await anna.post(f"/undo/{answer.headers['X-Operation-ID']}")).status_code == 200
    assert await titles(anna) == ["kept"]


async def test_a_batch_sent_again_is_carried_out_once(api: Api) -> None:
    anna = await api.user()
    for _ in range(2):
        answer = await run(anna, {"op": "create", "body": {"title": "once"}}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 200
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert await titles(anna) == ["once"]


async def test_a_batch_has_one_to_two_hundred_writes_of_known_kinds(api: Api) -> None:
    anna = await api.user()
    create = {"op": "create", "body": {"title": "x"}}
    assert (await run(anna, *[create] * 200)).status_code == 200
    assert code(await run(anna, *[create] * 201))[0] == 422
    assert code(await run(anna))[0] == 422
    assert code(await run(anna, {"op": "purge", "id": new_id()}))[0] == 422
    assert code(await run(anna, {**create, "surprise": 1}))[0] == 422
