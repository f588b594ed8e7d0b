"""Z9: what stands in the audit trail after each thing that belongs there, and that refusals stand there too."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from taskmanager.auth.models import AuditEvent, Session, User
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from tests.auth.tokens import auth_of, refresh, start_session
from tests.factories import PASSWORD, Api, Client, add_project, share

WRONG = "not the password at all"
NEW = "another quite long password"


class Watch:
    """What was written into the trail since it was last asked."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._last = 0

    async def rows(self) -> list[AuditEvent]:
        async with self._api.database.read() as session:
            statement = select(AuditEvent).where(AuditEvent.id > self._last).order_by(AuditEvent.id)
            rows = list((await session.execute(statement)).scalars())
        self._last = rows[-1].id if rows else self._last
        return rows

    async def told(self) -> list[tuple[str, str]]:
        return [(row.event, row.outcome) for row in await self.rows()]

    async def one(self) -> AuditEvent:
        (row,) = await self.rows()
        return row


@pytest.fixture
def watch(api: Api) -> Watch:
    return Watch(api)


async def login(api: Api, username: str, password: str = PASSWORD, **headers: str) -> Any:
    return await api.anonymous.post("/login", json={"username": username, "password": password}, headers=headers)


async def test_z9_a_sign_in_is_told_with_its_request(api: Api, watch: Watch) -> None:
    user_id = await api.account("anna")
    await watch.rows()
    answer = await login(api, "anna", **{"User-Agent": "a\tbrowser", "X-Request-ID": "my-id"})
    row = await watch.one()
    assert (row.event, row.outcome, row.subject_id) == ("authn_login_success", "success", user_id)
    assert row.session_id == answer.json()["session_id"]
    assert (row.ip, row.user_agent, row.request_id) == ("127.0.0.1", "abrowser", "my-id")
    assert row.detail == {"factors": "password"}
    assert abs(row.at - clock.now()) < timedelta(minutes=1)


async def test_z9_a_refused_sign_in_is_told_without_what_was_typed(api: Api, watch: Watch) -> None:
    anna, gone = await api.account("anna"), await api.account("gone")
    async with api.database.write() as session:
        await session.execute(update(User).where(User.id == gone).values(active=False))
    await watch.rows()
    for name in ("anna", "gone", "nobody", WRONG, "Nobody "):
        assert (await login(api, name, WRONG)).status_code == 401
    rows = await watch.rows()
    assert {(row.event, row.outcome) for row in rows} == {("authn_login_fail", "failure")}
    assert [row.subject_id for row in rows] == [anna, gone, None, None, None]
    reasons = ["wrong_password", "disabled", *3 * ["unknown_name"]]
    assert [row.detail["reason"] for row in rows] == reasons
    # The same name is recognised without being told.
    assert rows[2].detail["name"] == rows[4].detail["name"] != rows[3].detail["name"]
    assert all(set(row.detail) == {"reason", "name"} and len(row.detail["name"]) == 16 for row in rows)


async def test_z9_a_sign_in_that_loses_its_account_meanwhile_is_told(api: Api, watch: Watch) -> None:
    user_id = await api.account("anna")
    await watch.rows()
    passwords = auth_of(api).passwords

    async def check(password: str, stored: str | None) -> bool:
        async with api.database.write() as session:
            await session.execute(update(User).where(User.id == user_id).values(active=False))
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "check", check)
        assert (await login(api, "anna")).json()["code"] == "invalid_credentials"
    row = await watch.one()
    assert (row.event, row.subject_id, row.detail) == ("authn_login_fail", user_id, {"reason": "changed_meanwhile"})


async def test_z9_refreshes_are_told_by_their_row_of_the_table(api: Api, watch: Watch) -> None:
    grant = await start_session(api)
    await watch.rows()
    first = grant.refresh_token
    second = (await refresh(api.anonymous, first, "a-key")).json()["refresh_token"]
    assert await watch.rows() == []  # row 1
    for _ in range(3):  # row 2, once a generation
        assert (await refresh(api.anonymous, first, "a-key")).json()["refresh_token"] == second
    row = await watch.one()
    assert (row.event, row.outcome, row.session_id) == ("refresh_recovered", "success", grant.session_id)
    for key in ("another-key", None, "a-third-one"):  # row 3, once a generation
        assert (await refresh(api.anonymous, first, key)).json()["code"] == "refresh_token_used"
    assert await watch.told() == [("refresh_concurrent", "failure")]
    third = (await refresh(api.anonymous, second, "b")).json()["refresh_token"]
    await refresh(api.anonymous, second, "b")
    await refresh(api.anonymous, second)
    assert await watch.told() == [("refresh_recovered", "success"), ("refresh_concurrent", "failure")]
    await refresh(api.anonymous, third[:-1] + "x")  # row 5
    assert await watch.rows() == []
    assert (await refresh(api.anonymous, first)).json()["code"] == "refresh_token_reused"  # row 4
    row = await watch.one()
    assert (row.event, row.outcome, row.detail) == ("authn_token_reuse", "failure", {"generation": 3, "shown": 1})
    assert row.subject_id is not None
    assert (await refresh(api.anonymous, third)).json()["code"] == "session_ended"  # row 6
    assert await watch.rows() == []


