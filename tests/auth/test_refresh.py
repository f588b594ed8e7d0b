"""The decision table of refresh tokens, row by row."""

import base64
import zlib
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import update

from taskmanager.auth.models import Session, User
from taskmanager.auth.refresh_tokens import RefreshTokens
from taskmanager.auth.sign_in import MAX_LATE_RECOVERIES
from taskmanager.kit import clock
from tests.auth.tokens import auth_of, code, me, refresh, row_of, start_session
from tests.factories import Api

COLUMNS = [column.key for column in Session.__table__.columns]
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"


def later(**span: float) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(**span), tick=True)


async def test_the_current_token_is_exchanged_for_the_next_one(api: Api) -> None:
    grant = await start_session(api)
    answer = await refresh(api.anonymous, grant.refresh_token)
    assert answer.status_code == 200
    tokens = answer.json()
    assert set(tokens) == {
        "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "session_id",
    }  # fmt: skip
    assert tokens["refresh_token"] != grant.refresh_token
    assert tokens["session_id"] == grant.session_id
    assert (tokens["expires_in"], tokens["token_type"]) == (600, "Bearer")
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await me(api.anonymous, tokens["access_token"])).status_code == 200
    # Older access tokens live to their end while the session lives.
    assert (await me(api.anonymous, grant.access_token)).status_code == 200
    assert (await row_of(api, grant.session_id)).generation == 2


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(minutes=5), timedelta(days=13)])
async def test_R2_a_lost_response_is_recovered_by_its_key(api: Api, wait: timedelta) -> None:
    grant = await start_session(api)
    lost = await refresh(api.anonymous, grant.refresh_token, KEY)
    with time_machine.travel(clock.now() + wait, tick=True):
        again = await refresh(api.anonymous, grant.refresh_token, KEY)
        assert again.status_code == 200
        assert again.json()["refresh_token"] == lost.json()["refresh_token"]
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (await me(api.anonymous, again.json()["access_token"])).status_code == 200
        assert (await refresh(api.anonymous, again.json()["refresh_token"], "next")).status_code == 200
    assert (await row_of(api, grant.session_id)).generation == 3


async def test_R2_ten_recoveries_after_the_window_are_the_last(api: Api) -> None:
    grant = await start_session(api)
    successor = (await refresh(api.anonymous, grant.refresh_token, KEY)).json()["refresh_token"]
    for _ in range(MAX_LATE_RECOVERIES + 5):  # within the window they are not counted
        assert (await refresh(api.anonymous, grant.refresh_token, KEY)).json()["refresh_token"] == successor
    with later(minutes=1):
        for _ in range(MAX_LATE_RECOVERIES):
            assert (await refresh(api.anonymous, grant.refresh_token, KEY)).json()["refresh_token"] == successor
        last = await refresh(api.anonymous, grant.refresh_token, KEY)
        assert code(last) == (401, "refresh_token_reused")
        assert code(await refresh(api.anonymous, successor)) == (401, "session_ended")


async def test_R2_each_generation_has_its_own_recoveries(api: Api) -> None:
    token = (await start_session(api)).refresh_token
    with later(minutes=1):
        for number in range(3):
            successor = (await refresh(api.anonymous, token, f"key-{number}")).json()["refresh_token"]
            with later(minutes=1):
                for _ in range(MAX_LATE_RECOVERIES):
                    assert (await refresh(api.anonymous, token, f"key-{number}")).status_code == 200
            token = successor


@pytest.mark.parametrize("key", [None, "another-key"])
async def test_the_previous_token_loses_within_the_window_and_the_session_lives(api: Api, key: str | None) -> None:
    grant = await start_session(api)
    winner = await refresh(api.anonymous, grant.refresh_token, KEY)
    loser = await refresh(api.anonymous, grant.refresh_token, key)
    assert code(loser) == (401, "refresh_token_used")
    assert (await me(api.anonymous, grant.access_token)).status_code == 200
    assert (await refresh(api.anonymous, winner.json()["refresh_token"])).status_code == 200


async def test_a_rotation_without_a_key_is_recovered_by_no_key(api: Api) -> None:
    grant = await start_session(api)
    assert (await refresh(api.anonymous, grant.refresh_token)).status_code == 200
    assert code(await refresh(api.anonymous, grant.refresh_token, KEY)) == (401, "refresh_token_used")


