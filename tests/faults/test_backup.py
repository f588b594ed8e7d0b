"""A backup under write load, restored elsewhere: all that was acknowledged before is there, and nothing is torn."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskmanager.backups import back_up, restore, settle_secret
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from tests.factories import Api
from tests.faults import amount
from tests.faults.books import check_books
from tests.faults.ledger import Ledger, read_all
from tests.servers import ADMIN, app_server
from tests.services import own_postgres

pytestmark = pytest.mark.faults


@pytest.fixture
def database_urls(backend: str) -> Iterator[tuple[str, str]]:
    """Yield where to write and where to restore; PostgreSQL is restored into SQLite, and the other way round."""
    with own_postgres() as server:
        yield ("", server.url) if backend == "sqlite" else (server.url, "")


async def test_a_backup_under_load_has_all_that_was_acknowledged(
    backend: str, database_urls: tuple[str, str], tmp_path: Path
) -> None:
    file, stop = tmp_path / "backup", asyncio.Event()
    source = Settings(data_dir=tmp_path / "data", database_url=database_urls[0])
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", database_url=database_urls[1])
    with app_server(source.data_dir, database_url=source.database_url) as server:
        ledger = Ledger(server.url, seed=7)
        await ledger.sign_in()
        writing = asyncio.create_task(ledger.write_until(stop))
        await asyncio.sleep(amount(5, 200) / 10)
        before, acknowledged = dict(ledger.tasks), ledger.acknowledged
        database = open_database(source)
        told = list[int]()
        header = await back_up(source, database, file, with_secret=True, begin=lambda rows: told.append)
        await database.stop()
        during = ledger.acknowledged - acknowledged
        stop.set()
        await writing
    settle_secret(elsewhere, header, lost=False)
    await restore(elsewhere, file, anew=False, progress=lambda _: None)
    await check_books(elsewhere.data_dir, elsewhere.database_url)
    application = create_app(elsewhere)
    async with application.router.lifespan_context(application), Api(application) as api:
        chief = await api.sign_in(ADMIN)
        found = await read_all(chief)
        # Numbers and keys go on from where they were.
        assert (await chief.post("/tasks", json={"title": "After"})).status_code == 201
    for task_id, known in before.items():
        now, later = found[task_id], ledger.tasks[task_id]
        assert known.version <= now.version <= later.version
        assert (now == known) == (now.version == known.version)
        assert (now == later) == (now.version == later.version)
    assert found.keys() <= ledger.tasks.keys()
    assert before
    assert sum(told) == header.rows
    print(
        f"backup on {backend} under load: {len(before)} tasks before, {len(found)} in it, {len(ledger.tasks)} in the "
        f"end; {during} writes acknowledged meanwhile"
    )
