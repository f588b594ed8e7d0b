"""Limits other than those of signing in: what is counted, what is told, and whom they never hit."""

import dataclasses
import re
from collections import Counter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from taskmanager.auth import limited, quotas
from taskmanager.auth.models import AuditEvent
from taskmanager.kit import redis_cache
from taskmanager.kit.settings import Settings
from taskmanager.kit.throttle import Bucket, Limit, Throttle
from taskmanager.main import create_app
from tests.auth.tokens import code
from tests.factories import BASE_URL, PASSWORD, Api, Client

CSV: Any = {"content": b"title\nFrom a file\n", "headers": {"Content-Type": "text/csv"}, "params": {"dry_run": "true"}}
LEFT = re.compile(r'"(?P<name>[a-z-]+)";r=(?P<left>\d+);t=(?P<time>\d+)')


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 5.0)
    return settings.model_copy(update={"rate_limits": True, "registration": "open"})


async def fill(api: Api, limit: Limit, of: str) -> None:
    throttle: Throttle = api.app.state.throttle
    while not (await throttle.take(Bucket(limit, of)))[-1].wait:
        pass


async def told(api: Api) -> list[tuple[str | None, dict[str, Any]]]:
    async with api.database.read() as session:
        limits = select(AuditEvent).where(AuditEvent.event == "excess_rate_limit_exceeded").order_by(AuditEvent.id)
        return [(one.subject_id, one.detail) for one in (await session.execute(limits)).scalars()]


def refused(answer: httpx.Response, limit: Limit) -> None:
    assert code(answer) == (429, "too_many_requests")
    assert answer.headers["Content-Type"] == "application/problem+json"
    match = LEFT.fullmatch(answer.headers["RateLimit"])
    assert match is not None
    assert (match["name"], match["left"]) == (limit.name, "0")
    # draft-ietf-httpapi-ratelimit-headers, 6: not earlier than the end of the window that is told.
    assert int(answer.headers["Retry-After"]) >= int(match["time"]) >= 1


@pytest.mark.parametrize(
    ("method", "path", "limit"), [("POST", "/import", quotas.IMPORTS), ("GET", "/export", quotas.EXPORTS)]
)
async def test_work_that_takes_long_is_limited_by_account(api: Api, method: str, path: str, limit: Limit) -> None:
    anna, berta = await api.user("anna"), await api.user("berta")
    more = CSV if method == "POST" else {}
    for left in (1, 2):
        answer = await anna.request(method, path, **more)
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == f'"{limit.name}";q=30;w=600'
        assert answer.headers["RateLimit"].startswith(f'"{limit.name}";r={limit.quota - left};t=')
    await fill(api, limit, anna.user_id)
    for _ in range(3):
        refused(await anna.request(method, path, **more), limit)
    assert (await berta.request(method, path, **more)).status_code == 200
    assert (await anna.get("/tasks")).status_code == 200
    # The first refusal was that of the test's own taking.
    assert await told(api) == []


async def test_the_trail_tells_once_of_a_full_bucket(api: Api) -> None:
    anna = await api.user("anna")
    for _ in range(quotas.EXPORTS.quota + 5):
        await anna.get("/export")
    assert await told(api) == [(anna.user_id, {"limit": "export"})]


async def test_searches_of_administrators_are_limited_generously(api: Api) -> None:
    admin = await api.user("chief", "admin")
    answer = await admin.get("/admin/users", params={"search": "a"})
    assert answer.headers["RateLimit"].startswith('"search";r=299;')
    # A refusal for another reason is told as well what is left.
    assert "RateLimit" in (await admin.get("/admin/users", params={"cursor": "x"})).headers


async def test_searches_for_tasks_are_limited_and_other_lists_are_not(api: Api) -> None:
    anna = await api.user("anna")
    for left, query in ((299, {"q": "milk"}), (298, {"filter": "today"})):
        assert (await anna.get("/tasks", params=query)).headers["RateLimit"].startswith(f'"search";r={left};')
    await fill(api, quotas.SEARCHES, anna.user_id)
    refused(await anna.get("/tasks", params={"q": "milk"}), quotas.SEARCHES)
    plain = await anna.get("/tasks", params={"status": "todo"})
    assert (plain.status_code, "RateLimit" in plain.headers) == (200, False)


@pytest.mark.parametrize("path", ["/setup", "/register", "/reset"])
async def test_guessing_links_is_limited_by_address(api: Api, path: str) -> None:
    named = {"username": "somebody", "password": PASSWORD}
    bodies: dict[str, Any] = {
        "/setup": {"setup_token": "x", **named},
        "/register": {"invitation": "x", **named},
        "/reset": {"reset_token": "x", "password": PASSWORD},
    }
    elsewhere = httpx.AsyncClient(transport=httpx.ASGITransport(api.app, client=("192.0.2.1", 1)), base_url=BASE_URL)
    async with elsewhere:
        counted = Counter([(await elsewhere.post(path, json=bodies[path])).status_code for _ in range(70)])
        assert counted[403] >= quotas.ENTRANCE.quota
        assert set(counted) == {403, 429}
        await fill(api, quotas.ENTRANCE, "192.0.2.1")
        refused(await elsewhere.post(path, json=bodies[path]), quotas.ENTRANCE)
    assert code(await api.anonymous.post(path, json=bodies[path])) == (403, "invalid_link")