@pytest.mark.parametrize("key", [None, "another-key"])
async def test_R3_the_previous_generation_after_the_window_revokes_the_session(api: Api, key: str | None) -> None:
    grant = await start_session(api)
    other = await api.sign_in("anna")
    winner = await refresh(api.anonymous, grant.refresh_token, KEY)
    with later(seconds=11):
        assert code(await refresh(api.anonymous, grant.refresh_token, key)) == (401, "refresh_token_reused")
        assert code(await refresh(api.anonymous, winner.json()["refresh_token"], KEY)) == (401, "session_ended")
        assert code(await me(api.anonymous, winner.json()["access_token"])) == (401, "session_ended")
        # The user's other sessions live.
        assert (await other.get("/me")).status_code == 200


@pytest.mark.parametrize("behind", [2, 5])
async def test_R3_an_older_generation_revokes_the_session(api: Api, behind: int) -> None:
    grant = await start_session(api)
    token = grant.refresh_token
    for number in range(behind):
        answer = await refresh(api.anonymous, token, f"key-{number}")
        token = answer.json()["refresh_token"]
    # Even at once, even with the key of its own rotation.
    assert code(await refresh(api.anonymous, grant.refresh_token, "key-0")) == (401, "refresh_token_reused")
    assert (await row_of(api, grant.session_id)).revoked_reason == "refresh_token_reused"
    assert code(await refresh(api.anonymous, token)) == (401, "session_ended")
    assert code(await me(api.anonymous, grant.access_token)) == (401, "session_ended")


def _flip(token: str) -> str:
    """Return the token with one bit of its MAC changed, its checksum put right."""
    return _resum(token[:70] + ("A" if token[70] != "A" else "B") + token[71:])


def _renumbered(token: str, generation: int) -> str:
    raw = bytearray(base64.urlsafe_b64decode(token[4:80]))
    raw[21:25] = generation.to_bytes(4, "big")
    return _resum(f"tmr_{base64.urlsafe_b64encode(raw).decode()}_{'0' * 8}")


def _resum(token: str) -> str:
    return f"{token[:-8]}{zlib.crc32(token[:-8].encode()):08x}"


async def test_R4_a_forged_old_generation_changes_nothing(api: Api) -> None:
    grant = await start_session(api)
    first = await refresh(api.anonymous, grant.refresh_token)
    second = (await refresh(api.anonymous, first.json()["refresh_token"])).json()
    before = await row_of(api, grant.session_id)
    server = auth_of(api).refresh
    forgeries = [
        # Whoever has the key but not the salt, and whoever has the database but not the key.
        server.derive(grant.session_id, 1, b"\0" * 16),
        *(RefreshTokens(b"\1" * 32).derive(grant.session_id, generation, before.salt) for generation in (1, 2, 3, 4)),
        _flip(grant.refresh_token),
        # The MAC of one generation under the number of another.
        _renumbered(grant.refresh_token, 2),
        _renumbered(second["refresh_token"], 1),
        server.derive("01890a5d-ac96-774b-bcce-b302099a8057", 1, before.salt),
        grant.refresh_token[:-1] + ("0" if grant.refresh_token[-1] != "0" else "1"),
        grant.refresh_token.removeprefix("tmr_"),
        grant.refresh_token + "=",
        f" {grant.refresh_token}",
        grant.refresh_token.upper(),
        "tmr_",
        "x" * 2000,
        "täst",
    ]
    assert _resum(grant.refresh_token) == grant.refresh_token
    for forged in forgeries:
        assert code(await refresh(api.anonymous, forged)) == (401, "invalid_refresh_token"), forged
    after = await row_of(api, grant.session_id)
    assert {name: getattr(after, name) for name in COLUMNS} == {name: getattr(before, name) for name in COLUMNS}
    assert (await refresh(api.anonymous, second["refresh_token"])).status_code == 200


