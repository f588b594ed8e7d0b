"""The audit trail for administrators, and the sign-ins of everybody's own account."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from tests.auth.trail import Trail
from tests.factories import Api, Client, pages


async def found(chief: Client, **query: Any) -> list[str]:
    return [record["event"] for record in await pages(chief, "/admin/audit", limit=2, **query)]


async def test_the_trail_is_listed_newest_first_and_filtered(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    start = clock.now()
    await api.anonymous.post("/login", json={"username": "anna", "password": "wrong"}, headers={"X-Request-ID": "r-1"})
    await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"})
    await chief.post("/admin/invitations", json={})
    since = {"since": start.isoformat()}
    assert await found(chief, **since) == ["invitation_created", "privilege_permissions_changed", "authn_login_fail"]
    assert await found(chief, **since, actor="chief") == ["invitation_created", "privilege_permissions_changed"]
    assert await found(chief, **since, actor=chief.user_id) == await found(chief, **since, actor="Chief")
    assert await found(chief, **since, subject="anna") == ["privilege_permissions_changed", "authn_login_fail"]
    assert await found(chief, **since, subject=anna.user_id) == await found(chief, **since, subject="anna")
    assert await found(chief, **since, outcome="failure") == ["authn_login_fail"]
    assert await found(chief, event="privilege_permissions_changed") == ["privilege_permissions_changed"]
    assert await found(chief, search="r-1") == ["authn_login_fail"]
    assert len(await found(chief, **since, search="127.0.0.1")) == 3
    assert await found(chief, search="127.0.0") == []
    assert await found(chief, actor="nobody") == []
    assert await found(chief, subject=new_id()) == []
    everything = await found(chief)
    assert await found(chief, until=start.isoformat()) == everything[3:]
    assert everything.count("user_created") == 2


async def test_a_record_names_those_concerned(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"}, headers={"User-Agent": "curl"})
    record = (await chief.get("/admin/audit", params={"limit": 1})).json()["items"][0]
    assert record["actor"] == {"id": chief.user_id, "username": "chief"}
    assert record["subject"] == {"id": anna.user_id, "username": "anna"}
    assert (record["outcome"], record["ip"], record["user_agent"]) == ("success", "127.0.0.1", "curl")
    assert record["detail"] == {"before": "user", "after": "guest"}
    assert record["session_id"] == chief.session_id
    assert record["request_id"]


@pytest.mark.parametrize(
    "query",
    [
        {"event": "made_up"},
        {"outcome": "maybe"},
        {"since": "yesterday"},
        {"since": "2026-12-01T00:00:00"},
        {"since": "2026-13-01T00:00:00Z"},
        {"until": "0.5"},
        {"until": "1795664094"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"search": "x" * 65},
        {"actor": ""},
    ],
)
async def test_odd_filters_are_refused(api: Api, query: dict[str, str]) -> None:
    chief = await api.user("chief", "admin")
    for path in ("/admin/audit", "/admin/audit/export"):
        assert (await chief.get(path, params=query)).status_code == 422


async def test_the_trail_is_taken_out_as_lines(api: Api) -> None:
    chief = await api.user("chief", "admin")
    for number in range(3):
        await api.account(f"user{number}")
    answer = await chief.get("/admin/audit/export")
    assert answer.headers["Content-Type"] == "application/jsonl"
    assert "attachment" in answer.headers["Content-Disposition"]
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert [record["event"] for record in records] == [
        "user_created", "authn_login_success", *3 * ["user_created"], "audit_exported",
    ]  # fmt: skip
    assert records[-1]["actor_id"] == chief.user_id
    assert records[0]["at"].endswith("Z")
    assert all("position" in record and "chain" in record for record in records)
    some = await chief.get("/admin/audit/export", params={"event": "audit_exported"})
    assert len(some.text.splitlines()) == 2


async def test_z9_an_administrator_verifies_the_trail(api: Api) -> None:
    chief = await api.user("chief", "admin")
    trail = Trail(api.app.state.settings)
    await trail.seal()
    told = (await chief.post("/admin/audit/verify")).json()
    assert told == {"ok": True, "checked": 2, "unsealed": 0, "broken": None}
    async with api.database.write() as session:
        await session.execute(text("UPDATE audit_events SET outcome = 'failure' WHERE position = 2"))
    told = (await chief.post("/admin/audit/verify")).json()
    assert told["ok"] is False
    assert told["broken"] == {"position": 2, "kind": "edited"}
    await trail.database.stop()


async def test_the_overview_counts_failed_sign_ins(api: Api) -> None:
    chief = await api.user("chief", "admin")
    assert (await chief.get("/admin")).json()["failed_logins_24h"] == 0
    for _ in range(2):
        await api.anonymous.post("/login", json={"username": "nobody", "password": "wrong"})
    assert (await chief.get("/admin")).json()["failed_logins_24h"] == 2
    async with api.database.write() as session:
        old = {"old": clock.now() - timedelta(hours=25)}
        if api.database.is_sqlite:
            old = {"old": (clock.now() - timedelta(hours=25)).isoformat()}  # type: ignore[dict-item]
        await session.execute(text("UPDATE audit_events SET at = :old"), old)
    assert (await chief.get("/admin")).json()["failed_logins_24h"] == 0


async def test_everybody_sees_the_sign_ins_to_the_own_account(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben", "guest")
    await api.anonymous.post(
        "/login", json={"username": "anna", "password": "wrong"}, headers={"User-Agent": "somebody else"}
    )
    shown = await pages(anna, "/me/sign-ins", limit=1)
    assert [(one["outcome"], one["user_agent"]) for one in shown] == [
        ("failure", "somebody else"),
        ("success", "taskmanager"),
    ]
    assert [one["device"] for one in shown] == ["somebody", "taskmanager"]
    assert [one["session_id"] for one in shown] == [None, anna.session_id]
    assert len(await pages(ben, "/me/sign-ins")) == 1
