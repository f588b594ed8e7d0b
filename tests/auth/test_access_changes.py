"""What changes someone's access bites on the next request, on every route and in every process."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from taskmanager.auth.models import User
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import code
from tests.factories import PASSWORD, Api, Client
from tests.servers import ADMIN, app_server, taskmanager

OWN_ACCOUNT = {
    "/me",
    "/me/email",
    "/me/notices/read",
    "/me/password",
    "/sessions",
    "/sessions/{session_id}",
    "/api-tokens",
    "/api-tokens/{token_id}",
    "/filters/validate",
    "/notifications/read",
    "/tasks/{task_id}/reminders",
}
"""What a guest may change, or only ask about."""
SECONDS = 1.0
"""How long another process may take to hear of a change."""


@dataclass
class Case:
    """An account that was just seen at work, another session of its own, and an administrator."""

    api: Api
    victim: Client
    other: Client
    chief: Client

    @property
    def path(self) -> str:
        return f"/admin/users/{self.victim.user_id}"


async def _disable(case: Case) -> httpx.Response:
    return await case.chief.patch(case.path, json={"active": False})


async def _logout(case: Case) -> httpx.Response:
    return await case.api.anonymous.post("/logout", json={"refresh_token": case.victim.refresh_token})


async def _kill_by_owner(case: Case) -> httpx.Response:
    return await case.other.delete(f"/sessions/{case.victim.session_id}")


async def _kill_others_by_owner(case: Case) -> httpx.Response:
    return await case.other.delete("/sessions")


async def _kill_by_admin(case: Case) -> httpx.Response:
    return await case.chief.delete(f"{case.path}/sessions")


async def _change_password(case: Case) -> httpx.Response:
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    return await case.other.post("/me/password", json=body)


async def _reset_password(case: Case) -> httpx.Response:
    url: str = (await case.chief.post(f"{case.path}/reset")).json()["url"]
    body = {"reset_token": url.rpartition("=")[2], "password": "another long password"}
    return await case.api.anonymous.post("/reset", json=body)


async def _reuse(case: Case) -> httpx.Response:
    token = case.victim.refresh_token
    for _ in range(2):
        answer = await case.api.anonymous.post("/refresh", json={"refresh_token": token})
        token = answer.json()["refresh_token"]
    reused = await case.api.anonymous.post("/refresh", json={"refresh_token": case.victim.refresh_token})
    assert code(reused) == (401, "refresh_token_reused")
    return answer


ENDINGS: dict[str, Callable[[Case], Awaitable[httpx.Response]]] = {
    "disabled": _disable,
    "signed out": _logout,
    "ended by its owner": _kill_by_owner,
    "ended with all others": _kill_others_by_owner,
    "ended by an administrator": _kill_by_admin,
    "password changed": _change_password,
    "password reset": _reset_password,
    "refresh token reused": _reuse,
}


def guarded_routes(app: Any) -> list[tuple[str, str]]:
    """Return method and path of every route that the OpenAPI document says needs a sign-in."""
    document = app.openapi()
    return [
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if operation.get("security", document.get("security"))
    ]


def _filled(path: str) -> str:
    return "/".join(new_id() if part.startswith("{") else part for part in path.split("/"))


async def _case(api: Api) -> Case:
    await api.account("chief", "admin")
    await api.account("anna", "admin")
    case = Case(api, await api.sign_in("anna"), await api.sign_in("anna"), await api.sign_in("chief"))
    for client in (case.victim, case.other, case.chief):
        assert (await client.get("/tasks")).status_code == 200
    return case


@pytest.fixture
async def case(api: Api) -> Case:
    return await _case(api)


@pytest.mark.parametrize("ending", ENDINGS)
async def test_A6_an_ended_session_is_refused_on_every_route_at_once(case: Case, ending: str) -> None:
    routes = guarded_routes(case.api.app)
    assert len(routes) > 20
    assert (await case.victim.get("/admin")).status_code == 200
    assert (await ENDINGS[ending](case)).is_success
    for method, path in routes:
        answer = await case.victim.request(method, _filled(path))
        assert code(answer) == (401, "session_ended"), (method, path)
        assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')


async def test_A6_a_lost_admin_role_is_refused_on_every_route_of_administrators(case: Case) -> None:
    routes = [route for route in guarded_routes(case.api.app) if route[1].startswith("/admin")]
    assert len(routes) > 8
    for role in ("user", "guest"):
        assert (await case.chief.patch(case.path, json={"role": role})).status_code == 200
        for method, path in routes:
            assert code(await case.victim.request(method, _filled(path))) == (403, "forbidden"), (method, path)
        # It ends no session, and it comes back as quickly.
        assert (await case.victim.get("/tasks")).status_code == 200
        assert (await case.chief.patch(case.path, json={"role": "admin"})).status_code == 200
        assert (await case.victim.get("/admin")).status_code == 200


async def test_A6_a_new_guest_changes_nothing_but_the_own_account(case: Case) -> None:
    routes = guarded_routes(case.api.app)
    writing = [(method, path) for method, path in routes if method != "GET" and path not in OWN_ACCOUNT]
    assert len(writing) > 12
    assert (await case.victim.post("/tasks", json={"title": "x"})).status_code == 201
    assert (await case.chief.patch(case.path, json={"role": "guest"})).status_code == 200
    for method, path in writing:
        assert code(await case.victim.request(method, _filled(path))) == (403, "forbidden"), (method, path)
    assert (await case.victim.patch("/me", json={"display_name": "Guest"})).status_code == 200
    assert (await case.chief.patch(case.path, json={"role": "user"})).status_code == 200
    assert (await case.victim.post("/tasks", json={"title": "x"})).status_code == 201


@pytest.fixture(params=["one cache each", "one cache for both"])
async def two(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Api, Api]]:
    """Yield two processes' worth of the application on one database, each with a cache of its own or with Redis."""
    shared = request.param == "one cache for both"
    if shared and not settings.redis_url:
        given = settings.model_copy(update={"redis_url": request.getfixturevalue("redis_url")})
    else:
        given = settings if shared else settings.model_copy(update={"redis_url": ""})
    async with AsyncExitStack() as stack:
        apps = [create_app(given) for _ in range(2)]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        first, second = [await stack.enter_async_context(Api(app)) for app in apps]
        yield first, second


