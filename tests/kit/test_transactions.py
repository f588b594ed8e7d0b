"""One request, one transaction: serialise, commit, answer; and what is told about it before and after."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from taskmanager.kit import clock
from taskmanager.kit.db import Database, SessionDep
from taskmanager.kit.events import EventBus, record
from taskmanager.kit.http.route import router
from taskmanager.kit.jobs import enqueue
from taskmanager.kit.settings import Settings
from tests.factories import Api
from tests.http.problems import problem


class Happened:
    """A fact."""


class Heard:
    """Listens inside and after, and can be told to fail."""

    def __init__(self, events: EventBus) -> None:
        self.inside: list[Any] = []
        self.after: list[Any] = []
        self.fails = ""
        events.inside(Happened, self._inside)
        events.after(Happened, self._after)
        events.after(Happened, self._last)

    async def _inside(self, session: Any, fact: Happened) -> None:
        if self.fails == "inside":
            raise ValueError
        await session.execute(text("DELETE FROM jobs"))
        self.inside.append(fact)

    async def _after(self, fact: Happened) -> None:
        if self.fails == "after":
            raise ValueError
        self.after.append(fact)

    async def _last(self, fact: Happened) -> None:
        self.after.append("last")


async def test_facts_are_told_inside_at_once_and_after_the_commit(settings: Settings) -> None:
    events = EventBus()
    heard = Heard(events)
    database = Database(settings, events)
    try:
        async with database.write() as session:
            await record(session, Happened())
            assert (len(heard.inside), heard.after) == (1, [])
        assert [type(fact) for fact in heard.after] == [Happened, str]
    finally:
        await database.stop()


async def test_a_rollback_throws_facts_away(settings: Settings) -> None:
    events = EventBus()
    heard = Heard(events)
    database = Database(settings, events)

    async def fail() -> None:
        async with database.write() as session:
            await record(session, Happened())
            raise KeyError

    try:
        with pytest.raises(KeyError):
            await fail()
        heard.fails = "inside"
        with pytest.raises(ValueError):
            async with database.write() as session:
                await record(session, Happened())
        assert heard.after == []
    finally:
        await database.stop()


async def test_who_fails_afterwards_fails_alone(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    events = EventBus()
    heard = Heard(events)
    heard.fails = "after"
    database = Database(settings, events)
    try:
        async with database.write() as session:
            await record(session, Happened())
    finally:
        await database.stop()
    assert heard.after == ["last"]
    assert "a handler of Happened failed" in caplog.text


def misbehaving(app: FastAPI, statement: str) -> None:
    """Give the application a route whose transaction goes wrong."""
    odd = router()

    @odd.post("/odd")
    async def _odd(session: SessionDep) -> dict[str, str]:
        await enqueue(session, "odd", clock.now())
        await session.execute(text(statement))
        return {"said": "done"}

    app.include_router(odd)
    app.router.routes.insert(0, app.router.routes.pop())


async def jobs_called_odd(api: Api) -> Any:
    async with api.database.read() as session:
        return await session.scalar(text("SELECT count(*) FROM jobs WHERE kind = 'odd'"))


async def test_a_failing_commit_is_an_error_answer(api: Api, backend: str) -> None:
    on_postgresql = "SELECT pg_terminate_backend(pg_backend_pid())"
    misbehaving(api.app, "ROLLBACK" if backend == "sqlite" else on_postgresql)
    answer = await api.anonymous.post("/odd")
    told = problem(answer, 503)
    assert answer.headers["Retry-After"] == "1"
    assert "done" not in answer.text
    assert told["code"] == "database_unavailable"
    assert await jobs_called_odd(api) == 0
    # And the next one is served.
    await api.user()


async def test_an_error_tells_nothing_of_its_cause(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    misbehaving(api.app, "SELECT 1 / (SELECT count(*) - count(*) FROM secret_table)")
    answer = await api.anonymous.post("/odd")
    assert answer.status_code >= 500
    for word in ("secret_table", "SELECT", "sqlalchemy", "Traceback"):
        assert word not in answer.text
    assert "secret_table" in caplog.text
    assert await jobs_called_odd(api) == 0


async def test_a_full_disk_is_told_as_such(api: Api, backend: str) -> None:
    if backend == "sqlite":
        misbehaving(
            api.app,
            "INSERT INTO jobs (id, kind, payload, due_at, attempts) VALUES ('b', 'b', 'x'||hex(zeroblob(9999)), '', 0)",
        )
        async with api.database.write() as session:
            pages = await session.scalar(text("PRAGMA page_count"))
            await session.execute(text(f"PRAGMA max_page_count={pages}"))
    else:
        misbehaving(api.app, "DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")
    told = problem(await api.anonymous.post("/odd"), 507)
    assert told["code"] == "storage_full"


async def test_a_lock_that_is_not_given_is_told_as_such(api: Api, backend: str) -> None:
    if backend == "postgresql":
        misbehaving(api.app, "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
        assert problem(await api.anonymous.post("/odd"), 503)["code"] == "busy"
