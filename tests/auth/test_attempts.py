"""L1 and L6: guessing gets slower and slower, for names that exist and for those that do not, and owners get in."""

import asyncio
import dataclasses
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from taskmanager.auth import attempts, quotas
from taskmanager.auth.models import AuditEvent, Session, User
from taskmanager.kit import clock, redis_cache
from taskmanager.kit.http.client import network_of
from taskmanager.kit.settings import Settings
from taskmanager.kit.throttle import Bucket, Throttle
from tests.auth.tokens import code
from tests.factories import BASE_URL, PASSWORD, Api

WRONG = "a wrong password"
HOME, ELSEWHERE = "203.0.113.9", "198.51.100.7"
FREE = quotas.SIGN_IN_PAIR.quota


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    # A busy machine's Redis is waited for; an outage is a test of its own.
    monkeypatch.setattr(redis_cache, "TIMEOUT_SECONDS", 5.0)
    return settings.model_copy(update={"rate_limits": True})


@pytest.fixture
async def outsiders() -> AsyncIterator[list[httpx.AsyncClient]]:
    """Yield a list of clients to close in the end."""
    opened: list[httpx.AsyncClient] = []
    yield opened
    for client in opened:
        await client.aclose()


class Door:
    """Signs in from any address."""

    def __init__(self, api: Api, opened: list[httpx.AsyncClient]) -> None:
        self.api = api
        self._opened = opened
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def knock(self, name: str, password: str = WRONG, address: str = ELSEWHERE, **more: Any) -> httpx.Response:
        if address not in self._clients:
            transport = httpx.ASGITransport(self.api.app, client=(address, 50_000))
            self._clients[address] = httpx.AsyncClient(transport=transport, base_url=BASE_URL)
            self._opened.append(self._clients[address])
        body = {"username": name, "password": password, **more}
        return await self._clients[address].post("/login", json=body)

    async def statuses(self, count: int, name: str, password: str = WRONG, address: str = ELSEWHERE) -> Counter[int]:
        return Counter([(await self.knock(name, password, address)).status_code for _ in range(count)])

    async def fill(self, bucket: Bucket) -> None:
        """Fill a bucket as guesses from many addresses would."""
        throttle: Throttle = self.api.app.state.throttle
        for _ in range(10_000):
            if (await throttle.take(bucket))[-1].wait:
                return
        pytest.fail("the bucket has no bottom")

    async def told(self, event: str) -> list[AuditEvent]:
        async with self.api.database.read() as session:
            found = await session.execute(select(AuditEvent).where(AuditEvent.event == event).order_by(AuditEvent.id))
            return list(found.scalars())


@pytest.fixture
async def door(api: Api, outsiders: list[httpx.AsyncClient]) -> Door:
    await api.account("anna")
    return Door(api, outsiders)


