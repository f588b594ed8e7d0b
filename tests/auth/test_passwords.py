"""Passwords: how they are kept, what a new one must be, and what a crowd of sign-ins gets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import nacl.pwhash.argon2id
import pytest
from sqlalchemy import select, update

from taskmanager.auth import passwords
from taskmanager.auth.models import User
from taskmanager.auth.passwords import Passwords
from taskmanager.kit.errors import UnavailableError
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import code
from tests.factories import PASSWORD, Api

pytestmark = pytest.mark.real_hashes

KIB = 1024


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Passwords]:
    pool = Passwords(Settings(data_dir=tmp_path, hash_workers=1, hash_queue=3))
    yield pool
    pool.stop()


async def stored_hash(api: Api) -> str:
    async with api.database.read() as session:
        found: str | None = await session.scalar(select(User.password_hash))
    assert found is not None
    return found


async def store_hash(api: Api, value: str) -> None:
    async with api.database.write() as session:
        await session.execute(update(User).values(password_hash=value))


async def test_L2_hashes_are_argon2id_with_the_least_parameters(pool: Passwords) -> None:
    first, second = await pool.hash(PASSWORD), await pool.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert await pool.check(PASSWORD, first)
    assert not await pool.check(PASSWORD + "x", first)
    assert not pool.is_outdated(first)


async def test_L2_a_hash_of_other_parameters_is_renewed_at_the_next_login(api: Api) -> None:
    await api.account("anna")
    for memory, operations in ((8 * KIB * KIB, 1), (32 * KIB * KIB, 3)):
        old = nacl.pwhash.argon2id.str(PASSWORD.encode(), operations, memory).decode()
        await store_hash(api, old)
        wrong = await api.anonymous.post("/login", json={"username": "anna", "password": "wrong password"})
        assert code(wrong) == (401, "invalid_credentials")
        assert await stored_hash(api) == old
        await api.sign_in("anna")
        renewed = await stored_hash(api)
        assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        await api.sign_in("anna")
        assert await stored_hash(api) == renewed


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm8",
        "$argon2id$v=19$m=19456,t=999,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm8",
        "$argon2id$v=19$m=19456,t=2,p=255$c29tZXNhbHRzb21lc2FsdA$Zm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm8",
        "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm9vZm8",
        "$2b$12$abcdefghijklmnopqrstuv",
        "plain text",
        "",
    ],
)
async def test_L2_stored_parameters_have_a_ceiling(pool: Passwords, stored: str) -> None:
    begun = asyncio.get_running_loop().time()
    assert not await pool.check(PASSWORD, stored)
    assert not await pool.check("plain text", stored)
    assert asyncio.get_running_loop().time() - begun < 2


async def test_L3_a_full_queue_answers_503_with_retry_after(pool: Passwords) -> None:
    outcomes = await asyncio.gather(*(pool.hash(PASSWORD) for _ in range(10)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, UnavailableError)]
    assert len(refused) == 6
    assert all(int(error.headers["Retry-After"]) >= 1 for error in refused)
    # There is room again afterwards.
    assert await pool.check(PASSWORD, str(outcomes[0]))


async def test_L3_who_is_refused_is_refused_at_once_and_told_different_times(api: Api) -> None:
    await api.account("anna")
    passwords = api.app.state.auth.passwords
    passwords._room = 0
    body = {"username": "anna", "password": PASSWORD}
    answers = [await api.anonymous.post("/login", json=body) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {503}
    assert len({answer.headers["Retry-After"] for answer in answers}) == 10
    passwords._room = 1
    # Refused before anything else was done, so nothing is held.
    for _ in range(3):
        assert (await api.anonymous.post("/login", json=body)).status_code == 200


async def test_L3_a_crowd_of_logins_gets_503_and_the_others_are_served(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"hash_queue": 3}))
    async with app.router.lifespan_context(app), Api(app) as api:
        anna = await api.user("anna")
        body = {"username": "anna", "password": PASSWORD}
        crowd = asyncio.gather(*(api.anonymous.post("/login", json=body) for _ in range(20)))
        assert (await anna.get("/tasks")).status_code == 200
        answers = await crowd
        counted = Counter(answer.status_code for answer in answers)
        assert set(counted) == {200, 503}
        assert counted[200] >= 4
        for answer in answers:
            if answer.status_code == 503:
                assert code(answer) == (503, "unavailable")
                assert int(answer.headers["Retry-After"]) >= 1
        assert (await api.anonymous.post("/login", json=body)).status_code == 200


GOOD = (
    "fifteen letters",
    "ünïcödé ist gut",
    "🔒🔑🗝🐘🌵🎈🧭🪁🍋🚲🌙🧊🎻🐢🪜",
    " spaces at the ends ",
    "sixty-four " * 5 + "and nine.",
    "one thousand " * 78 + "bananas",
    "no\tcontrol\nis removed",
)


async def test_L4_any_fifteen_characters_are_a_password_and_each_of_them_counts(api: Api) -> None:
    client = await api.user("anna")
    current = PASSWORD
    for password in GOOD:
        body = {"current_password": current, "new_password": password}
        assert (await client.post("/me/password", json=body)).status_code == 204, password
        near = [password[:-1], password + "x", password.strip() if password != password.strip() else password + " "]
        near += [password.swapcase()] if password.swapcase() != password else []
        for other in near:
            answer = await api.anonymous.post("/login", json={"username": "anna", "password": other})
            assert answer.status_code in {401, 422}, other
        answer = await api.anonymous.post("/login", json={"username": "anna", "password": password})
        assert answer.status_code == 200
        current = password


async def test_L4_shorter_passwords_are_refused_everywhere(api: Api) -> None:
    client = await api.user("anna")
    for password in ("fourteen chars", "🔒" * 14, "Tr0ub4dor&3"):
        body = {"current_password": PASSWORD, "new_password": password}
        answer = await client.post("/me/password", json=body)
        assert code(answer) == (422, "validation_failed")
        (place,) = answer.json()["errors"]
        assert (place["pointer"], place["code"]) == ("/new_password", "password_too_short")
    too_long = {"current_password": PASSWORD, "new_password": "x" * 1025}
    assert code(await client.post("/me/password", json=too_long)) == (422, "validation_failed")


async def test_L4_the_floor_is_a_setting_but_never_under_eight(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"password_min_length": 8, "registration": "open"}))
    async with app.router.lifespan_context(app), Api(app) as api:
        assert (await api.anonymous.get("/setup")).json()["password_min_length"] == 8
        for password, status in (("7 chars", 422), ("8 chars!", 201)):
            body = {"username": "anna", "password": password}
            assert (await api.anonymous.post("/register", json=body)).status_code == status
    with pytest.raises(ValueError, match="greater than or equal to 8"):
        Settings(password_min_length=7)


def test_L2_the_parameters_are_not_below_the_least() -> None:
    assert passwords.MEMORY_BYTES >= 19_456 * KIB
    assert passwords.OPERATIONS >= 2