async def test_a_refresh_without_a_token_is_refused(api: Api) -> None:
    bodies: list[dict[str, None] | None] = [None, {}, {"refresh_token": None}]
    for body in bodies:
        answer = await api.anonymous.post("/refresh", json=body)
        assert code(answer) == (401, "invalid_refresh_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


ENDINGS = {
    "revoked": update(Session).values(revoked_at=clock.now()),
    "idle": update(Session).values(idle_expires_at=clock.now()),
    "absolute": update(Session).values(absolute_expires_at=clock.now()),
    "disabled": update(User).values(active=False),
    "epoch": update(User).values(auth_epoch=7),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_an_ended_session_is_never_recoverable(api: Api, ending: str) -> None:
    grant = await start_session(api)
    successor = (await refresh(api.anonymous, grant.refresh_token, KEY)).json()["refresh_token"]
    async with api.database.write() as session:
        await session.execute(ENDINGS[ending])
    for token, key in ((grant.refresh_token, KEY), (grant.refresh_token, None), (successor, None), (successor, KEY)):
        assert code(await refresh(api.anonymous, token, key)) == (401, "session_ended")


async def test_a_later_generation_than_the_row_knows_ends_the_session(api: Api) -> None:
    """Row 7: the database was restored from a backup made before the last refreshes."""
    grant = await start_session(api)
    backup = await row_of(api, grant.session_id)
    token = (await refresh(api.anonymous, grant.refresh_token)).json()["refresh_token"]
    async with api.database.write() as session:
        values = {"generation": backup.generation, "token_digest": backup.token_digest, "rotation_key": None}
        await session.execute(update(Session).values(values))
    assert code(await refresh(api.anonymous, token)) == (401, "session_ended")
    assert (await row_of(api, grant.session_id)).revoked_reason == "restored_backup"
    assert code(await refresh(api.anonymous, grant.refresh_token)) == (401, "session_ended")
    assert code(await me(api.anonymous, grant.access_token)) == (401, "session_ended")


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\t", "ü", "\x7f"])
async def test_a_key_out_of_form_is_refused_and_nothing_rotates(api: Api, key: str) -> None:
    grant = await start_session(api)
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    answer = await api.anonymous.post("/refresh", json={"refresh_token": grant.refresh_token}, headers=headers)
    assert code(answer) == (400, "invalid_idempotency_key")
    assert (await row_of(api, grant.session_id)).generation == 1


async def test_the_longest_and_the_shortest_key_serve_and_two_are_refused(api: Api) -> None:
    token = (await start_session(api)).refresh_token
    two = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = await api.anonymous.post("/refresh", json={"refresh_token": token}, headers=two)
    assert code(answer) == (400, "invalid_idempotency_key")
    for key in ("!", "~" * 255):
        token = (await refresh(api.anonymous, token, key)).json()["refresh_token"]


async def test_R6_the_absolute_expiry_never_moves(api: Api) -> None:
    grant = await start_session(api)
    token, start = grant.refresh_token, clock.now()
    end = (await row_of(api, grant.session_id)).absolute_expires_at
    assert timedelta(days=30, seconds=-10) < end - start <= timedelta(days=30)
    for day, left in ((13, 14), (26, 4), (29, 1)):
        with time_machine.travel(start + timedelta(days=day), tick=True):
            answer = (await refresh(api.anonymous, token)).json()
            token = answer["refresh_token"]
            assert left * 86_400 - 60 < answer["refresh_expires_in"] <= left * 86_400
            row = await row_of(api, grant.session_id)
            assert row.absolute_expires_at == end
            assert row.idle_expires_at <= end
    with time_machine.travel(end + timedelta(seconds=1), tick=True):
        assert code(await refresh(api.anonymous, token)) == (401, "session_ended")


@pytest.mark.parametrize(("remember", "idle"), [(True, timedelta(days=14)), (False, timedelta(hours=12))])
async def test_a_session_that_is_not_used_ends(api: Api, remember: bool, idle: timedelta) -> None:
    grant = await start_session(api, remember=remember)
    start = clock.now()
    with time_machine.travel(start + idle - timedelta(minutes=1), tick=True):
        token = (await refresh(api.anonymous, grant.refresh_token)).json()["refresh_token"]
    with time_machine.travel(start + 2 * idle, tick=True):
        assert code(await refresh(api.anonymous, token)) == (401, "session_ended")
