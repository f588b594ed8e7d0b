"""What SECURITY.md says to do after a theft of the master secret and the database: nothing stolen opens anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from taskmanager.auth.links import Links
from taskmanager.kit.db import Database
from taskmanager.kit.events import EventBus
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.architecture.source import ROOT
from tests.auth.tokens import code, me, refresh
from tests.auth.trail import Trail
from tests.factories import PASSWORD, Api, add_api_token

EMPTIED = ("signing_keys", "links", "audit_events", "audit_marks")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Api]:
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        yield api


async def test_L9_a_stolen_master_secret_is_replaced(settings: Settings) -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert [table for table in EMPTIED if f"`{table}`" not in page] == []
    async with running(settings) as api:
        anna = await api.user("anna")
        program = (await add_api_token(anna))["token"]
        async with api.database.write() as session:
            link = await Links(session).replace_reset(anna.user_id, None)
    await replace_master(settings)
    async with running(settings) as api:
        for token in (anna.access_token, program):
            assert code(await me(api.anonymous, token)) == (401, "invalid_token")
        assert code(await refresh(api.anonymous, anna.refresh_token)) == (401, "invalid_refresh_token")
        body = {"reset_token": link.token, "password": "another long enough password"}
        assert code(await api.anonymous.post("/reset", json=body)) == (403, "invalid_link")
        back = await api.sign_in("anna", PASSWORD)
        assert (await me(api.anonymous, back.access_token)).status_code == 200
        trail = Trail(settings)
        await trail.seal()
        assert await trail.broken() is None
        assert await trail.count() > 0
        await trail.database.stop()


async def replace_master(settings: Settings) -> None:
    """Do with the stopped server what the page says."""
    trail = Trail(settings)
    await trail.seal()
    await trail.database.stop()
    (settings.data_dir / "master.key").unlink()
    database = Database(settings, EventBus())
    async with database.write() as session:
        for table in EMPTIED:
            await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our names
    await database.stop()
