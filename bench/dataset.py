"""The same accounts and tasks for every server, put into the databases directly: a million rows in about a minute."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import nacl.pwhash.argon2id
from fractional_indexing import generate_n_keys_between
from sqlalchemy import insert, select, update

from taskmanager.auth.accounts import Accounts
from taskmanager.auth.passwords import MEMORY_BYTES, OPERATIONS
from taskmanager.kit import clock, migrate
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.projects.models import Project
from taskmanager.tasks.dates import NEVER, When
from taskmanager.tasks.models import Task, TaskLabel
from taskmanager.tasks.search.index import TaskIndex

PASSWORD = "a long enough password"  # noqa: S105 - of accounts that live for one measurement
PASSWORD_HASH = nacl.pwhash.argon2id.str(PASSWORD.encode(), OPERATIONS, MEMORY_BYTES).decode()
TASKS_OF_A_USER = 1000
BATCH = 5000
WORDS = ("invoice", "garden", "server", "letter", "kitchen", "release", "travel", "library", "doctor", "budget")
LABELS = ("home", "work", "errand", "waiting", "someday")
DESCRIPTION = "Ask for the figures first, then write the answer and file both. "


@dataclass(frozen=True)
class Drafted:
    """One task before it is a row of any server."""

    number: int
    title: str
    description: str
    priority: int
    due: date | None
    labels: tuple[str, ...]
    created_at: datetime


def usernames(tasks: int) -> list[str]:
    """Return as many accounts as share this number of tasks."""
    return [f"user{number}" for number in range(max(1, tasks // TASKS_OF_A_USER))]


def drafts(count: int, since: datetime) -> Iterator[Drafted]:
    """Yield one account's tasks, oldest first."""
    for number in range(1, count + 1):
        yield Drafted(
            number,
            f"{WORDS[number % 10].title()} {WORDS[number // 10 % 10]}, part {number}",
            DESCRIPTION * (number % 3),
            number % 5,
            since.date() + timedelta(days=number % 90) if number % 3 == 0 else None,
            LABELS[number % 5 : number % 5 + number % 3],
            since + timedelta(minutes=number),
        )


def fill(settings: Settings, tasks: int) -> None:
    """Make TaskManager's database with ``tasks`` tasks, each account's in its Inbox."""
    migrate.upgrade(settings)
    asyncio.run(_fill(settings, tasks))


async def _fill(settings: Settings, tasks: int) -> None:
    database = open_database(settings)
    names = usernames(tasks)
    each = tasks // len(names)
    since = clock.now() - timedelta(minutes=each)
    positions = generate_n_keys_between(None, None, each)
    rows: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []

    async def flush() -> None:
        found = [(Task(**row), ()) for row in rows]
        async with database.write() as session:
            connection = await session.connection()
            await connection.execute(insert(Task), rows)
            if labels:
                await connection.execute(insert(TaskLabel), labels)
            await TaskIndex(session).add(found)
        rows.clear()
        labels.clear()

    for name in names:
        async with database.write() as session:
            user = await Accounts(session).add(name, "user", PASSWORD_HASH)
            inbox = (await session.execute(select(Project).where(Project.inbox_of == user.id))).scalar_one()
            await session.execute(update(Project).where(Project.id == inbox.id).values(last_number=each))
        for draft in drafts(each, since):
            task = _row(draft, user.id, inbox.id, f"{inbox.key}-{draft.number}", positions[draft.number - 1])
            rows.append(task)
            labels += [
                {"task_id": task["id"], "name": label, "name_key": label, "place": place}
                for place, label in enumerate(draft.labels)
            ]
            if len(rows) >= BATCH:
                await flush()
    if rows:
        await flush()
    await database.stop()


def _row(draft: Drafted, user_id: str, project_id: str, key: str, position: str) -> dict[str, Any]:
    due = When(draft.due.isoformat()) if draft.due else None
    return {
        "id": new_id(),
        "project_id": project_id,
        "number": draft.number,
        "key": key,
        "title": draft.title,
        "title_key": draft.title.lower(),
        "description": draft.description,
        "status": "todo",
        "priority": draft.priority,
        "due_local": due.local if due else None,
        "due_sort": due.sort_key if due else NEVER,
        "position": position,
        "created_by": user_id,
        "created_at": draft.created_at,
        "updated_at": draft.created_at,
        "version": 1,
    }


def usual_rows(tasks: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of the same data for the usual way: users, tasks, labels."""
    names = usernames(tasks)
    each = tasks // len(names)
    since = clock.now() - timedelta(minutes=each)
    users = [{"id": new_id(), "username": name, "password_hash": PASSWORD_HASH} for name in names]
    rows, labels = [], []
    for user in users:
        for draft in drafts(each, since):
            row = {
                "id": new_id(),
                "owner_id": user["id"],
                "title": draft.title,
                "description": draft.description,
                "status": "todo",
                "priority": draft.priority,
                "due": draft.due.isoformat() if draft.due else None,
                "created_at": draft.created_at.isoformat(),
                "updated_at": draft.created_at.isoformat(),
            }
            rows.append(row)
            labels += [{"task_id": row["id"], "name": label} for label in draft.labels]
    return users, rows, labels