async def test_L1_a_throttled_try_is_429_before_any_hashing(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await door.statuses(FREE, "anna") == {401: FREE}

    def hashed(*_: Any) -> Any:
        pytest.fail("a password was hashed")

    monkeypatch.setattr(door.api.app.state.auth.passwords, "_run", hashed)
    for password in (WRONG, PASSWORD):
        answer = await door.knock("anna", password)
        assert code(answer) == (429, "too_many_attempts")
        wait = int(answer.headers["Retry-After"])
        assert 1 <= wait <= quotas.SIGN_IN_PAIR.first_wait
        assert answer.headers["RateLimit-Policy"] == '"sign-in-pair";q=5;w=4500'
        assert answer.headers["RateLimit"] == f'"sign-in-pair";r=0;t={wait}'
        assert answer.headers["Cache-Control"] == "no-store"
        assert "set-cookie" not in answer.headers


async def test_L1_a_throttled_try_is_the_same_for_existing_and_unknown_names(door: Door) -> None:
    async with door.api.database.write() as session:
        values = {"email": "anna@example.org", "email_key": "anna@example.org", "email_verified_at": clock.now()}
        await session.execute(update(User).values(values))
    await door.api.account("disabled")
    async with door.api.database.write() as session:
        await session.execute(update(User).where(User.username == "disabled").values(active=False))
    names = ("anna", "nobody", "disabled", "anna@example.org", "nobody@example.org", "ANNA ", "No Such Name!")
    shown = []
    for number, name in enumerate(names):
        address = f"198.51.100.{number}"
        answers = [await door.knock(name, WRONG, address) for _ in range(FREE + 3)]
        assert [answer.status_code for answer in answers] == [401] * FREE + [429] * 3
        bodies = [{**answer.json(), "request_id": ""} for answer in answers]
        volatile = {"x-request-id", "retry-after", "ratelimit"}
        headers = [sorted((k, v) for k, v in answer.headers.items() if k not in volatile) for answer in answers]
        names_of_headers = [sorted(answer.headers) for answer in answers]
        shown.append((bodies, headers, names_of_headers))
    assert all(one == shown[0] for one in shown)


async def test_L6_wrong_tries_wait_longer_and_longer_up_to_a_quarter_of_an_hour(door: Door) -> None:
    pair, throttle = Bucket(quotas.SIGN_IN_PAIR, f"anna\n{ELSEWHERE}"), door.api.app.state.throttle
    waits = []
    for _ in range(FREE + 12):
        assert (await door.knock("anna")).status_code in {401, 429}
        # As if the wait were over: what was counted stays.
        waits.append(await _open(throttle, pair))
    expected = [0] * (FREE - 1) + [4, 8, 16, 32, 64, 128, 256, 512] + [900] * 5
    # Each is looked at a little later than it began: on a busy machine a second or two.
    assert all(whole - 3 < wait <= whole for wait, whole in zip(waits, expected, strict=True)), waits


async def _open(throttle: Throttle, bucket: Bucket) -> float:
    """End a bucket's wait; return how long it was."""
    if throttle._shared is None:
        state = throttle._local._states[bucket.limit.name][bucket.of]
        wait, state.closed_until = max(0.0, state.closed_until - time.monotonic()), 0.0
        return wait
    (key,) = throttle._keys((bucket,))
    shared = throttle._shared
    seconds, micros = await shared.run(lambda redis: redis.time())
    closed = float(await shared.run(lambda redis: redis.hget(key, "closed")) or 0) / 1000
    await shared.run(lambda redis: redis.hset(key, "closed", "0"))
    return float(max(0.0, closed - seconds - micros / 1e6))


async def test_L6_the_right_password_forgets_the_wrong_ones_of_the_pair(door: Door) -> None:
    for _ in range(3):
        assert await door.statuses(FREE - 1, "anna") == {401: FREE - 1}
        assert (await door.knock("anna", PASSWORD)).status_code == 200
    # The address and the account remember them.
    assert await _left(door, Bucket(quotas.SIGN_IN_ADDRESS, ELSEWHERE)) == quotas.SIGN_IN_ADDRESS.quota - 12
    assert await _left(door, Bucket(quotas.SIGN_IN_ACCOUNT, "anna")) == quotas.SIGN_IN_ACCOUNT.quota - 12
    assert await _left(door, Bucket(quotas.SIGN_IN_ALL)) > quotas.SIGN_IN_ALL.quota - 15


async def _left(door: Door, bucket: Bucket) -> int:
    throttle: Throttle = door.api.app.state.throttle
    verdict = (await throttle.take(bucket))[0]
    await throttle.give_back(bucket)
    return verdict.remaining + 1


async def test_L6_signing_in_rightly_is_never_throttled(door: Door) -> None:
    assert await door.statuses(2 * quotas.SIGN_IN_ADDRESS.quota, "anna", PASSWORD) == {200: 60}
    # Nor does a server that was too busy to look count as a wrong guess.
    passwords = door.api.app.state.auth.passwords
    room, passwords._room = passwords._room, 0
    assert await door.statuses(20, "anna", PASSWORD) == {503: 20}
    passwords._room = room
    assert await door.statuses(FREE, "anna", WRONG) == {401: FREE}


async def test_L6_tries_of_one_address_at_many_names(door: Door) -> None:
    quota = quotas.SIGN_IN_ADDRESS.quota
    for number in range(quota):
        assert (await door.knock(f"name{number}")).status_code == 401
    answer = await door.knock("anna", PASSWORD)
    assert code(answer) == (429, "too_many_attempts")
    assert '"sign-in-address"' in answer.headers["RateLimit"]
    assert (await door.knock("anna", PASSWORD, HOME)).status_code == 200


async def test_L6_an_ipv6_site_counts_as_one_address(door: Door) -> None:
    for number in range(FREE):
        assert (await door.knock("anna", WRONG, f"2001:db8:1:2::{number}")).status_code == 401
    assert (await door.knock("anna", WRONG, "2001:db8:1:2:ffff::9")).status_code == 429
    assert (await door.knock("anna", WRONG, "2001:db8:1:3::9")).status_code == 401
    assert (await door.knock("anna", WRONG, f"::ffff:{ELSEWHERE}")).status_code == 401
    assert await door.statuses(FREE, "anna", WRONG, ELSEWHERE) == {401: FREE - 1, 429: 1}


async def test_L6_a_crowd_of_tries_at_once_is_counted_as_one_after_the_other(door: Door) -> None:
    answers = await asyncio.gather(*(door.knock("anna") for _ in range(40)))
    assert Counter(answer.status_code for answer in answers) == {401: FREE, 429: 40 - FREE}


async def test_L6_a_thousand_failed_tries_of_outsiders_do_not_lock_out_the_owner(door: Door) -> None:
    assert (await door.knock("anna", PASSWORD, HOME)).status_code == 200
    counted: Counter[int] = Counter()
    for number in range(1000):
        counted[(await door.knock("anna", WRONG, f"198.51.{number % 4}.{number % 250}")).status_code] += 1
    assert counted[401] < 2 * quotas.SIGN_IN_ACCOUNT.quota
    assert counted[401] + counted[429] == 1000
    # From where the owner has been, nothing of it is felt; not from elsewhere, where the outsiders might be.
    assert await door.statuses(3, "anna", PASSWORD, HOME) == {200: 3}
    assert (await door.knock("anna", PASSWORD, "192.0.2.77")).status_code == 429


async def test_L6_many_addresses_at_many_names_do_not_lock_out_owners(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same limit, but it does not leak while the test looks.
    limit = dataclasses.replace(quotas.SIGN_IN_ALL, leak=1000)
    monkeypatch.setattr(attempts, "SIGN_IN_ALL", limit)
    monkeypatch.setattr(attempts, "_SHUT_BY_STRANGERS", (limit,))
    assert (await door.knock("anna", PASSWORD, HOME)).status_code == 200
    await door.fill(Bucket(limit))
    assert await door.statuses(3, "anna", PASSWORD, HOME) == {200: 3}
    for address in (ELSEWHERE, "192.0.2.78"):
        answer = await door.knock("anna", PASSWORD, address)
        assert code(answer) == (429, "too_many_attempts")
        assert '"sign-in-all"' in answer.headers["RateLimit"]


async def test_L6_a_known_address_may_not_guess_either(door: Door) -> None:
    assert (await door.knock("anna", PASSWORD, HOME)).status_code == 200
    await door.fill(Bucket(quotas.SIGN_IN_ACCOUNT, "anna"))
    assert await door.statuses(FREE + 5, "anna", WRONG, HOME) == {401: FREE, 429: 5}
    answer = await door.knock("anna", PASSWORD, HOME)
    assert '"sign-in-pair"' in answer.headers["RateLimit"]


async def test_L6_an_address_is_known_to_one_account_for_30_days(door: Door) -> None:
    await door.api.account("berta")
    for address in (HOME, "2001:db8:1:2::5"):
        assert (await door.knock("anna", PASSWORD, address)).status_code == 200
    for name in ("anna", "berta", "nobody"):
        await door.fill(Bucket(quotas.SIGN_IN_ACCOUNT, name))
    assert (await door.knock("anna", WRONG, HOME)).status_code == 401
    assert (await door.knock("ANNA", WRONG, "2001:db8:1:2:9::")).status_code == 401
    for name, address in (("anna", "2001:db8:1:3::5"), ("berta", HOME), ("nobody", HOME)):
        assert (await door.knock(name, WRONG, address)).status_code == 429
    # A session that ended was a sign-in too; one of long ago is forgotten.
    async with door.api.database.write() as session:
        await session.execute(update(Session).values(revoked_at=clock.now()))
    assert (await door.knock("anna", WRONG, HOME)).status_code == 401
    async with door.api.database.write() as session:
        await session.execute(update(Session).values(created_at=clock.now() - timedelta(days=31)))
    assert (await door.knock("anna", WRONG, HOME)).status_code == 429


async def test_L6_the_trail_tells_once_of_a_bucket(door: Door) -> None:
    await door.statuses(FREE + 10, "anna")
    await door.statuses(FREE + 10, "nobody")
    async with door.api.database.read() as session:
        user_id = await session.scalar(select(User.id).where(User.username == "anna"))
    told = await door.told("authn_login_fail_max")
    assert [(one.subject_id, one.outcome, one.ip, one.detail) for one in told] == [
        (user_id, "failure", ELSEWHERE, {"limit": "sign-in-pair"}),
        (None, "failure", ELSEWHERE, {"limit": "sign-in-pair"}),
    ]


async def test_L6_clients_of_a_proxy_that_is_not_named_are_one_and_the_log_says_so(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    client = await door.api.client(**{"X-Forwarded-For": HOME})
    body = {"username": "anna", "password": WRONG}
    for _ in range(FREE + 3):
        await client.post("/login", json=body)
    assert caplog.text.count("TASKMANAGER_TRUSTED_PROXIES") == 1
    assert network_of(HOME) not in caplog.text
