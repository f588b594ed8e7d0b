"""Events: the feed as it happens, whom it wakes, what ends it."""

import asyncio
import contextlib
import time

import pytest

from taskmanager.auth.accounts import Accounts
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from taskmanager.sync import events as sync_events
from taskmanager.sync import streams as sync_streams
from taskmanager.sync.feed import Feed, Page
from tests.auth.tokens import browser
from tests.factories import PASSWORD, Api, Client, add_api_token, add_project, add_task, share
from tests.streams import Listening, listen
from tests.sync.copies import Copy, bootstrap


async def opened(listening: Listening) -> str:
    """Return the id of the first event, which says that the client has everything."""
    first = await listening.event()
    assert listening.status == 200
    assert first.data["more"] is False
    return str(first.id)


async def test_a_change_arrives_as_a_page(api: Api) -> None:
    anna = await api.user("anna")
    copy = Copy(await bootstrap(anna))
    async with listen(api.app, anna, f"/events?since={copy.sequence}") as listening:
        assert listening.headers["content-type"].startswith("text/event-stream")
        assert listening.headers["cache-control"] == "no-store"
        assert listening.headers["x-accel-buffering"] == "no"
        assert "content-length" not in listening.headers
        first = await listening.event()
        assert first.retry is not None
        copy.apply(first.data)
        begun = time.monotonic()
        task = await add_task(anna)
        event = await listening.event()
        assert time.monotonic() - begun < sync_streams.LOOK_SECONDS
        assert event.id == event.data["sequence"]
        assert event.data["upserts"]["tasks"] == [task]
        copy.apply(event.data)
        assert copy.state() == Copy(await bootstrap(anna)).state()


async def test_a_browser_listens_by_its_cookies(api: Api) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD)
    async with listen(api.app, client) as listening:
        await opened(listening)
        assert (await client.post("/tasks", json={"title": "x"})).status_code == 201
        assert (await listening.event()).data["upserts"]["tasks"][0]["title"] == "x"
    async with listen(api.app, client, Origin="https://evil.example") as listening:
        assert listening.status == 403
    async with listen(api.app, api.anonymous) as listening:
        assert listening.status == 401


async def test_a_stream_goes_on_where_it_was(api: Api) -> None:
    anna = await api.user("anna")
    async with listen(api.app, anna) as listening:
        last = await opened(listening)
    tasks = [await add_task(anna, f"task {number}") for number in range(3)]
    # As browsers do it; `since` is where the page was when it was loaded.
    start = (await bootstrap(anna))["sequence"]
    headers = {"Last-Event-ID": last}
    async with listen(api.app, anna, f"/events?since={start}", **headers) as listening:
        missed = await listening.event()
        assert {task["id"] for task in missed.data["upserts"]["tasks"]} == {task["id"] for task in tasks}
    for headers in ({"Last-Event-ID": "x"}, {}):
        path = "/events" if headers else "/events?since=x"
        async with listen(api.app, anna, path, **headers) as listening:
            assert (listening.status, listening.headers["content-type"]) == (400, "application/problem+json")


async def test_only_those_who_see_it_are_woken(api: Api) -> None:
    anna, ben, carl = [await api.user(name) for name in ("anna", "ben", "carl")]
    home = await add_project(anna)
    await share(anna, home["id"], ben, "viewer")
    async with listen(api.app, ben) as of_ben, listen(api.app, carl) as of_carl:
        await opened(of_ben)
        place = await opened(of_carl)
        task = await add_task(anna, project_id=home["id"])
        assert (await of_ben.event()).data["upserts"]["tasks"] == [task]
        own = await add_task(carl, "of carl")
        event = await of_carl.event()
        assert event.data["upserts"]["tasks"] == [own]
        assert event.id != place
        # Access that comes and goes is told at once too.
        await share(anna, home["id"], carl, "viewer")
        assert (await of_carl.event()).data["upserts"]["tasks"] == [task]
        await anna.delete(f"/projects/{home['id']}/members/{carl.user_id}")
        assert [one["reason"] for one in (await of_carl.event()).data["deletions"]] == ["access"]


async def test_signs_of_life_carry_the_place(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_events, "BEAT_SECONDS", 0.3)
    anna, ben = await api.user("anna"), await api.user("ben")
    async with listen(api.app, ben) as listening:
        place = await opened(listening)
        beat = await listening.block()
        assert beat is not None
        assert (beat.id, beat.data) == (None, None)
        await add_task(anna)
        moved = await listening.block()
        while moved is not None and moved.id is None:
            moved = await listening.block()
        assert moved is not None
        assert (moved.data, moved.id != place) == (None, True)
        last = str(moved.id)
    async with listen(api.app, ben, **{"Last-Event-ID": last}) as listening:
        await opened(listening)


async def ends(listening: Listening) -> tuple[str, bool]:
    """Return why a stream ends and whether that took no more than a second."""
    begun = time.monotonic()
    reason = await listening.ended()
    return reason, time.monotonic() - begun < 1


async def test_a_session_that_ends_ends_its_stream(api: Api) -> None:
    anna = await api.user("anna")
    other, third = await api.enter(anna.user_id), await api.enter(anna.user_id)
    async with (
        listen(api.app, anna) as staying,
        listen(api.app, other) as listening,
        listen(api.app, third) as signing_out,
    ):
        for one in (staying, listening, signing_out):
            await opened(one)
        assert (await anna.delete(f"/sessions/{other.session_id}")).status_code == 204
        assert await ends(listening) == ("signed_out", True)
        assert (await third.post("/logout", json={})).status_code == 204
        assert await ends(signing_out) == ("signed_out", True)
        task = await add_task(anna)
        assert (await staying.event()).data["upserts"]["tasks"] == [task]


