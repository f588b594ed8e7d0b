"""Every sort with every common filter begins at an index, on both databases; no list reads or sorts all tasks.

SQLite plans without statistics, whatever is in the tables. PostgreSQL plans with them, so it gets enough tasks.
"""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import event, text

from taskmanager.auth.roles import Actor
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.tasks.listing import TaskListing
from taskmanager.tasks.schemas import TaskQuery
from tests.tasks.filters.corpus import NOW, Corpus
from tests.tasks.filters.test_agreement import Whole

TASKS, COPIES = 1500, 10
SORTS = {
    None: "ix_tasks_created",
    "created_at": "ix_tasks_created",
    "-updated_at": "ix_tasks_updated",
    "updated_at": "ix_tasks_updated",
    "due": "ix_tasks_due",
    "-due": "ix_tasks_due",
    "priority": "ix_tasks_priority",
    "-priority": "ix_tasks_priority",
    "position": "ix_tasks_position",
    "-position": "ix_tasks_position",
    "title": "ix_tasks_title",
    "-title": "ix_tasks_title",
    "-priority,due": "ix_tasks_urgency",
}
# What many tasks are: a page of them is soon found in any order.
MANY: list[dict[str, Any]] = [
    {},
    {"status": "todo,in_progress"},
    {"status": "done"},
    {"filter": "!@home & no assignee"},
    {"filter": "##Home"},
    {"filter": "shared & !p1"},
]
UNDATED = {"filter": "no date"}
# What lies within some days, and the index that knows them.
DAYS = {
    "today": "ix_tasks_due",
    "overdue": "ix_tasks_due",
    "next 7 days & !@home": "ix_tasks_due",
    "due before: +30 days": "ix_tasks_due",
    "created: today": "ix_tasks_created",
    "completed: today": "ix_tasks_completed",
    "deadline before: tomorrow": "ix_tasks_deadline",
}
# What few tasks are: all of these are found by an index and put in order.
FEW = {
    "p1": "(project_id=? AND priority=?)",
    "@home & !overdue": "ix_task_labels_name_key",
    "assigned to: me": "ix_task_assignees_user_id",
    "assigned to: ben": "ix_task_assignees_user_id",
    "/Doing": "ix_tasks_section_id",
    "status: in_progress": "ix_tasks_in_progress",
    "recurring": "ix_tasks_recurring",
    "subtask": "ix_tasks_subtask",
    "blocked": "",
    "has: comment": "",
}
WORDS: list[dict[str, Any]] = [
    {"q": "rent"},
    {"q": "rent", "filter": "#Home & p1", "sort": "due"},
    {"filter": "search: rent | search: pay"},
]
COPY = """
INSERT INTO tasks (id, project_id, number, key, title, title_key, description, status, priority, due_local, due_sort,
    deadline, position, created_at, updated_at, completed_at, version)
SELECT gen_random_uuid(), project_id, number + 10000 * n, key, title || n, title_key || n, description,
    CASE number % 3 WHEN 0 THEN 'done' ELSE 'todo' END, n % 4, due_local, due_sort,
    deadline, position || n, created_at + n * interval '1 minute', updated_at + number * interval '1 minute',
    completed_at, 1
FROM tasks, generate_series(1, :copies) AS n
"""


class Page(Whole):
    """A page of fifty, as lists are asked for."""

    def apply(self, statement: Any, keys: Sequence[Any]) -> Any:
        return super().apply(statement, keys).limit(51)


