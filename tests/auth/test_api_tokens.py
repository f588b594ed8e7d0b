"""API tokens: how they are made, shown, limited, and what their bearer may be asked for."""

import asyncio
import re
import zlib
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
import time_machine
from sqlalchemy import func, select, update

from taskmanager.auth import audit
from taskmanager.auth.accounts import RecentSignInRequiredError, require_recent
from taskmanager.auth.api_token_schemas import ApiTokenCreate
from taskmanager.auth.api_token_service import MOST_LIVE, ApiTokenService
from taskmanager.auth.api_tokens import ApiTokens
from taskmanager.auth.credentials import SessionEndedError
from taskmanager.auth.models import ApiToken, AuditEvent, Session, User
from taskmanager.auth.roles import NEVER, Actor
from taskmanager.kit import clock
from tests.auth.tokens import auth_of, browser, code, me, refresh, refuses
from tests.factories import PASSWORD, Api, Client, add_api_token, pages

ENDED = {
    "signed out": update(Session).values(revoked_at=clock.now()),
    "password changed": update(User).values(auth_epoch=User.auth_epoch + 1),
    "disabled": update(User).values(active=False),
}
FORM = re.compile(r"tmp_[A-Za-z0-9]{32}_[0-9a-f]{8}")


async def bearer(api: Api, token: str) -> Client:
    return await api.client(Authorization=f"Bearer {token}")


async def test_a_token_is_shown_once_and_opens_what_it_names(api: Api) -> None:
    anna = await api.user()
    before = clock.now()
    made = await add_api_token(anna, "tasks:write", name=" Backup of Sundays ")
    assert (made["name"], made["scopes"]) == ("Backup of Sundays", ["tasks:read", "tasks:write"])
    assert made["prefix"] == made["token"][:8]
    assert (made["last_used_at"], made["last_used_ip"]) == (None, None)
    life = datetime.fromisoformat(made["expires_at"]) - before
    assert timedelta(days=90) <= life < timedelta(days=90, minutes=1)
    shown = {name: value for name, value in made.items() if name != "token"}
    assert await pages(anna, "/api-tokens") == [shown]

    program = await bearer(api, made["token"])
    created = await program.post("/tasks", json={"title": "Buy milk"})
    assert created.status_code == 201
    assert (await anna.get(created.headers["Location"])).json()["created_by"] == anna.user_id
    assert [task["title"] for task in await pages(program, "/tasks")] == ["Buy milk"]
    refused = await program.get("/projects")
    assert code(refused) == (403, "insufficient_scope")
    assert "projects:read" in refused.json()["detail"]


async def test_a_scoped_token_reaches_no_other_method(api: Api) -> None:
    anna = await api.user()
    reader = await bearer(api, (await add_api_token(anna, "tasks:read", "projects:write"))["token"])
    task = (await anna.post("/tasks", json={"title": "x"})).json()
    path = f"/tasks/{task['id']}"
    assert (await reader.get(path)).status_code == 200
    for method, target in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/complete"), ("POST", "/tasks")):
        answer = await reader.request(method, target, json={"title": "y"} if method == "PATCH" else None)
        assert code(answer) == (403, "insufficient_scope"), (method, target)
    for words in ({"X-HTTP-Method-Override": "PATCH"}, {"X-Method-Override": "DELETE"}):
        assert (await reader.get(path, headers=words)).json()["version"] == task["version"]
    assert (await anna.get(path)).json()["title"] == "x"


def test_the_form_is_random_and_known_by_its_checksum() -> None:
    tokens = ApiTokens(None, bytes(32))  # type: ignore[arg-type]
    made = {tokens.make().text for _ in range(200)}
    assert len(made) == 200
    assert all(FORM.fullmatch(token) for token in made)
    assert all(f"{zlib.crc32(token[:-8].encode()):08x}" == token[-8:] for token in made)
    # 62 ** 32 > 2 ** 190; the 4 random characters that are shown leave 166 bits.
    assert 62**28 > 2**160


async def test_A5_tokens_out_of_form_or_unknown_are_refused_alike(api: Api) -> None:
    anna = await api.user()
    token = (await add_api_token(anna, "account:read"))["token"]
    assert (await me(api.anonymous, token)).status_code == 200
    other = ApiTokens(api.database, bytes(32)).make().text
    swapped = token[:10] + ("a" if token[10] != "a" else "b") + token[11:]
    right_sum = swapped[:-8] + f"{zlib.crc32(swapped[:-8].encode()):08x}"
    forms = [
        *(other, swapped, right_sum),
        *(token[:-1], token + "0", token + " x", token.upper(), token[:-8] + token[-8:].upper(), "tmp_", "tmp__"),
        *(token.replace("tmp_", "tmr_"), token + "\u00e9", "tmp_" + "\u0661" * 32 + "_00000000", "tmp_" + "a" * 9000),
    ]
    await refuses(api, *(form for form in forms if form != token))
    assert (await me(api.anonymous, f"{token}  ")).status_code == 200  # blanks around are no part of it


