"""One's own sessions: seen, ended, and what ends them by itself."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from taskmanager.auth.models import Revocation
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from tests.auth.tokens import code, me, refresh, row_of, start_sessions
from tests.factories import PASSWORD, Api


async def _listed(api: Api, access_token: str) -> list[str]:
    answer = await api.anonymous.get("/sessions", headers={"Authorization": f"Bearer {access_token}"})
    return [item["id"] for item in answer.json()["items"]]


async def test_R10_sessions_are_listed_with_the_current_one_marked(api: Api) -> None:
    client = await api.user("anna")
    await api.user("ben")
    others = await start_sessions(api, client.user_id, 3)
    answer = await client.get("/sessions")
    items = answer.json()["items"]
    assert [item["id"] for item in items] == [*(grant.session_id for grant in reversed(others)), client.session_id]
    assert [item["id"] for item in items if item["current"]] == [client.session_id]
    assert set(items[0]) == {
        "id", "created_at", "last_used_at", "expires_at", "ip", "user_agent", "device", "label", "current",
    }  # fmt: skip
    first = (await client.get("/sessions?limit=3")).json()
    rest = (await client.get("/sessions", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [item["id"] for item in items]
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=True):
        await refresh(api.anonymous, others[0].refresh_token)
        await client.delete(f"/sessions/{others[1].session_id}")
        later = {item["id"]: item for item in (await client.get("/sessions")).json()["items"]}
    assert set(later) == {client.session_id, others[0].session_id, others[2].session_id}
    assert later[others[0].session_id]["last_used_at"] > later[others[2].session_id]["last_used_at"]


async def test_R10_one_session_others_and_all_can_be_ended(api: Api) -> None:
    client = await api.user("anna")
    ben = await api.user("ben")
    one, two, three = await start_sessions(api, client.user_id, 3)
    assert (await client.delete(f"/sessions/{one.session_id}")).status_code == 204
    assert code(await me(api.anonymous, one.access_token)) == (401, "session_ended")
    assert (await me(api.anonymous, two.access_token)).status_code == 200
    assert (await client.delete("/sessions")).status_code == 204
    for ended in (one, two, three):
        assert code(await me(api.anonymous, ended.access_token)) == (401, "session_ended")
        assert code(await refresh(api.anonymous, ended.refresh_token)) == (401, "session_ended")
    assert await _listed(api, client.access_token) == [client.session_id]
    # The own one too.
    assert (await client.delete(f"/sessions/{client.session_id}")).status_code == 204
    assert code(await client.get("/me")) == (401, "session_ended")
    assert (await ben.get("/me")).status_code == 200


async def test_R10_an_administrator_ends_all_sessions_of_an_account(api: Api) -> None:
    chief, anna, ben = await api.user("chief", "admin"), await api.user("anna"), await api.user("ben")
    other = await api.sign_in("anna")
    assert (await chief.delete(f"/admin/users/{anna.user_id}/sessions")).status_code == 204
    for client in (anna, other):
        assert code(await client.get("/me")) == (401, "session_ended")
        assert code(await refresh(api.anonymous, client.refresh_token)) == (401, "session_ended")
    assert (await ben.get("/me")).status_code == 200
    assert code(await ben.delete(f"/admin/users/{anna.user_id}/sessions")) == (403, "forbidden")
    assert code(await chief.delete(f"/admin/users/{new_id()}/sessions")) == (404, "not_found")


async def test_Z2_a_foreign_session_looks_like_a_missing_one(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    ended = (await start_sessions(api, ben.user_id))[0]
    assert (await ben.delete(f"/sessions/{ended.session_id}")).status_code == 204
    answers = [await ben.delete(f"/sessions/{anna.session_id}")]
    answers += [await ben.delete(f"/sessions/{session_id}") for session_id in (new_id(), ended.session_id)]
    bodies = [{**answer.json(), "request_id": "", "instance": ""} for answer in answers]
    assert bodies[0]["code"] == "not_found"
    for answer, body in zip(answers, bodies, strict=True):
        assert (answer.status_code, body) == (404, bodies[0])
    assert (await anna.get("/me")).status_code == 200
    assert (await row_of(api, anna.session_id)).revoked_at is None


@pytest.mark.parametrize("which", ["refresh", "old refresh", "access", "expired refresh"])
async def test_any_genuine_token_ends_its_session_and_again_is_no_error(api: Api, which: str) -> None:
    client = await api.user("anna")
    newest = (await refresh(api.anonymous, client.refresh_token)).json()["refresh_token"]
    body = {"refresh": {"refresh_token": newest}}.get(which, {"refresh_token": client.refresh_token})
    # Half a day after its end; after a whole one the session is removed, and nobody knows it.
    moment = clock.now() + (timedelta(days=14, hours=12) if which == "expired refresh" else timedelta(0))
    with time_machine.travel(moment, tick=True):
        for _ in range(2):
            if which == "access":
                answer = await client.post("/logout")
            else:
                answer = await api.anonymous.post("/logout", json=body)
            assert answer.status_code == 204
            assert answer.content == b""
    assert (await row_of(api, client.session_id)).revoked_reason == "logout"
    assert code(await refresh(api.anonymous, newest)) == (401, "session_ended")


async def test_anything_else_ends_no_session(api: Api) -> None:
    client = await api.user("anna")
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        assert code(await client.post("/logout")) == (401, "invalid_token")
    for body in (None, {}, {"refresh_token": client.access_token}, {"refresh_token": client.refresh_token[:-1]}):
        assert code(await api.anonymous.post("/logout", json=body)) == (401, "invalid_token")
    wrong = await api.anonymous.post("/logout", headers={"Authorization": f"Bearer {client.refresh_token}"})
    assert code(wrong) == (401, "invalid_token")
    assert (await client.get("/me")).status_code == 200


async def test_R11_a_password_change_needs_the_old_one_and_ends_the_other_sessions(api: Api) -> None:
    client = await api.user("anna")
    other = await api.sign_in("anna")
    wrong = {"current_password": "not the password", "new_password": "another long password"}
    assert code(await client.post("/me/password", json=wrong)) == (403, "wrong_password")
    same = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert code(await client.post("/me/password", json=same)) == (422, "validation_failed")
    assert (await other.get("/me")).status_code == 200

    right = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (await client.post("/me/password", json=right)).status_code == 204
    assert code(await other.get("/me")) == (401, "session_ended")
    assert code(await refresh(api.anonymous, other.refresh_token)) == (401, "session_ended")
    # The session that made the change goes on, with its tokens.
    assert (await client.get("/me")).status_code == 200
    assert (await refresh(api.anonymous, client.refresh_token)).status_code == 200
    old = await api.anonymous.post("/login", json={"username": "anna", "password": PASSWORD})
    assert code(old) == (401, "invalid_credentials")
    await api.sign_in("anna", "another long password")


async def test_every_change_of_access_leaves_a_record_and_a_refused_one_leaves_none(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")

    async def records() -> int:
        async with api.database.read() as session:
            return await session.scalar(select(func.count()).select_from(Revocation)) or 0

    before = await records()
    for role in ("guest", "user"):
        await chief.patch(f"/admin/users/{anna.user_id}", json={"role": role})
    await anna.delete("/sessions")
    await anna.post("/me/password", json={"current_password": PASSWORD, "new_password": "another long password"})
    await anna.post("/logout")
    await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})
    assert await records() == before + 6
    assert code(await chief.patch(f"/admin/users/{chief.user_id}", json={"role": "user"})) == (409, "last_admin")
    assert await records() == before + 6
