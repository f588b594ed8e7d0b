"""Signing keys come and go; whoever signs with one, all others know it."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from taskmanager.auth.access_tokens import LEEWAY_SECONDS
from taskmanager.auth.models import AuditEvent, Node
from taskmanager.auth.ring import SILENT, KeyRing
from taskmanager.auth.rotation import MARGIN
from taskmanager.kit import clock
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.rotations import process, until
from tests.auth.tokens import LIFE, auth_of, code, me, refresh
from tests.factories import Api

MINUTE = timedelta(minutes=1)


async def test_a_key_is_next_then_active_then_verify_only_then_gone(settings: Settings) -> None:
    async with process(settings) as one:
        first, second = await one.kid("active"), await one.kid("next")
        assert (one.active, one.knows(second)) == (first, True)
        assert await one.rotate()
        await one.follower.follow()
        assert one.active == second
        assert await one.kid("verify-only") == first
        assert one.knows(first)
        assert one.knows(await one.kid("next"))
        # As long as a token that it signed may be shown, and no longer.
        kept = LIFE + timedelta(seconds=LEEWAY_SECONDS) + MARGIN
        for after, there in ((kept - MINUTE, True), (kept + MINUTE, False)):
            with time_machine.travel(clock.now() + after, tick=True):
                await one.keep()
                await one.follower.follow()
                assert one.knows(first) == there
        assert one.active == second


async def test_the_next_key_waits_until_every_process_has_loaded_it(settings: Settings) -> None:
    async with process(settings) as one, process(settings) as other:
        assert await one.rotate()
        assert other.active != await one.kid("active")
        assert other.knows(await one.kid("active"))
        await one.follower.follow()
        # The other one has not heard of the key that is next now.
        kid = await one.kid("next")
        assert not await one.rotate()
        await one.try_again()
        await one.keep()
        assert (await one.kid("next"), other.knows(kid)) == (kid, False)
        await other.follower.follow()
        await one.try_again()
        assert await one.kid("active") == kid


async def test_a_process_that_starts_is_waited_for_and_one_that_is_silent_is_not(settings: Settings) -> None:
    async with process(settings) as one:
        async with one.database.write() as session:
            session.add(Node(id="01890a5d-ac96-774b-bcce-b302099a8057", next_kid=None, seen_at=clock.now()))
        kid = await one.kid("next")
        assert not await one.rotate()
        with time_machine.travel(clock.now() + SILENT + MINUTE, tick=True):
            await one.try_again()
            assert await one.kid("active") == kid
        with time_machine.travel(clock.now() + 30 * SILENT, tick=True):
            await one.keep()
        async with one.database.read() as session:
            assert (await session.execute(select(Node))).all() == []


async def test_a_process_that_ends_is_waited_for_no_more(settings: Settings) -> None:
    async with process(settings) as one:
        async with process(settings) as other:
            assert await other.rotate()
            await other.follower.follow()
            assert not await other.rotate()
        await one.follower.follow()
        async with one.database.read() as session:
            assert len((await session.execute(select(Node))).all()) == 1


async def test_rotations_at_once_take_turns(settings: Settings) -> None:
    async with process(settings) as one, process(settings) as other:
        first = await one.kid("active")
        done = await asyncio.gather(*(which.rotate() for which in (one, other) * 4))
        assert sorted(done) == [False] * 7 + [True]
        keys = await one.keys()
        assert [len(keys[state]) for state in ("next", "active", "verify-only")] == [1, 1, 1]
        assert keys["verify-only"][0].kid == first
        await asyncio.gather(one.follower.follow(), other.follower.follow())
        await asyncio.gather(one.try_again(), other.try_again())
        assert len((await one.keys())["verify-only"]) == 2
        await asyncio.gather(one.rotate(emergency=True), other.rotate(emergency=True), one.keep(), other.prepare())
        keys = await one.keys()
        assert [len(keys[state]) for state in ("next", "active", "verify-only")] == [1, 1, 0]


async def test_keys_rotate_by_schedule(settings: Settings) -> None:
    days = timedelta(days=settings.key_rotation_days)
    assert days == timedelta(days=30)
    async with process(settings) as one:
        first = await one.kid("active")
        with time_machine.travel(clock.now() + days - MINUTE, tick=True):
            await one.keep()
            assert await one.kid("active") == first
        with time_machine.travel(clock.now() + days + MINUTE, tick=True):
            await one.keep()
            assert await one.kid("verify-only") == first
            await one.follower.follow()
            await one.keep()  # once, not each time
            assert await one.kid("verify-only") == first
        async with one.database.read() as session:
            (event,) = (await session.execute(select(AuditEvent))).scalars().all()
        assert (event.event, event.actor_id, event.detail["kid"]) == ("key_rotated", None, await one.kid("active"))


async def test_another_algorithm_takes_over_by_a_rotation(settings: Settings) -> None:
    changed = settings.model_copy(update={"jwt_algorithm": "ES256"})
    async with process(settings) as one:
        first = await one.kid("active")
        async with process(changed) as other:
            coming = await one.kid("next")
            await other.try_again()
            assert (other.active, await one.kid("active")) == (first, first)
            await one.follower.follow()
            await other.try_again()
            assert await one.kid("active") == coming
            keys = await one.keys()
            assert {row.algorithm for row in (*keys["active"], *keys["next"])} == {"ES256"}
            assert [row.kid for row in keys["verify-only"]] == [first]
            # Only a start asks for its setting: two that disagree do not rotate for ever.
            await one.keep()
            await one.try_again()
            assert await one.kid("active") == coming


async def test_a_change_of_mind_leaves_the_key_that_signs(settings: Settings) -> None:
    changed = settings.model_copy(update={"jwt_algorithm": "ES384"})
    async with process(settings) as one:
        first = await one.kid("active")
        async with process(changed) as other:
            assert (await one.keys())["next"][0].algorithm == "ES384"
            async with process(settings) as again:
                await other.follower.follow()
                await one.follower.follow()
                await again.try_again()
                (coming,) = (await one.keys())["next"]
                assert (coming.algorithm, coming.asked_at) == ("HS256", None)
        assert await one.kid("active") == first


@pytest.mark.with_jobs
async def test_a_restart_with_another_algorithm_signs_nobody_out(settings: Settings) -> None:
    for algorithm in ("HS256", "EdDSA", "HS512"):
        app = create_app(settings.model_copy(update={"jwt_algorithm": algorithm}))
        async with app.router.lifespan_context(app), Api(app) as api:
            if algorithm == "HS256":
                client = await api.user("anna")
                token, refresh_token = client.access_token, client.refresh_token
            assert (await me(api.anonymous, token)).status_code == 200
            ring = auth_of(api).ring
            await until(partial(_signs_with, ring, algorithm))
            answer = await refresh(api.anonymous, refresh_token)
            assert (await me(api.anonymous, token)).status_code == 200
            token, refresh_token = answer.json()["access_token"], answer.json()["refresh_token"]
            assert (await me(api.anonymous, token)).status_code == 200


async def test_an_administrator_rotates(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    before = (await chief.get("/admin/keys")).json()["items"]
    assert [key["state"] for key in before] == ["next", "active"]
    assert before[0]["activated_at"] is None
    assert "wrapped" not in before[0]
    answer = await chief.post("/admin/keys/rotate", json={})
    after = {key["state"]: key for key in answer.json()["items"]}
    assert answer.status_code == 200
    assert (after["active"]["kid"], after["verify-only"]["kid"]) == (before[0]["kid"], before[1]["kid"])
    assert after["active"]["activated_at"] == after["verify-only"]["retired_at"]
    assert auth_of(api).ring.active.kid == before[0]["kid"]
    assert (await chief.get("/admin")).json()["keys"] == answer.json()["items"]
    assert (await anna.get("/me")).status_code == 200
    (event,) = await _events(api)
    assert (event.event, event.actor_id, event.outcome) == ("key_rotated", chief.user_id, "success")
    assert event.detail == {"kid": before[0]["kid"], "algorithm": "HS256", "waiting": False}


async def test_an_emergency_ends_access_tokens_and_no_session(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    before = {key["kid"] for key in (await chief.get("/admin/keys")).json()["items"]}
    answer = await chief.post("/admin/keys/rotate", json={"emergency": True})
    assert [key["state"] for key in answer.json()["items"]] == ["next", "active"]
    assert before.isdisjoint(key["kid"] for key in answer.json()["items"])
    for client in (chief, anna):
        assert code(await client.get("/me")) == (401, "invalid_token")
        refreshed = await refresh(api.anonymous, client.refresh_token)
        assert (await me(api.anonymous, refreshed.json()["access_token"])).status_code == 200
    (event,) = await _events(api)
    assert (event.event, event.actor_id) == ("key_rotated_emergency", chief.user_id)
    assert event.detail["removed"] == 2


async def test_keys_are_for_administrators_who_have_just_signed_in(api: Api) -> None:
    chief, anna = await api.user("chief", "admin"), await api.user("anna")
    assert code(await anna.get("/admin/keys")) == (403, "forbidden")
    before = (await chief.get("/admin/keys")).json()
    for body in ({}, {"emergency": True}):
        assert code(await anna.post("/admin/keys/rotate", json=body)) == (403, "forbidden")
        with time_machine.travel(clock.now() + timedelta(minutes=9, seconds=55), tick=True):
            assert (await chief.get("/admin/keys")).status_code == 200
        with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=5), tick=True):
            assert code(await chief.post("/admin/keys/rotate", json=body)) == (403, "recent_sign_in_required")
    assert (await chief.get("/admin/keys")).json() == before
    assert await _events(api) == []


@pytest.mark.with_jobs
async def test_a_rotation_that_had_to_wait_is_tried_again_by_itself(api: Api) -> None:
    chief, ring = await api.user("chief", "admin"), auth_of(api).ring
    starting = Node(id="01890a5d-ac96-774b-bcce-b302099a8057", next_kid=None, seen_at=clock.now())
    async with api.database.write() as session:
        session.add(starting)
    coming, active = (await chief.post("/admin/keys/rotate", json={})).json()["items"]
    assert (coming["state"], active["kid"]) == ("next", ring.active.kid)
    assert coming["asked_at"] is not None
    async with api.database.write() as session:
        await session.execute(update(Node).where(Node.id == starting.id).values(next_kid=coming["kid"]))
    await until(lambda: ring.active.kid == coming["kid"])
    assert [(event.event, event.actor_id, event.detail.get("waiting")) for event in await _events(api)] == [
        ("key_rotated", chief.user_id, True),
        ("key_rotated", None, None),
    ]


def _signs_with(ring: KeyRing, algorithm: str) -> bool:
    return ring.active.algorithm == algorithm


async def _events(api: Api) -> list[Any]:
    async with api.database.read() as session:
        rows = await session.execute(select(AuditEvent).where(AuditEvent.event.like("key%")).order_by(AuditEvent.id))
        return list(rows.scalars())