async def test_a_session_that_another_process_ends_ends_its_stream(api: Api, settings: Settings) -> None:
    anna = await api.user("anna")
    again = create_app(settings)
    async with again.router.lifespan_context(again), Api(again) as elsewhere, listen(api.app, anna) as listening:
        await opened(listening)
        there = await elsewhere.enter(anna.user_id)
        assert (await there.delete(f"/sessions/{anna.session_id}")).status_code == 204
        begun = time.monotonic()
        assert await listening.ended() == "signed_out"
        assert time.monotonic() - begun < 2


async def test_an_api_token_that_is_revoked_ends_its_stream(api: Api) -> None:
    anna = await api.user("anna")
    token = await add_api_token(anna, "tasks:read", "projects:read")
    script = await api.client(Authorization=f"Bearer {token['token']}")
    async with listen(api.app, script) as listening:
        await opened(listening)
        task = await add_task(anna)
        assert (await listening.event()).data["upserts"]["tasks"] == [task]
        assert (await anna.delete(f"/api-tokens/{token['id']}")).status_code == 204
        begun = time.monotonic()
        assert await listening.ended() == "signed_out"
        assert time.monotonic() - begun < 2
    narrow = await add_api_token(anna, "tasks:read")
    script = await api.client(Authorization=f"Bearer {narrow['token']}")
    async with listen(api.app, script) as listening:
        assert listening.status == 403


async def test_a_role_that_falls_narrows_the_stream(api: Api) -> None:
    anna, chief = await api.user("anna"), await api.user("chief", "admin")
    async with listen(api.app, anna) as listening:
        await opened(listening)
        await chief.patch(f"/admin/users/{anna.user_id}", json={"role": "guest"})
        page = (await listening.event()).data
        assert page["upserts"]["account"]["role"] == "guest"
        assert {one["role"] for one in page["upserts"]["projects"]} == {"viewer"}
        await chief.patch(f"/admin/users/{anna.user_id}", json={"active": False})
        assert await ends(listening) == ("signed_out", True)


async def test_changes_of_another_process_arrive(api: Api, settings: Settings) -> None:
    """By the bell where there is Redis, at the next look where there is none."""
    anna = await api.user("anna")
    again = create_app(settings)
    async with again.router.lifespan_context(again), Api(again) as elsewhere, listen(api.app, anna) as listening:
        await opened(listening)
        task = await add_task(await elsewhere.enter(anna.user_id))
        begun = time.monotonic()
        assert (await listening.event()).data["upserts"]["tasks"] == [task]
        assert time.monotonic() - begun < 2


async def test_a_stream_of_another_history_is_told_to_begin_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await api.user("anna")
    old = (await bootstrap(anna))["sequence"]
    monkeypatch.setattr("taskmanager.sync.sequences.KEPT_DAYS", -1)
    async with listen(api.app, anna, f"/events?since={old}") as listening:
        assert (await listening.event()).data["reset"] is True
        assert await listening.ended() == "reset"


async def test_a_stop_tells_everybody_to_come_back(api: Api) -> None:
    anna = await api.user("anna")
    async with listen(api.app, anna) as listening:
        await opened(listening)
        api.app.state.streams.end_all()
        assert await ends(listening) == ("shutdown", True)
    async with listen(api.app, anna) as late:
        assert await late.ended() == "shutdown"


async def test_who_does_not_read_is_dropped_and_misses_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_events, "SEND_SECONDS", 0.2)
    anna = await api.user("anna")
    async with listen(api.app, anna) as listening:
        last = await opened(listening)
        listening.reading.clear()
        tasks = [await add_task(anna, f"task {number}") for number in range(3)]
        await asyncio.wait_for(listening.closed.wait(), 5)
        assert not api.app.state.streams._streams
    async with listen(api.app, anna, **{"Last-Event-ID": last}) as listening:
        page = (await listening.event()).data
        assert {task["id"] for task in page["upserts"]["tasks"]} == {task["id"] for task in tasks}


async def test_an_account_opens_only_so_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_streams, "MOST_OF_AN_ACCOUNT", 1)
    anna, ben = await api.user("anna"), await api.user("ben")
    async with listen(api.app, anna) as first:
        await opened(first)
        async with listen(api.app, anna) as second, listen(api.app, ben) as of_ben:
            assert (second.status, of_ben.status) == (429, 200)
            assert "retry-after" in second.headers
    async with listen(api.app, anna) as again:
        await opened(again)


async def test_idle_streams_read_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look for all of them, and no page for those whom nothing concerns."""
    anna = await api.user("anna")
    others: list[Client] = [await api.user(f"user{number}") for number in range(5)]
    read: list[str] = []
    page = Feed.page

    async def counted(feed: Feed, *args: object) -> Page:
        read.append(feed._actor.username)
        return await page(feed, *args)  # type: ignore[arg-type]

    async with contextlib.AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listen(api.app, client)) for client in (anna, *others)]
        for stream in streams:
            await opened(stream)
        await asyncio.sleep(sync_streams.LOOK_SECONDS + 0.2)
        monkeypatch.setattr(Feed, "page", counted)
        task = await add_task(anna)
        assert (await streams[0].event()).data["upserts"]["tasks"] == [task]
        await asyncio.sleep(sync_streams.LOOK_SECONDS + 0.2)
    assert set(read) == {"anna"}


async def test_the_command_line_is_heard_of_too(api: Api, settings: Settings) -> None:
    anna = await api.user("anna")
    database: Database = open_database(settings)
    try:
        async with listen(api.app, anna) as listening:
            await opened(listening)
            async with database.write() as session:
                await Accounts(session).end_sessions(anna.user_id, reason="by hand")
            assert await listening.ended() == "signed_out"
    finally:
        await database.stop()
