"""Tokens seen before: the signature is not checked again, and everything else is."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from redis.asyncio import Redis

from taskmanager.auth import token_checks
from taskmanager.auth.access_tokens import LEEWAY_SECONDS, AccessTokens
from taskmanager.auth.keys import Key
from taskmanager.auth.ring import KeyRing
from taskmanager.auth.snapshots import LIFE_SECONDS
from taskmanager.kit import clock
from taskmanager.kit.seals import Seals
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.dumps import redis_dump
from tests.auth.tokens import Forger, auth_of, code, me, refuses, signed
from tests.factories import Api, Client
from tests.services import Server, own_valkey

HEADER_BYTES = 48
"""What a seal puts before the content."""


def place_of(token: str) -> str:
    return token_checks.PACKING.place(hashlib.sha256(token.encode()).hexdigest())


def _client(url: str) -> Any:
    return Redis.from_url(url)


@pytest.fixture
def valkey() -> Iterator[Server]:
    """Yield a server whose statistics are of one test alone."""
    with own_valkey() as server:
        yield server


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the tokens whose signature is checked from now on."""
    seen: list[str] = []
    verify = AccessTokens.verify

    def watched(self: AccessTokens, token: str) -> Any:
        seen.append(token)
        return verify(self, token)

    monkeypatch.setattr(AccessTokens, "verify", watched)
    return seen


def forget(api: Api) -> None:
    """Let the process be one that has seen no token yet, as any other one is."""
    api.app.state.auth.checks._remembered.clear()


async def remembered(api: Api, token: str) -> bytes:
    """Use a token until its record is in the cache; return it."""
    for _ in range(100):
        forget(api)
        assert (await me(api.anonymous, token)).status_code == 200
        (record,) = await api.app.state.cache.get(place_of(token))
        if record is not None:
            return bytes(record)
        await asyncio.sleep(0.02)  # a machine at its limit may leave a slow cache alone
    raise AssertionError("the cache is not used")


async def test_a_token_seen_before_costs_a_look_up(api: Api, forger: Forger, checked: list[str]) -> None:
    token, other = forger.token(), forger.token(gen=2)
    await remembered(api, token)
    checked.clear()
    for number in range(5):
        if number > 2:
            forget(api)
        assert (await me(api.anonymous, token)).status_code == 200
    assert len(checked) <= 1  # a cache that was left alone for a moment
    await remembered(api, other)
    assert other in checked


async def test_the_record_holds_no_token_and_ends_with_it(api: Api, forger: Forger) -> None:
    token = forger.token(exp=forger.claims["iat"] + 300)
    record = await remembered(api, token)
    claims = forger.claims
    expected = [claims["sub"], claims["sid"], claims["auth_time"], "taskmanager", forger.header["kid"], claims["iat"]]
    assert json.loads(record) == [*expected, claims["iat"] + 300]
    if api.app.state.settings.redis_url:
        api.app.state.cache.drop(place_of(token))
        async with _client(api.app.state.settings.redis_url) as redis:
            for _ in range(100):
                if await redis.exists(place_of(token)):
                    break
                await remembered(api, token)
                await asyncio.sleep(0.05)
            assert 0 < await redis.pttl(place_of(token)) <= 300_000
            held = await redis_dump(api.app.state.settings.redis_url)
            assert all(part.encode() not in held for part in token.split("."))


async def test_every_other_spelling_of_a_known_token_is_checked(api: Api, forger: Forger, checked: list[str]) -> None:
    token = forger.token()
    await remembered(api, token)
    head, payload, signature = token.split(".")
    others = [
        f"{head}.{payload}.{signature[:-1]}{'A' if signature[-1] != 'A' else 'E'}",
        f"{head}.{payload}.", f"{head}.{payload}", f"{head}.{payload}.{signature}.", f"{token}=", f"{token}\t",
        signed(forger.header, forger.claims, b"x" * 32), f"{head}..{signature}", f"A{token}",
    ]  # fmt: skip
    await refuses(api, *others)
    assert token not in checked[checked.index(others[0]) :]