async def test_z9_a_generation_from_the_future_is_told(api: Api, watch: Watch) -> None:
    grant = await start_session(api)
    token = (await refresh(api.anonymous, grant.refresh_token)).json()["refresh_token"]
    async with api.database.write() as session:
        await session.execute(update(Session).values(generation=1))
    await watch.rows()
    assert (await refresh(api.anonymous, token)).json()["code"] == "session_ended"
    assert (await watch.one()).detail == {"reason": "restored_backup"}


async def test_z9_ended_sessions_are_told(api: Api, watch: Watch) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    second, third = await api.enter(anna.user_id), await api.enter(anna.user_id)
    await watch.rows()
    for _ in range(2):
        await third.post("/logout", json={"refresh_token": third.refresh_token})
    row = await watch.one()
    assert (row.event, row.subject_id, row.session_id) == ("session_ended", anna.user_id, third.session_id)
    assert row.detail == {"reason": "logout"}
    await anna.delete(f"/sessions/{second.session_id}")
    row = await watch.one()
    assert (row.actor_id, row.session_id, row.detail) == (anna.user_id, second.session_id, {"reason": "ended_by_owner"})
    await api.enter(anna.user_id)
    await watch.rows()
    await anna.delete("/sessions")
    assert (await watch.one()).detail == {"reason": "ended_by_owner", "sessions_ended": 1}
    await chief.delete(f"/admin/users/{anna.user_id}/sessions")
    row = await watch.one()
    assert (row.actor_id, row.subject_id) == (chief.user_id, anna.user_id)
    assert row.detail == {"reason": "ended_by_admin", "sessions_ended": 1}


async def test_z9_changes_of_passwords_are_told(api: Api, watch: Watch) -> None:
    anna = await api.user("anna")
    await api.enter(anna.user_id)
    await watch.rows()
    await anna.post("/me/password", json={"current_password": WRONG, "new_password": NEW})
    row = await watch.one()
    assert (row.event, row.outcome, row.actor_id) == ("authn_password_change_fail", "failure", anna.user_id)
    await anna.post("/me/password", json={"current_password": PASSWORD, "new_password": NEW})
    row = await watch.one()
    assert (row.event, row.outcome, row.detail) == ("authn_password_change", "success", {"sessions_ended": 1})
    chief = await api.user("chief", "admin")
    await watch.rows()
    link = (await chief.post(f"/admin/users/{anna.user_id}/reset")).json()["url"].rpartition("=")[2]
    row = await watch.one()
    assert (row.event, row.actor_id, row.subject_id) == ("password_reset_requested", chief.user_id, anna.user_id)
    await api.anonymous.post("/reset", json={"reset_token": link, "password": PASSWORD})
    row = await watch.one()
    assert (row.event, row.actor_id, row.subject_id) == ("password_reset", None, anna.user_id)
    assert row.detail == {"sessions_ended": 1}


async def test_z9_what_administrators_do_to_accounts_is_told(api: Api, watch: Watch) -> None:
    chief = await api.user("chief", "admin")
    await watch.rows()
    made = (await chief.post("/admin/users", json={"username": "anna"})).json()["user"]["id"]
    row = await watch.one()
    assert (row.event, row.actor_id, row.subject_id) == ("user_created", chief.user_id, made)
    assert row.detail == {"username": "anna", "role": "user", "by": "administrator"}
    path = f"/admin/users/{made}"
    await chief.patch(path, json={"role": "guest"})
    row = await watch.one()
    assert (row.event, row.detail) == ("privilege_permissions_changed", {"before": "user", "after": "guest"})
    await chief.patch(path, json={"role": "guest"})
    assert await watch.rows() == []
    anna = await api.user("ben")
    await watch.rows()
    await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})
    row = await watch.one()
    assert (row.event, row.subject_id, row.detail) == ("user_disabled", anna.user_id, {"sessions_ended": 1})
    await chief.patch(f"/admin/users/{anna.user_id}", json={"active": True})
    assert await watch.told() == [("user_enabled", "success")]