async def test_forged_refresh_tokens_are_limited_and_genuine_ones_never(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = dataclasses.replace(quotas.FORGED_REFRESHES, quota=3, leak=1000)
    monkeypatch.setattr(limited, "FORGED_REFRESHES", few)
    anna = await api.user("anna")
    token = anna.refresh_token
    forged = [token[:-9] + "x" + token[-8:], "tmr_x", token[:40] + "A" * 40]
    for text in forged:
        assert code(await api.anonymous.post("/refresh", json={"refresh_token": text})) == (
            401,
            "invalid_refresh_token",
        )
    for text in forged:
        refused(await api.anonymous.post("/refresh", json={"refresh_token": text}), few)
    assert await told(api) == [(None, {"limit": few.name})]
    for _ in range(5):
        answer = await api.anonymous.post("/refresh", json={"refresh_token": token})
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers
        token = answer.json()["refresh_token"]
    # What is no longer good, but was made here, is no forgery either.
    used = await api.anonymous.post("/refresh", json={"refresh_token": anna.refresh_token})
    assert code(used) == (401, "refresh_token_reused")


async def change(client: Client, current: str, new: str = "another long password") -> httpx.Response:
    return await client.post("/me/password", json={"current_password": current, "new_password": new})


async def test_the_current_password_is_not_guessed_from_an_open_session(api: Api) -> None:
    anna, berta = await api.user("anna"), await api.user("berta")
    quota = quotas.PASSWORD_CHECKS.quota
    for _ in range(2):
        for _ in range(quota - 1):
            assert code(await change(anna, "a wrong password")) == (403, "wrong_password")
            # A new password that is refused says nothing of the current one.
            assert (await change(anna, PASSWORD, "short")).status_code == 422
        assert (await change(anna, PASSWORD)).status_code == 204
        assert (await change(anna, "another long password", PASSWORD)).status_code == 204
    for _ in range(quota):
        assert code(await change(anna, "a wrong password")) == (403, "wrong_password")
    for guess in ("a wrong password", PASSWORD):
        refused(await change(anna, guess), quotas.PASSWORD_CHECKS)
    assert await told(api) == [(anna.user_id, {"limit": "password"})]
    assert (await change(berta, PASSWORD)).status_code == 204
    # Another session of the account is no way around it, and nothing else is.
    again = await api.sign_in("anna")
    refused(await change(again, PASSWORD), quotas.PASSWORD_CHECKS)
    assert (await again.get("/me")).status_code == 200


async def test_a_general_limit_of_an_account(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    few = dataclasses.replace(quotas.ACCOUNT, quota=8, leak=1000)
    monkeypatch.setattr(quotas, "ACCOUNT", few)
    anna, berta = await api.user("anna"), await api.user("berta")
    answers = [await anna.get("/tasks") for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 8 + [429] * 2
    refused(answers[-1], few)
    # It is told only when little is left.
    assert [("RateLimit" in answer.headers) for answer in answers] == [False] * 6 + [True] * 4
    refused(await (await api.enter(anna.user_id)).get("/me"), few)
    assert (await berta.get("/tasks")).status_code == 200


async def test_a_general_limit_of_an_address(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    few = dataclasses.replace(quotas.ADDRESS, quota=8, leak=1000)
    monkeypatch.setattr(quotas, "ADDRESS", few)
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        answers = [await _health(app, f"2001:db8:1:2::{number}") for number in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 8 + [429] * 2
        refused(answers[-1], few)
        assert answers[-1].headers["X-Content-Type-Options"] == "nosniff"
        assert (await _health(app, "2001:db8:1:3::1")).status_code == 200
        # Loopback is this machine, or a proxy that nobody named.
        for _ in range(20):
            assert (await api.anonymous.get("/health/live")).status_code == 200


async def _health(app: FastAPI, address: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        return await client.get("/health/live")


async def test_limits_can_be_off(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"rate_limits": False}))
    async with app.router.lifespan_context(app), Api(app) as api:
        await api.account("anna")
        body = {"username": "anna", "password": "a wrong password"}
        for _ in range(quotas.SIGN_IN_PAIR.quota + 3):
            answer = await api.anonymous.post("/login", json=body)
            assert code(answer) == (401, "invalid_credentials")
            assert "RateLimit" not in answer.headers


async def test_every_route_documents_its_429(app: FastAPI) -> None:
    for methods in app.openapi()["paths"].values():
        for operation in methods.values():
            described = operation["responses"]["429"]
            assert set(described["headers"]) == {"Retry-After", "RateLimit", "RateLimit-Policy"}
