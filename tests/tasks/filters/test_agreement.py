"""SQLite, PostgreSQL and plain Python agree on what filters by chance ask for, in content and order.

The long form, 2,000 filters on 5,000 tasks, by TASKMANAGER_TEST_LONG; see docs/filters.md.
"""

import os
import random
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Select, delete

from taskmanager.auth.roles import Actor
from taskmanager.kit.db import Database
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.tables import metadata
from taskmanager.tasks.filters.reading import MAX_LENGTH
from taskmanager.tasks.filters.writing import canonical
from taskmanager.tasks.listing import Names, TaskListing
from taskmanager.tasks.models import Task
from taskmanager.tasks.schemas import TaskQuery
from tests.tasks.filters.chances import Asker
from tests.tasks.filters.corpus import NOW, ZONES, Corpus
from tests.tasks.filters.opinion import Opinion

LONG = bool(os.environ.get("TASKMANAGER_TEST_LONG"))
TASKS, FILTERS = (5000, 2000) if LONG else (400, 120)
SORTS = (None, "due", "-priority,title", "updated_at")


class Whole(Pager):
    """All of a list on one page, by id."""

    def __init__(self) -> None:
        self.limit = 1_000_000

    def apply(self, statement: Select[Any], keys: Sequence[SortKey]) -> Select[Any]:  # type: ignore[override]
        return statement.order_by(*(key.column.desc() if key.descending else key.column.asc() for key in keys))

    def page(self, rows: Sequence[Any], keys: Sequence[SortKey], out: Any) -> dict[str, Any]:
        return {"items": [row.id for row in rows]}


class OnlyIds(Whole):
    """The same without reading anything else: no filter's answer depends on it."""

    def apply(self, statement: Select[Any], keys: Sequence[SortKey]) -> Select[Any]:  # type: ignore[override]
        if "description" in statement.selected_columns:
            statement = statement.with_only_columns(Task.id, maintain_column_froms=True)
        return super().apply(statement, keys)


class Nameless(TaskListing):
    """Lists without labels and assignees."""

    async def _names(self, *_: object) -> Names:
        return {}


@pytest.fixture
async def databases(
    sqlite_template: Path, postgresql_url: str, tmp_path: Path
) -> AsyncIterator[tuple[Database, Database]]:
    """Yield an empty database of each kind."""
    shutil.copytree(sqlite_template, tmp_path / "data")
    async with AsyncExitStack() as stack:
        both = open_database(Settings(data_dir=tmp_path / "data")), open_database(Settings(database_url=postgresql_url))
        async with both[1].write() as session:
            for table in reversed(metadata.sorted_tables):
                await session.execute(delete(table))
        for database in both:
            stack.push_async_callback(database.stop)
        yield both


async def listed(database: Database, actor: Actor, query: TaskQuery) -> list[str]:
    async with database.read() as session:
        page = await Nameless(session, actor).page(query, Whole() if query.q else OnlyIds())
    ids: list[str] = page["items"]
    return ids


async def test_three_opinions_on_filters_by_chance(databases: tuple[Database, Database]) -> None:
    seed = random.randrange(10**9)  # noqa: S311 - said below, so that it can be tried again
    corpus, asker = Corpus(seed, TASKS), Asker(seed)
    for database in databases:
        async with database.write() as session:
            await corpus.store(session)
    opinions = {zone: Opinion(corpus, zone) for zone in ZONES}
    matched = 0
    with time_machine.travel(NOW, tick=False):
        for number in range(FILTERS):
            tree, zone = asker.query(), ZONES[number % len(ZONES)]
            text = canonical(tree)
            if len(text) > MAX_LENGTH:
                continue
            actor = Actor(corpus.people["me"], "me", "user", zone, "", NOW)
            query = TaskQuery(filter=text, sort=SORTS[number % len(SORTS)])
            on_sqlite, on_postgresql = [await listed(database, actor, query) for database in databases]
            assert set(on_sqlite) == opinions[zone].matching(tree), (seed, zone, text)
            assert on_sqlite == on_postgresql, (seed, zone, text, query.sort)
            matched += len(on_sqlite)
            if LONG and number % 100 == 99:
                sys.stderr.write(f"{number + 1} of {FILTERS} filters agree (seed {seed})\n")
    assert 0.1 < matched / FILTERS / TASKS < 0.9, "filters that find all or nothing tell little"


async def test_words_are_ranked_alike(databases: tuple[Database, Database]) -> None:
    corpus = Corpus(7, 200)
    for database in databases:
        async with database.write() as session:
            await corpus.store(session)
    actor = Actor(corpus.people["me"], "me", "user", "UTC", "", NOW)
    titles = {one.task.id: one.task.title.lower() for one in corpus.samples}
    for text in ("rent", "pay re", "the garden", "東京", "äp", "none", "e-mail don"):
        found, again = [await listed(database, actor, TaskQuery(q=text)) for database in databases]
        assert found == again
        in_title = ["pay" in titles[one].split() for one in found] if text == "pay re" else []
        assert found or text == "none"
        assert not in_title or in_title[0]
