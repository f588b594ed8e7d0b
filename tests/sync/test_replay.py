"""Idempotency-Key: the same request sent again is carried out once, and answered the same."""

import asyncio
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import httpx
import time_machine
from sqlalchemy import func, insert, select

from taskmanager import upkeep
from taskmanager.kit import clock
from taskmanager.kit.http.idempotency import IdempotencyKey
from tests.factories import PASSWORD, Api, Client, add_project, add_task, pages, share

KEY = {"Idempotency-Key": "the-key"}


def same_answer(first: httpx.Response, again: httpx.Response) -> bool:
    names = ("content-type", "location", "etag", "x-operation-id")
    return (
        first.status_code == again.status_code
        and first.content == again.content
        and [first.headers.get(name) for name in names] == [again.headers.get(name) for name in names]
        and "Idempotency-Replayed" not in first.headers
        and again.headers["Idempotency-Replayed"] == "true"
    )


async def keys(api: Api) -> int:
    async with api.database.read() as session:
        return await session.scalar(select(func.count()).select_from(IdempotencyKey)) or 0


async def test_the_same_request_is_carried_out_once(api: Api) -> None:
    anna = await api.user()
    first = await anna.post("/tasks", json={"title": "x"}, headers=KEY)
    again = await anna.post("/tasks", json={"title": "x"}, headers=KEY)
    assert same_answer(first, again)
    assert len(await pages(anna, "/tasks")) == 1
    path = f"/tasks/{first.json()['id']}"
    for method, body in (("PATCH", {"title": "y"}), ("DELETE", None)):
        first = await anna.request(method, path, json=body, headers=KEY)
        assert first.is_success
        assert same_answer(first, await anna.request(method, path, json=body, headers=KEY))


