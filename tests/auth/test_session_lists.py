"""Sessions as their owners and administrators see and end them, and how many there may be."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from taskmanager.auth.devices import _words, in_words, is_new
from taskmanager.auth.models import Session, User
from taskmanager.auth.sign_in import Sessions, SignIn
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import auth_of, code, refresh, row_of
from tests.factories import Api, pages

MOST = 4
AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0": "Firefox on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1": "Mobile Safari on iOS",
    "curl/8.9.1": "curl",
    "backup-script/2 (+http://evil.example)": "backup-script",
    "http://evil.example/": "http",
    "": "Unknown device",
    "\u202e": "Unknown device",
}


@pytest.fixture
async def few(settings: Settings) -> AsyncIterator[Api]:
    """Yield the API of a server that lets an account have few sessions."""
    app = create_app(settings.model_copy(update={"max_sessions": MOST}))
    async with app.router.lifespan_context(app), Api(app) as api:
        yield api


async def _begin(api: Api, user_id: str, agent: str = "") -> str:
    auth = auth_of(api)
    async with api.database.write() as session:
        password_hash = await session.scalar(select(User.password_hash).where(User.id == user_id))
        sessions = Sessions(session, auth.access, auth.refresh, auth.max_sessions)
        how = SignIn(remember=True, label="", ip="127.0.0.1", user_agent=agent)
        return (await sessions.begin(user_id, password_hash or "", how)).session_id


async def _live(api: Api, user_id: str) -> list[str]:
    async with api.database.read() as session:
        statement = select(Session.id).where(Session.user_id == user_id, Session.revoked_at.is_(None))
        return list((await session.execute(statement.order_by(Session.id))).scalars())


async def test_R14_one_session_too_many_ends_the_one_used_least_recently(few: Api) -> None:
    ben = await few.user("ben")
    anna_id = await few.account("anna")
    first = await few.sign_in("anna")
    ids = [first.session_id, *[await _begin(few, anna_id) for _ in range(MOST - 1)]]
    assert await _live(few, anna_id) == ids
    # Used again, so the second one is the oldest now.
    assert (await refresh(few.anonymous, first.refresh_token)).status_code == 200
    added = (await few.sign_in("anna")).session_id
    assert await _live(few, anna_id) == [ids[0], *ids[2:], added]
    assert (await row_of(few, ids[1])).revoked_reason == "too_many_sessions"
    # Those who stay go on, and nobody else is touched.
    assert (await first.get("/me")).status_code == 200
    assert (await ben.get("/me")).status_code == 200


async def test_R14_an_ended_session_leaves_room(few: Api) -> None:
    client = await few.user("anna")
    ids = [await _begin(few, client.user_id) for _ in range(MOST - 1)]
    assert (await client.delete(f"/sessions/{ids[0]}")).status_code == 204
    await _begin(few, client.user_id)
    assert (await client.get("/me")).status_code == 200
    assert len(await _live(few, client.user_id)) == MOST


async def test_R14_who_was_used_at_the_same_moment_ends_in_order_of_age(few: Api) -> None:
    anna = await few.account("anna")
    ids = [await _begin(few, anna) for _ in range(MOST)]
    async with few.database.write() as session:
        moment = await session.scalar(select(Session.rotated_at).where(Session.id == ids[0]))
        await session.execute(update(Session).values(rotated_at=moment))
    added = [await _begin(few, anna) for _ in range(2)]
    assert await _live(few, anna) == [*ids[2:], *added]


async def test_R14_sign_ins_at_once_count_each_other(few: Api) -> None:
    anna = await few.account("anna")
    made = await asyncio.gather(*(_begin(few, anna) for _ in range(2 * MOST)))
    live = await _live(few, anna)
    assert len(live) == MOST
    assert set(live) < set(made)


async def test_R14_an_ended_one_bites_at_once(few: Api) -> None:
    oldest = await few.user("anna")
    assert (await oldest.get("/me")).status_code == 200
    for _ in range(MOST):
        await _begin(few, oldest.user_id)
    assert code(await oldest.get("/me")) == (401, "session_ended")
    assert code(await refresh(few.anonymous, oldest.refresh_token)) == (401, "session_ended")


async def test_R10_all_sessions_can_be_ended_with_this_one(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    other = await api.enter(anna.user_id)
    assert (await anna.delete("/sessions", params={"all": "false"})).status_code == 204
    assert code(await other.get("/me")) == (401, "session_ended")
    assert (await anna.get("/me")).status_code == 200
    assert (await anna.delete("/sessions", params={"all": "true"})).status_code == 204
    assert code(await anna.get("/me")) == (401, "session_ended")
    assert (await ben.get("/me")).status_code == 200


async def test_R10_administrators_see_and_end_any_session(api: Api) -> None:
    chief, anna, ben = await api.user("chief", "admin"), await api.user("anna"), await api.user("ben")
    listed = await pages(chief, "/admin/sessions", limit=2)
    assert [(item["username"], item["id"], item["current"]) for item in listed] == [
        ("ben", ben.session_id, False),
        ("anna", anna.session_id, False),
        ("chief", chief.session_id, True),
    ]
    of_anna = await pages(chief, "/admin/sessions", user_id=anna.user_id)
    assert [item["id"] for item in of_anna] == [anna.session_id]
    assert await pages(chief, "/admin/sessions", user_id=new_id()) == []
    assert "token" not in repr(listed)
    assert (await chief.delete(f"/admin/sessions/{anna.session_id}")).status_code == 204
    assert code(await anna.get("/me")) == (401, "session_ended")
    assert code(await refresh(api.anonymous, anna.refresh_token)) == (401, "session_ended")
    for gone in (anna.session_id, new_id()):
        assert code(await chief.delete(f"/admin/sessions/{gone}")) == (404, "not_found")
    assert (await ben.get("/me")).status_code == 200
    for path in ("/admin/sessions", f"/admin/sessions?user_id={ben.user_id}"):
        assert code(await ben.get(path)) == (403, "forbidden")
    assert code(await ben.delete(f"/admin/sessions/{chief.session_id}")) == (403, "forbidden")


async def test_a_session_says_in_words_what_it_is_on(api: Api) -> None:
    anna = await api.user()
    for agent in AGENTS:
        await _begin(api, anna.user_id, agent)
    listed = {item["user_agent"]: item["device"] for item in (await anna.get("/sessions")).json()["items"]}
    assert listed == AGENTS


async def test_an_agent_that_is_hard_to_read_takes_no_time() -> None:
    await in_words([""])
    hard = [
        *("a" * 300, "1" * 300, " " * 300, "(" * 300, "Mozilla/5.0 " * 25, "Android;" * 37, "x/1." * 75),
        *("Mozilla/5.0 (" + "; " * 140 + ")", "Windows NT " * 27, "Version/1.1.1 Safari " * 14, "iPhone OS " * 30),
    ]
    slowest = 0.0
    for agent in hard:
        begun = time.thread_time()
        _words(agent)
        slowest = max(slowest, time.thread_time() - begun)
    assert slowest < 0.1


def test_somewhere_new_is_another_network_or_another_agent() -> None:
    from datetime import timedelta

    day, hour = timedelta(days=1), timedelta(hours=1)
    known = [("192.0.2.1", "Firefox/144.0"), ("2001:db8::1", "Firefox/144.0")]
    assert not is_new(known, "192.0.2.1", "Firefox/145.0.1", day)
    assert not is_new(known, "2001:db8::ffff", "Firefox/144.0", day)
    assert is_new(known, "192.0.2.2", "Firefox/144.0", hour)
    assert is_new(known, "2001:db8:0:1::1", "Firefox/144.0", day)
    assert is_new(known, "192.0.2.1", "curl/8", day)
    assert not is_new([], "192.0.2.1", "curl/8", hour)
    assert is_new([], "192.0.2.1", "curl/8", day)