async def _moved(client: Client, api: Api) -> Client:
    """Return the same person as seen by another process."""
    moved = await api.client(Authorization=client.headers["Authorization"])
    assert (await moved.get("/admin")).status_code == 200
    return moved


async def _seconds_until(client: httpx.AsyncClient, path: str, refusal: tuple[int, str]) -> float:
    begun = time.monotonic()
    while (answer := await client.get(path)).status_code == 200:
        assert time.monotonic() - begun < 10
        await asyncio.sleep(0.01)
    assert code(answer) == refusal
    elapsed = time.monotonic() - begun
    for _ in range(5):
        assert code(await client.get(path)) == refusal
    return elapsed


async def test_A6_another_process_hears_of_it_within_a_second(two: tuple[Api, Api]) -> None:
    first, second = two
    case = await _case(first)
    async with first.database.read() as session:
        untouched = {"active": True, "password_hash": await session.scalar(select(User.password_hash))}
    for name, ending in ENDINGS.items():
        case.victim = await first.sign_in("anna")
        case.other = await first.sign_in("anna")
        elsewhere = await _moved(case.victim, second)
        assert (await ending(case)).is_success, name
        assert await _seconds_until(elsewhere, "/admin", (401, "session_ended")) < SECONDS, name
        async with first.database.write() as session:
            await session.execute(update(User).where(User.id == case.victim.user_id).values(untouched))
    case.victim = await first.sign_in("anna")
    elsewhere = await _moved(case.victim, second)
    assert (await case.chief.patch(case.path, json={"role": "user"})).is_success
    assert await _seconds_until(elsewhere, "/admin", (403, "forbidden")) < SECONDS


async def test_A6_the_command_line_bites_in_a_running_server_within_a_second(settings: Settings) -> None:
    given: dict[str, Any] = {"database_url": settings.database_url, "redis_url": settings.redis_url}
    with app_server(settings.data_dir, **given) as server:
        await _demote_by_command(settings, server.url, given)


async def _demote_by_command(settings: Settings, url: str, given: dict[str, Any]) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        tokens = (await client.post("/login", json={"username": ADMIN, "password": PASSWORD})).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        assert (await client.post("/admin/users", json={"username": "second", "role": "admin"})).status_code == 201
        assert (await client.get("/admin")).status_code == 200
        # It stays in use meanwhile, so that the server's cache is warm.
        words = ("users", "set-role", ADMIN, "user")
        command = asyncio.create_task(asyncio.to_thread(taskmanager, settings.data_dir, *words, **given))
        while not command.done():
            answer = await client.get("/admin")
            assert answer.status_code in {200, 403}
            await asyncio.sleep(0.02)
        assert "user now" in await command
        assert await _seconds_until(client, "/admin", (403, "forbidden")) < SECONDS