async def test_z9_invitations_and_what_comes_of_them_are_told(api: Api, watch: Watch) -> None:
    chief = await api.user("chief", "admin")
    await watch.rows()
    invited = (await chief.post("/admin/invitations", json={})).json()
    row = await watch.one()
    assert (row.event, row.actor_id) == ("invitation_created", chief.user_id)
    assert row.detail == {"invitation": invited["id"], "role": "user"}
    token = invited["url"].rpartition("=")[2]
    body = {"username": "anna", "password": PASSWORD, "invitation": token}
    anna = (await api.anonymous.post("/register", json=body)).json()["id"]
    row = await watch.one()
    assert (row.event, row.actor_id, row.subject_id) == ("user_created", None, anna)
    how = {"by": "invitation", "invited_by": chief.user_id}
    assert row.detail == {"username": "anna", "role": "user", **how}
    other = (await chief.post("/admin/invitations", json={})).json()["id"]
    await watch.rows()
    await chief.delete(f"/admin/invitations/{other}")
    assert (await watch.one()).event == "invitation_withdrawn"
    await chief.delete(f"/admin/invitations/{other}")
    assert await watch.rows() == []


async def test_z9_what_a_role_forbids_is_told_once_a_minute(
    api: Api, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, gast = await api.user("anna"), await api.user("gast", "guest")
    await watch.rows()
    for _ in range(5):
        assert (await anna.get("/admin")).status_code == 403
    row = await watch.one()
    assert (row.event, row.outcome, row.actor_id) == ("authz_fail", "failure", anna.user_id)
    assert row.detail == {"role": "user", "on": "GET /admin"}
    for _ in range(2):
        assert (await anna.get(f"/admin/users/{new_id()}")).status_code == 403
        assert (await gast.post("/tasks", json={"title": "x"})).status_code == 403
    details = [row.detail for row in await watch.rows()]
    assert details == [
        {"role": "user", "on": "GET /admin/users/{user_id}"},
        {"role": "guest", "on": "POST /tasks"},
    ]
    second = await api.enter(anna.user_id)
    await watch.rows()
    await second.get("/admin")
    assert (await watch.one()).session_id == second.session_id
    monkeypatch.setattr("taskmanager.auth.audit_refusals.AGAIN_AFTER_SECONDS", 0.0)
    await anna.get("/admin")
    assert await watch.told() == [("authz_fail", "failure")]


async def test_z9_what_a_place_in_a_project_forbids_is_told(api: Api, watch: Watch) -> None:
    """The refusal comes from within a write, whose transaction must be over before the trail's own begins."""
    anna, ben = await api.user("anna"), await api.user("ben")
    project = await add_project(anna)
    await share(anna, project["id"], ben, "viewer")
    await watch.rows()
    answer = await ben.post("/tasks", json={"title": "x", "project_id": project["id"]})
    assert answer.status_code == 403
    assert (await watch.one()).detail == {"role": "user", "on": "POST /tasks"}


async def test_z9_refusals_for_other_reasons_are_no_denials(api: Api, watch: Watch) -> None:
    chief = await api.user("chief", "admin")
    await watch.rows()
    body = {"username": "anna", "password": PASSWORD}
    assert (await api.anonymous.post("/register", json=body)).status_code == 403
    assert (await api.anonymous.get("/me", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 401
    async with api.database.write() as session:
        await session.execute(update(Session).values(created_at=clock.now() - timedelta(hours=1)))
    late = (await refresh(api.anonymous, chief.refresh_token)).json()["access_token"]
    client: Client = await api.client(Authorization=f"Bearer {late}")
    answer = await client.post("/admin/invitations", json={"role": "admin"})
    assert answer.json()["code"] == "recent_sign_in_required"
    assert await watch.rows() == []


async def test_z9_data_that_comes_and_goes_is_told(api: Api, watch: Watch) -> None:
    anna = await api.user("anna")
    await watch.rows()
    table: Any = {"content": b"title\nOne\nTwo\n", "headers": {"Content-Type": "text/csv"}}
    assert (await anna.post("/import", params={"dry_run": True}, **table)).status_code == 200
    assert await watch.rows() == []
    assert (await anna.post("/import", **table)).status_code == 201
    row = await watch.one()
    assert (row.event, row.actor_id, row.detail) == ("data_imported", anna.user_id, {"format": "csv", "tasks": 2})
    await anna.get("/export", params={"format": "csv"})
    row = await watch.one()
    assert (row.event, row.actor_id, row.detail) == ("data_exported", anna.user_id, {"format": "csv", "tasks": 2})


async def test_z9_a_change_of_the_profile_is_told_without_its_content(api: Api, watch: Watch) -> None:
    anna = await api.user("anna")
    await watch.rows()
    await anna.patch("/me", json={"display_name": "Anna\u202e", "timezone": "Europe/Berlin"})
    assert (await watch.one()).detail == {"fields": "display_name,timezone"}


async def test_z9_a_change_that_is_refused_leaves_no_record(api: Api, watch: Watch) -> None:
    chief = await api.user("chief", "admin")
    await api.account("anna")
    await watch.rows()
    assert (await chief.post("/admin/users", json={"username": "anna"})).status_code == 409
    assert (await chief.patch(f"/admin/users/{chief.user_id}", json={"role": "user"})).status_code == 409
    assert await watch.rows() == []