async def test_A7_a_token_is_taken_from_the_one_header_only(api: Api) -> None:
    await api.account("anna")
    anna = await api.sign_in("anna")
    token = (await add_api_token(anna, "account:read"))["token"]
    assert (await me(api.anonymous, token)).status_code == 200
    web = await browser(api, "anna", PASSWORD)
    assert code(await web.get("/me", headers={"Authorization": f"Bearer {token}"})) == (400, "ambiguous_credentials")
    twice = [("Authorization", f"Bearer {token}")] * 2
    assert code(await api.anonymous.get("/me", headers=twice)) == (400, "ambiguous_credentials")
    for headers in ({"Cookie": f"__Host-tm_access={token}"}, {"Cookie": f"__Host-tm_access={token}", **_basic()}):
        assert code(await api.anonymous.get("/me", headers=headers)) == (401, "invalid_token")
    assert code(await api.anonymous.get("/me", headers={"X-Api-Key": token})) == (401, "not_authenticated")
    asked = await api.anonymous.get("/tasks", params={"access_token": token})
    assert code(asked) == (422, "validation_failed")
    assert token not in asked.text


def _basic() -> dict[str, str]:
    return {"Authorization": "Basic YTpi"}


WRONG = {
    "no name": {"name": "  ", "scopes": ["tasks:read"]},
    "long name": {"name": "x" * 101, "scopes": ["tasks:read"]},
    "two lines": {"name": "x\ny", "scopes": ["tasks:read"]},
    "no scope": {"name": "x", "scopes": []},
    "unknown scope": {"name": "x", "scopes": ["tasks:*"]},
    "scopes as text": {"name": "x", "scopes": "tasks:read"},
    "too many scopes": {"name": "x", "scopes": ["tasks:read"] * 7},
    "no life": {"name": "x", "scopes": ["tasks:read"], "expires_in_days": 0},
    "long life": {"name": "x", "scopes": ["tasks:read"], "expires_in_days": 366},
    "endless life": {"name": "x", "scopes": ["tasks:read"], "expires_in_days": None},
    "a secret of one's own": {"name": "x", "scopes": ["tasks:read"], "token": "tmp_x"},
}


async def test_what_is_asked_for_has_limits(api: Api) -> None:
    anna = await api.user()
    for name, body in WRONG.items():
        assert code(await anna.post("/api-tokens", json=body)) == (422, "validation_failed"), name
    assert await pages(anna, "/api-tokens") == []
    for days in (1, 365):
        made = await add_api_token(anna, "tasks:read", "tasks:read", name="x" * 100, expires_in_days=days)
        life = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
        assert (life, made["scopes"]) == (timedelta(days=days), ["tasks:read"])


@pytest.mark.parametrize(
    ("role", "scope"),
    [("guest", "tasks:write"), ("guest", "projects:write"), ("guest", "admin:read"), ("user", "admin:read")],
)
async def test_nobody_is_given_scopes_beyond_the_role(api: Api, role: str, scope: str) -> None:
    client = await api.user("somebody", role)
    refused = await client.post("/api-tokens", json={"name": "x", "scopes": ["tasks:read", scope]})
    assert code(refused) == (403, "scope_beyond_role")
    assert scope in refused.json()["detail"]
    assert await pages(client, "/api-tokens") == []
    made = await add_api_token(client, "tasks:read", "projects:read", "account:read")
    assert (await (await bearer(api, made["token"])).get("/tasks")).status_code == 200


async def test_live_tokens_of_an_account_are_limited(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    made = [await add_api_token(anna, expires_in_days=1 if number else 2) for number in range(MOST_LIVE)]
    body = {"name": "one more", "scopes": ["tasks:read"]}
    assert code(await anna.post("/api-tokens", json=body)) == (409, "too_many_api_tokens")
    assert (await ben.post("/api-tokens", json=body)).status_code == 201
    listed = await pages(anna, "/api-tokens", limit=20)
    assert [one["id"] for one in listed] == [one["id"] for one in reversed(made)]
    # A revoked one makes room, and so do expired ones.
    assert (await anna.delete(f"/api-tokens/{made[0]['id']}")).status_code == 204
    assert (await anna.post("/api-tokens", json=body)).status_code == 201
    assert code(await anna.post("/api-tokens", json=body)) == (409, "too_many_api_tokens")
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1), tick=True):
        late = await api.enter(anna.user_id)
        assert (await late.post("/api-tokens", json=body)).status_code == 201
        assert len(await pages(late, "/api-tokens")) == 2


async def test_a_token_is_made_after_a_recent_sign_in_only_and_revoked_at_any_time(api: Api) -> None:
    anna = await api.user()
    made = await add_api_token(anna)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=True):
        # A refresh makes a new access token, not a new sign-in.
        renewed = (await refresh(api.anonymous, anna.refresh_token)).json()["access_token"]
        late = await bearer(api, renewed)
        body = {"name": "x", "scopes": ["tasks:read"]}
        assert code(await late.post("/api-tokens", json=body)) == (403, "recent_sign_in_required")
        assert (await late.delete(f"/api-tokens/{made['id']}")).status_code == 204
        assert (await (await api.enter(anna.user_id)).post("/api-tokens", json=body)).status_code == 201


