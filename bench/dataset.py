"""The same accounts and tasks for every server, put into the databases directly: a million rows in about a minute."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import nacl.pwhash.argon2id
from fractional_indexing import generate_n_keys_between
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.accounts import Accounts
from taskmanager.auth.passwords import MEMORY_BYTES, OPERATIONS
from taskmanager.kit import clock, migrate
from taskmanager.kit.db import Database
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.projects.models import Project, ProjectAccess, ProjectMember
from taskmanager.tasks.dates import NEVER, When
from taskmanager.tasks.models import Task, TaskAssignee, TaskLabel
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
    today = clock.now().date()
    for number in range(1, count + 1):
        yield Drafted(
            number,
            f"{WORDS[number % 10].title()} {WORDS[number // 10 % 10]}, part {number}",
            DESCRIPTION * (number % 3),
            number % 5,
            today + timedelta(days=number % 91 - 30) if number % 3 == 0 else None,
            LABELS[number % 5 : number % 5 + number % 3],
            since + timedelta(minutes=number),
        )


@dataclass(frozen=True)
class Owner:
    """An account with its tasks, in its Inbox or spread over projects of its own.

    ``varied`` tasks are partly finished and partly assigned, as lists are asked for.
    """

    name: str
    tasks: int
    projects: int = 0
    varied: bool = False


def fill(settings: Settings, tasks: int) -> None:
    """Make TaskManager's database with ``tasks`` tasks, each account's in its Inbox."""
    names = usernames(tasks)
    fill_accounts(settings, [Owner(name, tasks // len(names)) for name in names])


def fill_accounts(settings: Settings, owners: Sequence[Owner]) -> None:
    """Make TaskManager's database with some accounts and their tasks."""
    migrate.upgrade(settings)
    asyncio.run(_fill(settings, owners))


async def _fill(settings: Settings, owners: Sequence[Owner]) -> None:
    database = open_database(settings)
    rows = _Rows()
    for owner in owners:
        since = clock.now() - timedelta(minutes=owner.tasks)
        positions = generate_n_keys_between(None, None, owner.tasks)
        async with database.write() as session:
            user = await Accounts(session).add(owner.name, "user", PASSWORD_HASH)
            places = await _places(session, user.id, owner)
        for draft in drafts(owner.tasks, since):
            place = places[draft.number * 7919 % 10007 % len(places)]
            rows.add(draft, _row(draft, user.id, place, positions[draft.number - 1]), owner)
            if len(rows.tasks) >= BATCH:
                await rows.flush(database)
    await rows.flush(database)
    await database.stop()


async def _places(session: AsyncSession, user_id: str, owner: Owner) -> list[str]:
    """Return the projects that an account's tasks go to."""
    inbox = (await session.execute(select(Project.id).where(Project.inbox_of == user_id))).scalar_one()
    if not owner.projects:
        await session.execute(update(Project).where(Project.id == inbox).values(last_number=owner.tasks))
        return [inbox]
    now = clock.now()
    shared = {"key": "P", "description": "", "last_number": owner.tasks, "created_by": user_id, "version": 1}
    shared |= {"created_at": now, "updated_at": now}
    names = [f"Project {number}" for number in range(owner.projects)]
    found: list[dict[str, Any]] = [{"id": new_id(), "name": name, "name_key": name.lower(), **shared} for name in names]
    mine = [{"project_id": one["id"], "user_id": user_id, "role": "admin"} for one in found]
    await session.execute(insert(Project), found)
    await session.execute(insert(ProjectMember), [{**one, "created_at": now} for one in mine])
    await session.execute(insert(ProjectAccess), mine)
    return [one["id"] for one in found]


class _Rows:
    """What is to be written next."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self._labels: list[dict[str, Any]] = []
        self._assignees: list[dict[str, Any]] = []

    def add(self, draft: Drafted, task: dict[str, Any], owner: Owner) -> None:
        if owner.varied and draft.number % 4 == 0:
            task |= {"status": "done", "completed_at": draft.created_at}
        elif owner.varied and draft.number % 1000 == 3:
            task["status"] = "in_progress"
        self.tasks.append(task)
        self._labels += [
            {"task_id": task["id"], "name": label, "name_key": label, "place": place}
            for place, label in enumerate(draft.labels)
        ]
        if owner.varied and draft.number % 500 == 1:
            self._labels.append({"task_id": task["id"], "name": "rare", "name_key": "rare", "place": 9})
        if owner.varied and draft.number % 100 == 7:
            self._assignees.append({"task_id": task["id"], "user_id": task["created_by"]})

    async def flush(self, database: Database) -> None:
        if not self.tasks:
            return
        found = [(Task(**row), ()) for row in self.tasks]
        async with database.write() as session:
            connection = await session.connection()
            # One statement each: its columns are those of the first row.
            for status in ("todo", "in_progress", "done"):
                some = [row for row in self.tasks if row["status"] == status]
                if some:
                    await connection.execute(insert(Task), some)
            for table, given in ((TaskLabel, self._labels), (TaskAssignee, self._assignees)):
                if given:
                    await connection.execute(insert(table), given)
                given.clear()
            await TaskIndex(session).add(found)
        self.tasks.clear()


def _row(draft: Drafted, user_id: str, project_id: str, position: str) -> dict[str, Any]:
    due = When(draft.due.isoformat()) if draft.due else None
    return {
        "id": new_id(),
        "project_id": project_id,
        "number": draft.number,
        "key": f"P-{draft.number}",
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
