"""Common filters and sorts begin at an index, on both databases; no list reads all tasks."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import event

from taskmanager.auth.roles import Actor
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.tasks.listing import TaskListing
from taskmanager.tasks.schemas import TaskQuery
from tests.tasks.filters.corpus import NOW, Corpus
from tests.tasks.filters.test_agreement import Whole

CREATED, DUE, PRIORITY = "ix_tasks_created", "ix_tasks_due", "ix_tasks_priority"
# Whichever index, as long as it begins with the project.
OF_A_PROJECT = "project_id"
COMPLETED, DEADLINE, WORDS = "ix_tasks_completed", "ix_tasks_deadline", "task_words"
LISTS: list[tuple[dict[str, Any], str]] = [
    ({}, CREATED),
    ({"filter": "#Home"}, CREATED),
    ({"filter": "!@home & no assignee"}, OF_A_PROJECT),
    ({"filter": "p1 | shared"}, OF_A_PROJECT),
    ({"filter": "today"}, DUE),
    ({"filter": "overdue", "sort": "due"}, DUE),
    ({"filter": "next 7 days & !@home", "sort": "due"}, DUE),
    ({"filter": "due before: +30 days", "sort": "due"}, DUE),
    ({"due_before": "2026-04-01T00:00:00Z", "sort": "due"}, DUE),
    ({"filter": "no date", "sort": "due"}, DUE),
    ({"filter": "completed: today"}, COMPLETED),
    ({"filter": "deadline before: tomorrow"}, DEADLINE),
    ({"sort": "-priority"}, PRIORITY),
    ({"filter": "p1", "sort": "-priority"}, PRIORITY),
    ({"q": "rent"}, WORDS),
    ({"q": "rent", "filter": "#Home & p1", "sort": "due"}, WORDS),
    ({"filter": "search: rent | search: pay"}, WORDS),
]


class Page(Whole):
    """A page of fifty, as lists are asked for."""

    def apply(self, statement: Any, keys: Sequence[Any]) -> Any:
        return super().apply(statement, keys).limit(51)


@pytest.fixture
async def full(settings: Settings) -> AsyncIterator[tuple[Database, Actor]]:
    """Yield a database with some tasks, and who asks."""
    database, corpus = open_database(settings), Corpus(1, 1500)
    async with database.write() as session:
        await corpus.store(session)
    if not database.is_sqlite:
        async with database.read() as session:
            await (await session.connection()).exec_driver_sql("ANALYZE")
    yield database, Actor(corpus.people["me"], "me", "user", "Europe/Berlin", "", NOW)
    await database.stop()


async def plan(database: Database, actor: Actor, query: TaskQuery) -> str:
    """Return how the database goes about the statement that lists the tasks."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "description" in statement:
            seen.append((statement, parameters))

    event.listen(database.reader.sync_engine, "before_cursor_execute", note)
    async with database.read() as session:
        await TaskListing(session, actor).page(query, Page())
    event.remove(database.reader.sync_engine, "before_cursor_execute", note)
    (statement, parameters), explain = seen[0], "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.writer.connect() as connection:
        if not database.is_sqlite:
            # So few rows are read fastest from end to end; whether an index could be used is the question.
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
        return "\n".join(str(row[-1]) for row in rows)


async def test_lists_begin_at_an_index(full: tuple[Database, Actor]) -> None:
    for fields, wanted in LISTS:
        index = wanted
        found = await plan(*full, TaskQuery(**fields))
        if index in {CREATED, DUE, PRIORITY} and not full[0].is_sqlite:
            # Of so few rows PostgreSQL may as well put in order what any index of the project yields.
            index = OF_A_PROJECT
        assert index in found, (fields, found)
        for scan in ("SCAN tasks\n", "SCAN tasks_1", "SCAN tasks USING INDEX", "Seq Scan on tasks"):
            assert scan not in f"{found}\n", (fields, found)
    if full[0].is_sqlite:
        # Another order begins at another index; so a wrong one would be noticed.
        assert CREATED not in await plan(*full, TaskQuery(sort="title"))