class Planner:
    """Lists tasks, and tells how the database goes about the statement that lists tasks."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database = database
        self._actor = actor
        self._seen: list[tuple[str, Any]] = []

    async def plan(self, **fields: Any) -> tuple[str, int]:
        """Return what is read in which way, and how often tasks are sorted before a page's rows are put together."""
        self._seen.clear()
        event.listen(self.database.reader.sync_engine, "before_cursor_execute", self._note)
        async with self.database.read() as session:
            await TaskListing(session, self._actor).page(TaskQuery(**fields), Page())
        event.remove(self.database.reader.sync_engine, "before_cursor_execute", self._note)
        ((statement, parameters),) = self._seen
        explain = "EXPLAIN QUERY PLAN" if self.database.is_sqlite else "EXPLAIN (FORMAT JSON)"
        async with self.database.reader.connect() as connection:
            rows = (await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all()
        return _of_sqlite(rows) if self.database.is_sqlite else _of_postgresql(rows[0][0])

    async def ids(self, pager: Whole, **fields: Any) -> list[str]:
        """Return the tasks of a page."""
        async with self.database.read() as session:
            found = await TaskListing(session, self._actor).page(TaskQuery(**fields), pager)
        ids: list[str] = found["items"]
        return ids

    def _note(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "description" in statement:
            self._seen.append((statement, parameters))


def _of_sqlite(rows: Sequence[Any]) -> tuple[str, int]:
    # The last one puts the page in order.
    sorts = sum("B-TREE" in row[3] and "ORDER BY" in row[3] for row in rows) - 1
    return "\n".join(row[3] for row in rows), sorts


def _of_postgresql(said: Any) -> tuple[str, int]:
    lines: list[str] = []
    (plan,) = said if isinstance(said, list) else json.loads(said)

    def walk(node: dict[str, Any], *, of_a_project: bool) -> int:
        lines.append(f"{node['Node Type']} {node.get('Relation Name', '')} {node.get('Index Name', '')}")
        within = of_a_project or node.get("Subplan Name") is not None or node["Node Type"] == "Nested Loop"
        sorts = sum(walk(child, of_a_project=within) for child in node.get("Plans", []))
        return sorts + (within and node["Node Type"] in {"Sort", "Incremental Sort"})

    sorts = walk(plan["Plan"], of_a_project=False)
    return "\n".join(lines), sorts


@pytest.fixture
async def planner(settings: Settings) -> AsyncIterator[Planner]:
    """Yield what tells plans for an account that sees very many tasks."""
    database, corpus = open_database(settings), Corpus(1, TASKS)
    async with database.write() as session:
        await corpus.store(session)
        await session.execute(text("UPDATE projects SET last_number = 1000000"))
        if not database.is_sqlite:
            await session.execute(text(COPY), {"copies": COPIES})
    if not database.is_sqlite:
        async with database.read() as session:
            await (await session.connection()).exec_driver_sql("ANALYZE")
    yield Planner(database, Actor(corpus.people["me"], "me", "user", "Europe/Berlin", "", NOW))
    await database.stop()


def reads_everything(found: str) -> bool:
    """Tell whether a plan reads the table of tasks, or one of its indexes, from end to end."""
    return "Seq Scan tasks" in found or any(
        line.startswith(("SCAN tasks", "SCAN tasks_1")) for line in found.splitlines()
    )


async def test_every_list_begins_at_an_index(planner: Planner) -> None:
    await _what_many_are(planner)
    await _what_is_between_days(planner)
    await _what_few_are(planner)
    for fields in WORDS:
        found, _ = await planner.plan(**fields)
        assert "task_words" in found, (fields, found)
        assert planner.database.is_sqlite or "pk_tasks" in found, (fields, found)
        assert not reads_everything(found), (fields, found)


async def _what_many_are(planner: Planner) -> None:
    for sort, index in SORTS.items():
        for fields in MANY:
            found, sorts = await planner.plan(**fields, sort=sort)
            assert index in found, (fields, sort, found)
            assert sorts == 0, (fields, sort, found)
            assert not reads_everything(found), (fields, sort, found)
    for sort in (None, "due", "title"):
        found, sorts = await planner.plan(**UNDATED, sort=sort)
        assert SORTS[sort] in found or "ix_tasks_due" in found, (sort, found)
        assert not reads_everything(found), (sort, found)
    # One that no index has: so a sort would be noticed.
    assert (await planner.plan(sort="title,-due"))[1] == 1


async def _what_is_between_days(planner: Planner) -> None:
    for words, index in DAYS.items():
        for sort, ordered in SORTS.items():
            found, sorts = await planner.plan(filter=words, sort=sort)
            # Where many are in these days, or none but a few are not, the order may as well be walked.
            assert index in found or ordered in found, (words, sort, found)
            assert not reads_everything(found), (words, sort, found)
            if planner.database.is_sqlite:
                assert sorts == (0 if ordered in found else 1), (words, sort, found)


async def _what_few_are(planner: Planner) -> None:
    for words, index in FEW.items():
        for sort in (None, "due", "-priority,due"):
            found, _ = await planner.plan(filter=words, sort=sort)
            whole = await planner.ids(Whole(), filter=words, sort=sort)
            assert not reads_everything(found), (words, sort, found)
            assert await planner.ids(Page(), filter=words, sort=sort) == whole[:51]
            if planner.database.is_sqlite:
                # Nothing but the few is read, however many tasks there are.
                assert index in found, (words, sort, found)
                assert found.startswith("SEARCH tasks USING INDEX sqlite_autoindex_tasks_1 (id=?)"), (
                    words,
                    sort,
                    found,
                )
    trash, _ = await planner.plan(deleted=True)
    assert "ix_tasks_trashed" in trash or "ix_tasks_deleted_at" in trash
    assert not reads_everything(trash)
