"""Refreshes that meet each other and sign-outs, in one process and in two."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from taskmanager.auth.models import Session
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from tests.auth.tokens import code, me, refresh, row_of, start_sessions
from tests.factories import PASSWORD, Api
from tests.servers import ADMIN, AppServer, app_server

PARALLEL = 100
ROUNDS = 2
# On SQLite writes take turns; fewer tries show the two orders that there are.
INTERLEAVINGS = {"sqlite": 100, "postgresql": 200}


@pytest.fixture
def servers(settings: Settings) -> Iterator[tuple[AppServer, AppServer]]:
    """Yield two processes on one database."""
    given: dict[str, Any] = {
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "log_level": "warning",
    }
    with contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(app_server(settings.data_dir, **given)) for _ in range(2))
        yield first, second
        assert [first.process.poll(), second.process.poll()] == [None, None], first.said()
        assert "Traceback" not in first.said()


async def _all_at_once(
    servers: tuple[AppServer, AppServer], token: str, headers: dict[str, str]
) -> list[httpx.Response]:
    """Present one token in 100 requests, half of them to each process."""
    limits = httpx.Limits(max_connections=PARALLEL)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        targets = [servers[number % 2].url for number in range(PARALLEL)]
        # Every connection is open before the first request leaves.
        await asyncio.gather(*(client.get(f"{url}/health/live") for url in targets))
        body = {"refresh_token": token}
        return await asyncio.gather(*(client.post(f"{url}/refresh", json=body, headers=headers) for url in targets))


async def test_R1_a_hundred_refreshes_at_once_have_one_winner(
    settings: Settings, servers: tuple[AppServer, AppServer]
) -> None:
    # No connection is kept: on a busy machine a round may take longer than servers wait for the next request.
    async with httpx.AsyncClient(limits=httpx.Limits(max_keepalive_connections=0)) as client:
        login = await client.post(f"{servers[0].url}/login", json={"username": ADMIN, "password": PASSWORD})
        token, session_id = login.json()["refresh_token"], login.json()["session_id"]

        # The first round also opens every connection to the database; the later ones meet each other there.
        answers = await _all_at_once(servers, token, {"Idempotency-Key": "one-for-all"})
        assert Counter(answer.status_code for answer in answers) == {200: PARALLEL}
        successors = {answer.json()["refresh_token"] for answer in answers}
        assert len(successors) == 1
        replays = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers)
        assert replays == {None: 1, "true": PARALLEL - 1}
        assert await _generation(settings, session_id) == 2
        token = successors.pop()

        for generation in range(3, 3 + ROUNDS):
            answers = await _all_at_once(servers, token, {})
            winners = [answer.json() for answer in answers if answer.status_code == 200]
            assert len(winners) == 1
            losers = Counter(code(answer) for answer in answers if answer.status_code != 200)
            assert losers == {(401, "refresh_token_used"): PARALLEL - 1}
            assert await _generation(settings, session_id) == generation
            token = winners[0]["refresh_token"]
            for server in servers:
                bearer = {"Authorization": f"Bearer {winners[0]['access_token']}"}
                assert (await client.get(f"{server.url}/me", headers=bearer)).status_code == 200


async def _generation(settings: Settings, session_id: str) -> int:
    database = open_database(settings)
    try:
        async with database.read() as session:
            return (await session.get_one(Session, session_id)).generation
    finally:
        await database.stop()


async def test_R5_a_sign_out_that_meets_a_refresh_leaves_no_live_token(api: Api, backend: str) -> None:
    grants = await start_sessions(api, await api.account("anna"), INTERLEAVINGS[backend])
    order = random.Random(5)  # noqa: S311 - which of two comes first, not a secret
    won: list[dict[str, Any]] = []
    refused: Counter[str] = Counter()

    async def interleave(token: str) -> None:
        async def sign_out() -> None:
            for _ in range(order.randrange(12)):
                await asyncio.sleep(0)
            answer = await api.anonymous.post("/logout", json={"refresh_token": token})
            assert answer.status_code == 204

        async def exchange() -> None:
            for _ in range(order.randrange(12)):
                await asyncio.sleep(0)
            answer = await refresh(api.anonymous, token)
            if answer.status_code == 200:
                won.append(answer.json())
            else:
                assert answer.status_code == 401
                refused[answer.json()["code"]] += 1

        halves = [sign_out(), exchange()]
        order.shuffle(halves)
        await asyncio.gather(*halves)

    lanes = asyncio.Semaphore(12)

    async def in_lane(token: str) -> None:
        async with lanes:
            await interleave(token)

    await asyncio.gather(*(in_lane(grant.refresh_token) for grant in grants))

    assert set(refused) == {"session_ended"}
    # Both orders came about, else the test shows nothing.
    assert len(won) > len(grants) / 20
    assert refused["session_ended"] > len(grants) / 20
    async with api.database.read() as session:
        assert await session.scalar(select(func.count()).where(Session.revoked_at.is_(None))) == 0
    for tokens in won[::5]:
        assert code(await me(api.anonymous, tokens["access_token"])) == (401, "session_ended")
        assert code(await refresh(api.anonymous, tokens["refresh_token"])) == (401, "session_ended")
    for grant in grants[::20]:
        assert code(await me(api.anonymous, grant.access_token)) == (401, "session_ended")


async def test_a_refresh_that_meets_a_password_change_leaves_no_foreign_token(api: Api) -> None:
    own = await api.user("anna")
    grants = await start_sessions(api, own.user_id, 20)
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    outcomes = await asyncio.gather(
        *(refresh(api.anonymous, grant.refresh_token) for grant in grants[:10]),
        own.post("/me/password", json=body),
        *(refresh(api.anonymous, grant.refresh_token) for grant in grants[10:]),
    )
    assert outcomes[10].status_code == 204
    for answer in outcomes:
        if answer.status_code == 200:
            assert code(await refresh(api.anonymous, answer.json()["refresh_token"])) == (401, "session_ended")
            assert code(await me(api.anonymous, answer.json()["access_token"])) == (401, "session_ended")
    assert (await own.get("/me")).status_code == 200
    assert (await row_of(api, own.session_id)).revoked_at is None