@pytest.mark.parametrize("change", ENDED)
async def test_A6_a_session_that_has_just_ended_makes_no_token(api: Api, change: str) -> None:
    """Another process may believe in a session for a second more; a token would live for a year."""
    anna = await api.user()
    actor = Actor(anna.user_id, "anna", "user", "UTC", anna.session_id, clock.now())
    data, new = ApiTokenCreate(name="x", scopes=["tasks:read"]), auth_of(api).api_tokens.make()
    async with api.database.write() as session:
        await ApiTokenService(session, actor).create(data, new)
    async with api.database.write() as session:
        await session.execute(ENDED[change])
    async with api.database.write() as session:
        with pytest.raises(SessionEndedError):
            await ApiTokenService(session, actor).create(data, auth_of(api).api_tokens.make())


async def test_of_several_made_at_once_no_more_live_than_may(api: Api) -> None:
    anna = await api.user()
    for _ in range(MOST_LIVE - 1):
        await add_api_token(anna)
    body = {"name": "x", "scopes": ["tasks:read"]}
    answers = await asyncio.gather(*(anna.post("/api-tokens", json=body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert len(await pages(anna, "/api-tokens")) == MOST_LIVE


async def test_a_token_is_never_a_recent_sign_in(api: Api) -> None:
    anna = await api.user()
    token = (await add_api_token(anna, "account:read"))["token"]
    request = httpx.Request("GET", "/me")
    request.state = type("State", (), {"scopes": frozenset({"account:read"})})()  # type: ignore[attr-defined]
    actor = await auth_of(api).api_tokens.actor(request, token)  # type: ignore[arg-type]
    assert (actor.signed_in_at, actor.session_id) == (NEVER, "")
    assert actor.scopes == frozenset({"account:read"})
    with pytest.raises(RecentSignInRequiredError):
        require_recent(actor)
    require_recent(Actor(actor.user_id, "anna", "user", "UTC", anna.session_id, clock.now()))


async def test_the_secret_is_not_replayed(api: Api) -> None:
    """The route carries a secret: an Idempotency-Key counts for nothing."""
    anna = await api.user()
    body, key = {"name": "x", "scopes": ["tasks:read"]}, {"Idempotency-Key": "once"}
    answers = [await anna.post("/api-tokens", json=body, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["token"] != answers[1].json()["token"]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    # A program's own writes are carried out once, as everybody's.
    program = await bearer(api, (await add_api_token(anna, "tasks:write"))["token"])
    tasks = [await program.post("/tasks", json={"title": "x"}, headers=key) for _ in range(2)]
    assert tasks[0].json()["id"] == tasks[1].json()["id"]
    assert tasks[1].headers["Idempotency-Replayed"] == "true"


async def test_Z9_what_a_program_does_is_told_from_what_its_owner_does(api: Api) -> None:
    anna = await api.user()
    actor = Actor(anna.user_id, "anna", "user", "UTC", anna.session_id, clock.now())
    by_token = replace(actor, session_id="", signed_in_at=NEVER, token_id="a-token", scopes=frozenset())
    async with api.database.write() as session:
        for one in (actor, by_token):
            await audit.record(session, audit.Event.DATA_EXPORTED, actor=one, format="csv")
    async with api.database.read() as session:
        exported = select(AuditEvent).where(AuditEvent.event == audit.Event.DATA_EXPORTED).order_by(AuditEvent.id)
        rows = (await session.execute(exported)).scalars().all()
    assert [(row.session_id, row.detail) for row in rows] == [
        (anna.session_id, {"format": "csv"}),
        (None, {"format": "csv", "api_token": "a-token"}),
    ]


async def test_Z9_the_trail_tells_who_made_and_revoked_a_token(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    made = await add_api_token(anna, "tasks:write", name="Backup", expires_in_days=7)
    other = await add_api_token(anna)
    assert (await anna.delete(f"/api-tokens/{made['id']}")).status_code == 204
    assert (await chief.delete(f"/admin/users/{anna.user_id}/api-tokens/{other['id']}")).status_code == 204
    statement = select(AuditEvent).where(AuditEvent.event.startswith("authn_token_")).order_by(AuditEvent.id)
    async with api.database.read() as session:
        rows = (await session.execute(statement)).scalars().all()
        assert await session.scalar(select(func.count()).select_from(ApiToken)) == 2
    told = [(row.event, row.actor_id, row.subject_id, row.detail["token_id"]) for row in rows]
    assert told == [
        ("authn_token_created", anna.user_id, anna.user_id, made["id"]),
        ("authn_token_created", anna.user_id, anna.user_id, other["id"]),
        ("authn_token_revoked", anna.user_id, anna.user_id, made["id"]),
        ("authn_token_revoked", chief.user_id, anna.user_id, other["id"]),
    ]
    detail = {"token_id": made["id"], "name": "Backup", "scopes": "tasks:read tasks:write", "days": 7}
    assert rows[0].detail == detail
