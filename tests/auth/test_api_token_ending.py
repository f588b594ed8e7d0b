"""What ends an API token bites on the next request, in every process; and what is remembered of its use."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from taskmanager import upkeep
from taskmanager.auth import api_tokens
from taskmanager.auth.models import ApiToken
from taskmanager.kit import clock
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.test_access_changes import ENDINGS, Case
from tests.auth.tokens import auth_of, code
from tests.factories import PASSWORD, Api, Client, add_api_token, nodes, pages

INVALID = (401, "invalid_token")
OUTLIVED = {
    "signed out",
    "ended by its owner",
    "ended with all others",
    "ended by an administrator",
    "refresh token reused",
}
"""What ends sessions only: a token belongs to its account."""


async def program(api: Api, token: str) -> Client:
    return await api.client(Authorization=f"Bearer {token}")


@pytest.mark.parametrize("ending", ENDINGS)
async def test_A6_what_ends_all_sessions_for_good_ends_api_tokens_too(api: Api, ending: str) -> None:
    await api.account("chief", "admin")
    await api.account("anna", "admin")
    case = Case(api, *[await api.sign_in(name) for name in ("anna", "anna", "chief")])
    script = await program(api, (await add_api_token(case.victim, "tasks:write", "admin:read"))["token"])
    assert (await script.get("/admin")).status_code == 200
    assert (await ENDINGS[ending](case)).is_success
    if ending in OUTLIVED:
        assert (await script.get("/admin")).status_code == 200
        return
    for method, path in (("GET", "/admin"), ("GET", "/tasks"), ("POST", "/tasks"), ("GET", "/me")):
        assert code(await script.request(method, path)) == INVALID
    # Neither a new sign-in nor an account that is opened again brings it back.
    assert (await case.chief.patch(case.path, json={"active": True})).status_code == 200
    again = await api.enter(case.victim.user_id) if ending == "disabled" else None
    assert code(await script.get("/tasks")) == INVALID
    assert again is None or await pages(again, "/api-tokens") == []
    assert await pages(case.chief, f"{case.path}/api-tokens") == []


async def test_A6_a_lost_role_bites_on_the_next_request_and_comes_back(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna", "admin")
    script = await program(api, (await add_api_token(anna, "tasks:write", "admin:read"))["token"])
    for role, admin, write in (("user", 403, 201), ("guest", 403, 403), ("admin", 200, 201)):
        assert (await chief.patch(f"/admin/users/{anna.user_id}", json={"role": role})).status_code == 200
        assert (await script.get("/admin")).status_code == admin
        assert (await script.post("/tasks", json={"title": "x"})).status_code == write
        assert (await script.get("/tasks")).status_code == 200


async def test_a_token_is_revoked_by_its_owner_and_by_administrators(api: Api) -> None:
    chief, anna, ben = await api.user("chief", "admin"), await api.user("anna"), await api.user("ben")
    tokens = [await add_api_token(anna, "tasks:read", name=name) for name in ("a", "b", "c")]
    scripts = [await program(api, one["token"]) for one in tokens]
    own, by_chief = f"/api-tokens/{tokens[0]['id']}", f"/admin/users/{anna.user_id}/api-tokens/{tokens[1]['id']}"
    assert (await ben.delete(own)).status_code == 404
    assert (await ben.delete(by_chief)).status_code == 403
    assert (await chief.delete(by_chief.replace(anna.user_id, ben.user_id))).status_code == 404
    for script in scripts:
        assert (await script.get("/tasks")).status_code == 200
    shown = await pages(chief, f"/admin/users/{anna.user_id}/api-tokens", limit=2)
    assert [(one["name"], "token" in one) for one in shown] == [("c", False), ("b", False), ("a", False)]
    for number, (client, path) in enumerate(((anna, own), (chief, by_chief))):
        assert (await client.delete(path)).status_code == 204
        assert code(await scripts[number].get("/tasks")) == INVALID
        assert (await client.delete(path)).status_code == 404
    assert (await scripts[2].get("/tasks")).status_code == 200
    assert [one["name"] for one in await pages(anna, "/api-tokens")] == ["c"]


async def test_a_token_expires(api: Api) -> None:
    anna = await api.user()
    script = await program(api, (await add_api_token(anna, expires_in_days=1))["token"])
    now = clock.now()
    with time_machine.travel(now + timedelta(hours=23, minutes=59), tick=True):
        assert (await script.get("/tasks")).status_code == 200
    with time_machine.travel(now + timedelta(days=1, seconds=1), tick=True):
        assert code(await script.get("/tasks")) == INVALID
        assert await pages(await api.enter(anna.user_id), "/api-tokens") == []
    assert (await script.get("/tasks")).status_code == 200


@pytest.fixture
async def two(settings: Settings) -> AsyncIterator[tuple[Api, Api]]:
    """Yield two processes' worth of the application on one database."""
    async with nodes(settings) as (first, second):
        yield first, second


