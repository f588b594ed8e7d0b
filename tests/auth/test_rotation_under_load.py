"""Keys that rotate while two processes serve: nobody notices."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from taskmanager.kit.settings import Settings
from tests.factories import PASSWORD
from tests.servers import ADMIN, AppServer, app_server

SECONDS = 6
CLIENTS = 4


@pytest.fixture
def servers(settings: Settings) -> Iterator[list[AppServer]]:
    """Yield two processes on one database."""
    given: dict[str, Any] = {
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "log_level": "warning",
        "jwt_algorithm": "ES256",
    }
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(app_server(settings.data_dir, **given)) for _ in range(2)]


async def test_A11_rotation_under_load_on_two_processes_fails_no_request(servers: list[AppServer]) -> None:
    statuses: Counter[tuple[str, int]] = Counter()
    signers: set[str] = set()
    active: set[str] = set()
    stop = asyncio.Event()
    async with httpx.AsyncClient(timeout=30) as client:

        async def ask(method: str, server: AppServer, path: str, **options: Any) -> httpx.Response:
            answer = await client.request(method, f"{server.url}{path}", **options)
            statuses[path, answer.status_code] += 1
            return answer

        async def sign_in(server: AppServer) -> dict[str, Any]:
            body = {"username": ADMIN, "password": PASSWORD}
            tokens: dict[str, Any] = (await ask("POST", server, "/login", json=body)).json()
            return tokens

        async def use(tokens: dict[str, Any], number: int) -> None:
            """Refresh at one process, and show what it gave to the other and to itself."""
            oldest = _bearer(tokens)
            turns = itertools.cycle(servers if number % 2 else servers[::-1])
            while not stop.is_set():
                one, other = next(turns), next(turns)
                next(turns)
                answer = await ask("POST", one, "/refresh", json={"refresh_token": tokens["refresh_token"]})
                tokens = answer.json()
                signers.add(tokens["access_token"].partition(".")[0])
                for server, bearer in ((other, _bearer(tokens)), (one, _bearer(tokens)), (other, oldest)):
                    await ask("GET", server, "/me", headers=bearer)

        async def rotate(tokens: dict[str, Any]) -> None:
            """Rotate all the time, at one process and the other."""
            ends = time.monotonic() + SECONDS
            for server in itertools.cycle(servers):
                answer = await ask("POST", server, "/admin/keys/rotate", json={}, headers=_bearer(tokens))
                active.update(key["kid"] for key in answer.json()["items"] if key["state"] == "active")
                await asyncio.sleep(0.2)
                if time.monotonic() > ends:
                    break
            stop.set()

        sessions = [await sign_in(server) for server in (*servers, *servers)[:CLIENTS]]
        await asyncio.gather(
            rotate(await sign_in(servers[0])), *(use(tokens, number) for number, tokens in enumerate(sessions))
        )
    print(f"{len(active)} keys, {statuses}")
    assert {status for _, status in statuses} == {200}
    assert len(active) > 2
    assert len(signers) > 2
    assert sum(statuses.values()) > 100
    for server in servers:
        assert "Traceback" not in server.said()


def _bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_an_emergency_at_one_process_bites_at_the_other_within_two_seconds(servers: list[AppServer]) -> None:
    one, other = servers
    async with httpx.AsyncClient(timeout=30) as client:
        body = {"username": ADMIN, "password": PASSWORD}
        tokens = (await client.post(f"{one.url}/login", json=body)).json()
        assert (await client.get(f"{other.url}/me", headers=_bearer(tokens))).status_code == 200
        answer = await client.post(f"{one.url}/admin/keys/rotate", json={"emergency": True}, headers=_bearer(tokens))
        assert answer.status_code == 200
        assert (await client.get(f"{one.url}/me", headers=_bearer(tokens))).status_code == 401
        await asyncio.sleep(2)
        assert (await client.get(f"{other.url}/me", headers=_bearer(tokens))).status_code == 401
        refreshed = (await client.post(f"{other.url}/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
        for server in servers:
            assert (await client.get(f"{server.url}/me", headers=_bearer(refreshed))).status_code == 200
