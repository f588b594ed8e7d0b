"""The migration gives tasks that are there their words; a SQLite without FTS5 is told what to do."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event

from taskmanager.kit import migrate
from taskmanager.kit.settings import Settings
from taskmanager.kit.sqlite import SearchMissing, require_fts5
from taskmanager.main import create_app
from tests.factories import Api, add_task, pages


async def test_tasks_that_are_there_are_found_after_the_migration(settings: Settings, backend: str) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        anna = await api.user()
        task = await add_task(anna, "alpha", description="beta")
        for body in ("gamma", "delta"):
            said = await anna.post(f"/tasks/{task['id']}/comments", json={"body": body})
        await anna.delete(f"/tasks/{task['id']}/comments/{said.json()['id']}")
        for number in range(3):
            await add_task(anna, f"more {number}")
    before = ScriptDirectory(str(migrate.FOLDER)).get_revision("0010").down_revision
    # Each opens an event loop of its own.
    await asyncio.to_thread(migrate.downgrade, settings, str(before))
    await asyncio.to_thread(migrate.upgrade, settings)
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        anna = await api.sign_in("anna")
        assert [one["title"] for one in await pages(anna, "/tasks", q="alpha beta gam")] == ["alpha"]
        assert await pages(anna, "/tasks", q="delta") == []
        assert len(await pages(anna, "/tasks", q="more")) == 3
        await anna.patch(f"/tasks/{task['id']}", json={"title": "omega"})
        assert [one["title"] for one in await pages(anna, "/tasks", q="omega beta")] == ["omega"]


def test_a_sqlite_without_full_text_says_what_to_do(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")

    @event.listens_for(engine, "connect")
    def _hide(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("CREATE TEMP TABLE pragma_module_list (name TEXT)")

    with engine.connect() as connection, pytest.raises(SearchMissing, match="pysqlite3"):
        require_fts5(connection)
    engine.dispose()