async def test_the_times_of_a_known_token_are_checked_each_time(api: Api, forger: Forger) -> None:
    now = clock.now()
    token = forger.token(exp=int(now.timestamp()) + 60)
    await remembered(api, token)
    with time_machine.travel(now, tick=False) as traveller:
        for shift, right in ((0, True), (59, True), (60 + LEEWAY_SECONDS + 1, False), (3600, False), (-3600, False)):
            traveller.move_to(now.timestamp() + shift)
            answer = await me(api.anonymous, token)
            assert answer.status_code == (200 if right else 401), shift
            if not right:
                assert code(answer) == (401, "invalid_token")


async def test_a_key_that_leaves_the_ring_takes_its_tokens_along_at_once(
    api: Api, forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = forger.token()
    await remembered(api, token)
    old = auth_of(api).ring.active
    new = Key("another", old.algorithm, b"y" * 32, b"y" * 32, None)
    access, ring = auth_of(api).access, KeyRing()
    monkeypatch.setattr(access, "_ring", ring)
    # Both are in the ring during a rotation in good order; after an emergency only the new one is.
    ring.replace([old, new], new)
    assert (await me(api.anonymous, token)).status_code == 200
    ring.replace([new], new)
    for _ in range(3):
        assert code(await me(api.anonymous, token)) == (401, "invalid_token")
    monkeypatch.undo()
    # Another name for the instance refuses what the former one issued.
    monkeypatch.setattr(access, "_issuer", "somebody else")
    assert code(await me(api.anonymous, token)) == (401, "invalid_token")


async def test_a_forged_record_opens_nothing(settings: Settings, redis_url: str) -> None:
    app = create_app(settings.model_copy(update={"redis_url": redis_url}))
    async with app.router.lifespan_context(app), Api(app) as api, _client(redis_url) as redis:
        client = await api.user("anna")
        forger = Forger(api, client.user_id, client.session_id)
        good, bad = forger.token(), signed(forger.header, forger.claims, b"z" * 32)
        record = await remembered(api, good)
        kept = await redis.get(place_of(good))
        strangers = Seals(bytes(32))
        forgeries = [
            kept,  # in another token's place
            record,
            bytes(HEADER_BYTES) + record,
            kept[:HEADER_BYTES] + record.replace(b"taskmanager", b"taskmanageR"),
            strangers.close(place_of(bad), record, 60),
            b"",
            b"[]",
        ]
        for forged in forgeries:
            await redis.set(place_of(bad), forged)
            forget(api)
            assert code(await me(api.anonymous, bad)) == (401, "invalid_token")
            # A genuine token is not harmed by what lies in its place.
            await redis.set(place_of(good), forged if forged != kept else b"x")
            forget(api)
            assert (await me(api.anonymous, good)).status_code == 200


async def test_the_session_of_a_known_token_is_checked_each_time(api: Api, client: Client) -> None:
    await remembered(api, client.access_token)
    assert (await client.post("/logout")).status_code == 204
    for _ in range(3):
        assert code(await client.get("/me")) == (401, "session_ended")
    assert LIFE_SECONDS <= 30


@pytest.fixture
async def client(api: Api) -> Client:
    return await api.user("ben")


async def test_token_and_session_take_one_round_trip_and_then_none(settings: Settings, valkey: Server) -> None:
    app = create_app(settings.model_copy(update={"redis_url": valkey.url}))
    async with app.router.lifespan_context(app), Api(app) as api, _client(valkey.url) as redis:
        client = await api.user("anna")
        await remembered(api, client.access_token)
        before = await redis.info("commandstats")
        for _ in range(10):
            forget(api)
            for _ in range(3):
                assert (await client.get("/me")).status_code == 200
        after = await redis.info("commandstats")
        calls = {
            name.removeprefix("cmdstat_"): after[name]["calls"] - before.get(name, {"calls": 0})["calls"]
            for name in after
        }
        assert calls["mget"] == 10
        assert calls.get("get", 0) == 0
