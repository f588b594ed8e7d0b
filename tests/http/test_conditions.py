"""ETag, If-Match, If-None-Match (RFC 9110, section 13)."""

import asyncio
from typing import Any

from tests.factories import Api, add_project, add_task


async def test_if_match_lets_nobody_overwrite_what_they_have_not_seen(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    label = (await anna.post("/labels", json={"name": "x"})).json()
    task, trashed = await add_task(anna), await add_task(anna)
    await anna.delete(f"/tasks/{trashed['id']}")
    for method, path, body in (
        ("PATCH", f"/tasks/{task['id']}", {"title": "x"}),
        ("POST", f"/tasks/{task['id']}/complete", None),
        ("POST", f"/tasks/{task['id']}/reopen", None),
        ("DELETE", f"/tasks/{task['id']}", None),
        ("POST", f"/tasks/{trashed['id']}/restore", None),
        ("DELETE", f"/tasks/{trashed['id']}?permanent=true", None),
        ("PATCH", f"/projects/{home['id']}", {"name": "x"}),
        ("DELETE", f"/projects/{home['id']}", None),
        ("PATCH", f"/labels/{label['id']}", {"color": None}),
        ("DELETE", f"/labels/{label['id']}", None),
    ):
        for tag in ('"99"', 'W/"1"', "1", '"98", "99"', ""):
            refused = await anna.request(method, path, json=body, headers={"If-Match": tag})
            assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed"), (method, path, tag)
            current: dict[str, Any] = refused.json()["current"]
            assert refused.headers["ETag"] == f'"{current["version"]}"'
            assert current["id"] in path
    assert refused.headers["Content-Type"] == "application/problem+json"


async def test_if_match_that_holds(api: Api) -> None:
    anna = await api.user()
    path = f"/tasks/{(await add_task(anna))['id']}"
    for tag in ('"1"', '"7", "2"', "*"):
        changed = await anna.patch(path, json={"title": tag}, headers={"If-Match": tag})
        assert changed.status_code == 200
    assert changed.headers["ETag"] == '"4"'


async def test_of_many_who_change_one_version_one_wins(api: Api) -> None:
    anna = await api.user()
    path = f"/tasks/{(await add_task(anna))['id']}"
    answers = await asyncio.gather(
        *(anna.patch(path, json={"title": f"{n}"}, headers={"If-Match": '"1"'}) for n in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 11


async def test_what_one_has_is_not_sent_again(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home, task = await add_project(anna), await add_task(anna)
    for path in (f"/tasks/{task['id']}", f"/projects/{home['id']}"):
        tag = (await anna.get(path)).headers["ETag"]
        for known in (tag, f"W/{tag}", f'"0", {tag}', "*"):
            same = await anna.get(path, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
            assert same.headers["Cache-Control"] == "no-store"
        changed = await anna.get(path, headers={"If-None-Match": '"0"'})
        assert (changed.status_code, changed.headers["Cache-Control"]) == (200, "no-store")
        assert (await ben.get(path, headers={"If-None-Match": "*"})).status_code == 404


async def test_a_tag_beyond_measure_is_refused_also_where_an_answer_would_be_replayed(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    key = {"Idempotency-Key": "once"}
    assert (await anna.patch(f"/tasks/{task['id']}", json={"title": "Changed"}, headers=key)).status_code == 200
    for headers in ({}, key):
        refused = await anna.patch(
            f"/tasks/{task['id']}", json={"title": "Changed"}, headers={**headers, "If-Match": "0" * 1001}
        )
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    replayed = await anna.patch(f"/tasks/{task['id']}", json={"title": "Changed"}, headers=key)
    assert replayed.headers["Idempotency-Replayed"] == "true"
