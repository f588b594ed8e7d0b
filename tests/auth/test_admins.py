"""Administrators: the last one stays, and what matters most needs a fresh sign-in."""

import asyncio
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from taskmanager.auth.models import User
from taskmanager.kit import clock
from tests.auth.tokens import code, me, refresh
from tests.factories import Api

ROUNDS = 8


async def _admins(api: Api) -> list[str]:
    async with api.database.read() as session:
        statement = select(User.username).where(User.role == "admin", User.active).order_by(User.username)
        return list((await session.execute(statement)).scalars())


@pytest.mark.parametrize("change", [{"role": "user"}, {"role": "guest"}, {"active": False}])
async def test_Z4_the_last_administrator_stays(api: Api, change: dict[str, object]) -> None:
    chief = await api.user("chief", "admin")
    await api.user("anna")
    assert code(await chief.patch(f"/admin/users/{chief.user_id}", json=change)) == (409, "last_admin")
    assert await _admins(api) == ["chief"]
    assert (await chief.get("/admin")).status_code == 200
    # A disabled one does not count.
    second = await api.user("second", "admin")
    assert (await chief.patch(f"/admin/users/{second.user_id}", json={"active": False})).status_code == 200
    assert code(await chief.patch(f"/admin/users/{chief.user_id}", json=change)) == (409, "last_admin")
    assert (await chief.patch(f"/admin/users/{second.user_id}", json={"active": True})).status_code == 200
    assert (await chief.patch(f"/admin/users/{chief.user_id}", json=change)).status_code == 200
    assert await _admins(api) == ["second"]


async def test_Z4_of_two_demotions_at_once_one_is_refused(api: Api) -> None:
    chief, second = await api.user("chief", "admin"), await api.user("second", "admin")
    for number in range(ROUNDS):
        change = {"role": "user"} if number % 2 else {"active": False}
        by = (chief, second) if number % 4 < 2 else (second, chief)
        answers = await asyncio.gather(
            by[0].patch(f"/admin/users/{chief.user_id}", json=change),
            by[1].patch(f"/admin/users/{second.user_id}", json=change),
        )
        left = await _admins(api)
        assert len(left) == 1, [answer.text for answer in answers]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(refused) == 1
        assert code(refused[0]) in {(409, "last_admin"), (403, "forbidden"), (401, "session_ended")}
        await _restore(api)
        chief, second = await api.sign_in("chief"), await api.sign_in("second")


async def _restore(api: Api) -> None:
    async with api.database.write() as session:
        for user in (await session.execute(select(User))).scalars():
            user.role, user.active = "admin", True


def _asks(anna: str) -> list[tuple[str, str, dict[str, object]]]:
    return [
        ("POST", "/admin/users", {"username": "new", "role": "admin"}),
        ("PATCH", f"/admin/users/{anna}", {"role": "admin"}),
        ("POST", f"/admin/users/{anna}/reset", {}),
        ("POST", "/admin/invitations", {"role": "admin"}),
    ]


async def test_granting_admin_and_resets_need_a_sign_in_of_the_last_ten_minutes(api: Api) -> None:
    chief, anna, old = await api.user("chief", "admin"), await api.user("anna"), await api.user("old", "admin")
    assert (await chief.patch(f"/admin/users/{old.user_id}", json={"active": False})).status_code == 200
    asks = [*_asks(anna.user_id), ("PATCH", f"/admin/users/{old.user_id}", {"active": True})]
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        # A refresh makes a new access token, not a new sign-in.
        renewed = (await refresh(api.anonymous, chief.refresh_token)).json()["access_token"]
        late = await api.client(Authorization=f"Bearer {renewed}")
        for method, path, body in asks:
            answer = await late.request(method, path, json=body)
            assert code(answer) == (403, "recent_sign_in_required"), path
        # Everyday work does not.
        body = {"role": "guest", "active": True}
        assert (await late.patch(f"/admin/users/{anna.user_id}", json=body)).status_code == 200
        assert (await late.post("/admin/users", json={"username": "clerk"})).status_code == 201
        assert (await late.post("/admin/invitations", json={})).status_code == 201
        fresh = await api.sign_in("chief")
        for method, path, body in asks:
            assert (await fresh.request(method, path, json=body)).is_success, path


async def test_an_administrator_never_chooses_a_password(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    for method, path in (
        ("POST", "/admin/users"),
        ("PATCH", f"/admin/users/{anna.user_id}"),
        ("POST", "/admin/invitations"),
    ):
        body = {"username": "new", "password": "a password of my choice"}
        answer = await chief.request(method, path, json=body)
        assert code(answer) == (422, "validation_failed")
        assert "/password" in {place["pointer"] for place in answer.json()["errors"]}
    made = (await chief.post("/admin/users", json={"username": "new"})).json()
    assert made["user"]["has_password"] is False
    assert (await me(api.anonymous, chief.access_token)).status_code == 200
