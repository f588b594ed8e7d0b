"""The journal and the audit trail cut into partitions: everything goes on as before."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from taskmanager.auth.audit_chain import Seals, verify
from taskmanager.auth.audit_sealing import Sealer
from taskmanager.auth.master import load_master
from taskmanager.backups import back_up, restore
from taskmanager.kit import migrate
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.architecture.source import ROOT
from tests.conftest import _execute
from tests.factories import Api

SCRIPT = (ROOT / "scripts" / "partition.sql").read_text(encoding="utf-8")
PLACES = "SELECT tableoid::regclass::text, count(*) FROM journal GROUP BY 1 ORDER BY 1"


@pytest.fixture
def own(postgresql_url: str, tmp_path: Path) -> Iterator[Settings]:
    """Yield settings of a database whose tables may change their form."""
    server, _, name = postgresql_url.rpartition("/")
    name = f"{name}_partitions"
    _execute(f"{server}/postgres", f"CREATE DATABASE {name}")
    given = Settings(data_dir=tmp_path / "data", database_url=f"{server}/{name}", rate_limits=False)
    migrate.upgrade(given)
    yield given
    _execute(f"{server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


async def test_partitions_change_nothing_but_places(own: Settings, tmp_path: Path) -> None:
    application = create_app(own)
    async with application.router.lifespan_context(application), Api(application) as api:
        anna = await api.user("anna")
        since = (await anna.get("/bootstrap")).json()["sequence"]
        first = (await anna.post("/tasks", json={"title": "Before"})).json()
    connection = await asyncpg.connect(own.database.replace("+asyncpg", ""))
    for _ in range(2):  # begun, then nothing to do
        await connection.execute(SCRIPT)
    await connection.execute("SELECT setval('journal_seq_seq', 20000005), setval('audit_events_id_seq', 20000005)")
    application = create_app(own)
    async with application.router.lifespan_context(application), Api(application) as api:
        anna = await api.sign_in("anna")
        assert (await anna.patch(f"/tasks/{first['id']}", json={"title": "After"})).status_code == 200
        changes = (await anna.get("/changes", params={"since": since})).json()
        assert changes.get("reset") is False, changes
        assert "After" in str(changes)
        undone = await anna.get(f"/tasks/{first['id']}/activity")
        assert len(undone.json()["items"]) == 2
        seals = Seals(load_master(own))
        await Sealer(api.database, seals).seal()
        async with api.database.read(snapshot=True) as session:
            assert (await verify(session, seals)).broken is None
        await back_up(own, api.database, tmp_path / "backup", with_secret=True, begin=lambda _: lambda _: None)
    assert {name for name, _ in await connection.fetch(PLACES)} == {"journal_p0", "journal_p1"}
    await connection.execute(SCRIPT)
    assert await connection.fetchval("SELECT to_regclass('journal_p2') IS NOT NULL")
    await connection.close()
    await asyncio.to_thread(migrate.upgrade, own)
    await restore(own, tmp_path / "backup", anew=False, progress=lambda _: None)
    application = create_app(own)
    async with application.router.lifespan_context(application), Api(application) as api:
        anna = await api.sign_in("anna")
        assert [task["title"] for task in (await anna.get("/tasks")).json()["items"]] == ["After"]