async def test_A6_another_process_refuses_a_revoked_token_at_once(two: tuple[Api, Api]) -> None:
    first, second = two
    chief, anna = await first.user("chief", "admin"), await first.user("anna")
    made = [await add_api_token(anna) for _ in range(3)]
    scripts = [await program(second, one["token"]) for one in made]
    for script in scripts:
        assert (await script.get("/tasks")).status_code == 200
    assert (await anna.delete(f"/api-tokens/{made[0]['id']}")).status_code == 204
    assert code(await scripts[0].get("/tasks")) == INVALID
    assert (await chief.delete(f"/admin/users/{anna.user_id}/api-tokens/{made[1]['id']}")).status_code == 204
    assert code(await scripts[1].get("/tasks")) == INVALID
    assert (await scripts[2].get("/tasks")).status_code == 200
    assert (await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})).status_code == 200
    assert code(await scripts[2].get("/tasks")) == INVALID


async def uses(client: Client) -> list[tuple[str | None, str | None]]:
    return [(one["last_used_at"], one["last_used_ip"]) for one in await pages(client, "/api-tokens")]


async def test_the_last_use_is_written_later_and_at_most_once_a_minute(api: Api) -> None:
    anna, tokens = await api.user(), auth_of(api).api_tokens
    script = await program(api, (await add_api_token(anna))["token"])
    writes: list[str] = []
    engine = api.database.writer.sync_engine

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE api_tokens"):
            writes.append(statement)

    for _ in range(5):
        assert (await script.get("/tasks")).status_code == 200
    assert (writes, await uses(anna)) == ([], [(None, None)])
    await tokens.write_uses()
    ((first, address),) = await uses(anna)
    assert first is not None
    assert abs(datetime.fromisoformat(first) - clock.now()) < timedelta(minutes=1)
    assert (address, len(writes)) == ("127.0.0.1", 1)
    # Within the minute there is nothing to write, also for a refusal.
    for path in ("/tasks", "/projects"):
        await script.get(path)
    await tokens.write_uses()
    assert (len(writes), await uses(anna)) == (1, [(first, address)])
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=True):
        await script.get("/tasks")
        await tokens.write_uses()
        assert len(writes) == 2
        ((second, _),) = await uses(anna)
        assert second is not None
        assert second > first
    event.remove(engine, "before_cursor_execute", _note)


async def test_uses_are_written_at_the_end_and_kept_over_an_outage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        anna, tokens = await api.user(), auth_of(api).api_tokens
        script = await program(api, (await add_api_token(anna))["token"])
        assert (await script.get("/tasks")).status_code == 200

        def fail(*_: Any) -> None:
            raise OperationalError("", {}, Exception("the database is away"))

        monkeypatch.setattr(api.database, "write", fail)
        await tokens.write_uses()
        assert "written down later" in caplog.text
        monkeypatch.undo()
        assert await uses(anna) == [(None, None)]
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        assert [at is not None for at, _ in await uses(await api.enter(anna.user_id))] == [True]


async def test_uses_are_written_by_themselves(app: Any, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "WRITTEN_EVERY_SECONDS", 0.05)
    anna, tokens = await api.user(), auth_of(api).api_tokens
    script = await program(api, (await add_api_token(anna))["token"])
    await tokens.stop()
    await tokens.start()
    assert (await script.get("/tasks")).status_code == 200
    begun = time.monotonic()
    while (await uses(anna))[0][0] is None:
        assert time.monotonic() - begun < 5
        await asyncio.sleep(0.02)


async def test_ended_tokens_are_purged_after_a_while(api: Api) -> None:
    anna = await api.user()
    made = [await add_api_token(anna, expires_in_days=days) for days in (1, 365, 365)]
    await anna.delete(f"/api-tokens/{made[1]['id']}")

    async def left_after(days: int) -> int:
        with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
            async with api.database.write() as session:
                await upkeep._purge_sessions(session, {})
        async with api.database.read() as session:
            return await session.scalar(select(func.count()).select_from(ApiToken)) or 0

    assert await left_after(29) == 3
    assert await left_after(30) == 2
    assert await left_after(32) == 1


async def test_R11_a_password_change_says_good_bye_to_every_token_of_the_account_alone(api: Api) -> None:
    await api.account("anna")
    anna, ben = await api.sign_in("anna"), await api.user("ben")
    answers: list[httpx.Response] = []
    scripts = [await program(api, (await add_api_token(client))["token"]) for client in (anna, ben)]
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    assert (await anna.post("/me/password", json=body)).status_code == 204
    answers = [await script.get("/tasks") for script in scripts]
    assert [answer.status_code for answer in answers] == [401, 200]
    # The session that made the change goes on, and makes new ones.
    again = await program(api, (await add_api_token(anna))["token"])
    assert (await again.get("/tasks")).status_code == 200