async def test_another_body_query_path_or_account_is_another_request(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    task = (await anna.post("/tasks", json={"title": "x"}, headers=KEY)).json()
    other = await anna.post("/tasks", json={"title": "y"}, headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (await ben.post("/tasks", json={"title": "y"}, headers=KEY)).status_code == 201
    assert (await anna.post("/labels", json={"name": "x"}, headers=KEY)).status_code == 201
    assert (await anna.delete(f"/tasks/{task['id']}", headers=KEY)).status_code == 204
    for_good = await anna.delete(f"/tasks/{task['id']}", params={"permanent": "true"}, headers=KEY)
    assert for_good.json()["code"] == "idempotency_key_reused"
    assert len(await pages(anna, "/tasks", deleted="true")) == 1


async def test_a_refusal_stores_nothing(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    for method, path, body, status in (
        ("POST", "/tasks", {"title": ""}, 422),
        ("POST", "/tasks", {"title": "x", "parent_id": anna.user_id}, 422),
        ("DELETE", f"/tasks/{anna.user_id}", None, 404),
        ("DELETE", f"/tasks/{task['id']}?permanent=true", None, 409),
    ):
        assert (await anna.request(method, path, json=body, headers=KEY)).status_code == status
    stale = await anna.patch(f"/tasks/{task['id']}", json={"title": "y"}, headers={**KEY, "If-Match": '"9"'})
    assert stale.status_code == 412
    assert await keys(api) == 0
    # The same key serves once the request is right.
    assert (await anna.post("/tasks", json={"title": "x"}, headers=KEY)).status_code == 201
    assert (await anna.patch(f"/tasks/{task['id']}", json={"title": "y"}, headers=KEY)).status_code == 200


async def test_concurrent_twins_are_one_request(api: Api) -> None:
    anna = await api.user()
    answers = await asyncio.gather(*(anna.post("/tasks", json={"title": "x"}, headers=KEY) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted("Idempotency-Replayed" in answer.headers for answer in answers) == [False] + [True] * 7
    assert len(await pages(anna, "/tasks")) == 1


async def test_a_twin_waits_and_gives_way_in_the_end(api: Api, backend: str) -> None:
    anna = await api.user()
    async with api.database.write() as hanging:
        if backend == "postgresql":
            # SQLite has one writer at a time; here only the key is held.
            mine = {"id": _identity(api, anna), "account_id": anna.user_id}
            values = {**mine, "fingerprint": b"", "created_at": clock.now()}
            await hanging.execute(insert(IdempotencyKey).values(values))
        twin = asyncio.ensure_future(anna.post("/tasks", json={"title": "x"}, headers=KEY))
        done, _ = await asyncio.wait([twin], timeout=7 if backend == "postgresql" else 0.5)
    if backend == "postgresql":
        assert done
        assert (twin.result().status_code, twin.result().json()["code"]) == (409, "idempotency_conflict")
    else:
        assert not done
        assert (await twin).status_code == 201


def _identity(api: Api, client: Client) -> bytes:
    place = f"{client.user_id}\nPOST\n/tasks\nthe-key"
    return hmac.digest(api.app.state.idempotency_secret, b"key\n" + place.encode(), hashlib.sha256)


async def test_keys_are_kept_for_a_day(api: Api) -> None:
    anna = await api.user()
    await anna.post("/tasks", json={"title": "x"}, headers=KEY)
    start = clock.now()
    with time_machine.travel(start + timedelta(hours=23, minutes=59), tick=True):
        later = await api.sign_in("anna")
        again = await later.post("/tasks", json={"title": "x"}, headers=KEY)
        assert again.headers["Idempotency-Replayed"] == "true"
    with time_machine.travel(start + timedelta(hours=24, minutes=1), tick=True):
        later = await api.sign_in("anna")
        assert "Idempotency-Replayed" not in (await later.post("/tasks", json={"title": "x"}, headers=KEY)).headers
        assert len(await pages(later, "/tasks")) == 2
    with time_machine.travel(start + timedelta(hours=49), tick=True):
        async with api.database.write() as session:
            await upkeep._purge_keys(session, {})
    assert await keys(api) == 0


async def test_routes_that_carry_secrets_ignore_the_key(api: Api) -> None:
    chief = await api.user("chief", "admin")
    body = {"username": "new"}
    first = await chief.post("/admin/users", json=body, headers=KEY)
    assert first.status_code == 201
    assert (await chief.post("/admin/users", json=body, headers=KEY)).status_code == 409
    invitations = [await chief.post("/admin/invitations", json={}, headers=KEY) for _ in range(2)]
    assert len({answer.json()["url"] for answer in invitations}) == 2
    change = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (await chief.post("/me/password", json=change, headers=KEY)).status_code == 204
    assert (await chief.post("/me/password", json=change, headers=KEY)).status_code == 403
    assert await keys(api) == 0


async def test_a_key_out_of_form_is_refused(api: Api) -> None:
    anna = await api.user()
    for key in ("", " ", "a b", "é", "x" * 256, "a\tb"):
        refused = await anna.post("/tasks", json={"title": "x"}, headers=[(b"Idempotency-Key", key.encode())])
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_idempotency_key")
    assert await pages(anna, "/tasks") == []


async def test_a_replay_shows_only_what_may_still_be_read(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "admin")
    task = await add_task(anna, "same", project_id=home["id"])
    path = f"/tasks/{task['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("POST", "/tasks", {"title": "x", "project_id": home["id"]}),
        ("PATCH", path, {"priority": 2}),
        # Changes nothing, and shows all.
        ("PATCH", path, {"title": "same"}),
        ("POST", f"{path}/comments", {"body": "x"}),
        ("PATCH", f"/projects/{home['id']}", {"color": "#00ff00"}),
        ("PATCH", f"/projects/{home['id']}", {"name": "Home"}),
        ("PATCH", f"/projects/{home['id']}/members/{ben.user_id}", {"role": "admin"}),
    ]

    async def send(number: int) -> httpx.Response:
        method, url, body = requests[number]
        return await ben.request(method, url, json=body, headers={"Idempotency-Key": f"key-{number}"})

    first = [await send(number) for number in range(len(requests))]
    assert all(answer.is_success for answer in first), [answer.text for answer in first]
    for number, answer in enumerate(first):
        assert same_answer(answer, await send(number))
    left = await ben.delete(f"/projects/{home['id']}/members/{ben.user_id}", headers=KEY)
    assert [(await send(number)).status_code for number in range(len(requests))] == [404] * len(requests)
    # Nothing is shown by an empty answer.
    again = await ben.delete(f"/projects/{home['id']}/members/{ben.user_id}", headers=KEY)
    assert same_answer(left, again)
    gone = await anna.delete(f"/projects/{home['id']}", headers=KEY)
    assert same_answer(gone, await anna.delete(f"/projects/{home['id']}", headers=KEY))


async def test_a_replay_needs_the_role(api: Api) -> None:
    anna, chief = await api.user("anna"), await api.user("chief", "admin")
    await anna.post("/tasks", json={"title": "x"}, headers=KEY)
    await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"})
    assert (await anna.post("/tasks", json={"title": "x"}, headers=KEY)).status_code == 403
    await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})
    assert (await anna.post("/tasks", json={"title": "x"}, headers=KEY)).status_code == 401
