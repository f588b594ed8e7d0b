"""Tasks by chance for both databases, and filters about them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.kit.ids import new_id
from taskmanager.projects.models import Project, ProjectAccess
from taskmanager.projects.names import name_key
from taskmanager.tasks.date_words import Day, DayFromToday, FixedDay, NextWeekday
from taskmanager.tasks.dates import NEVER, When
from taskmanager.tasks.filters.tree import (
    AssignedTo,
    Dated,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Plain,
    Priority,
    Query,
    Search,
    Term,
    all_of,
    any_of,
)
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskLabel
from taskmanager.tasks.search.index import TaskIndex
from tests.tasks.filters.trees import FIELDS, PLAIN, RELATIONS, STATUSES

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
"""In Berlin half an hour before clocks go forward; the day before in New York, the day itself in Kiritimati."""
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "UTC", "America/Santiago")
LABELS = ("home", "Home Office", "labour", "labels", "Straße", "x*")
WORDS = ("pay", "rent", "Rental", "garden", "東京都", "Äpfel", "don't", "e-mail", "२०२६", "payment", "the")
PEOPLE = ("me", "ben", "cora")


@dataclass
class Place:
    name: str
    above: str | None
    seen_by: tuple[str, ...]
    id: str = field(default_factory=new_id)


@dataclass
class Sample:
    """A task, with all that a filter can ask of it."""

    task: Task
    place: Place
    labels: list[str]
    assignees: list[str]
    comments: list[str]
    """What was said and is still there."""


class Corpus:
    """People, projects and tasks that depend on nothing but the seed and the number of tasks."""

    def __init__(self, seed: int, tasks: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for tests
        self.people = {name: new_id() for name in PEOPLE}
        self._ids = [new_id() for _ in range(tasks)]
        self.places = [
            Place("Inbox", None, ("me",)),
            Place("Home", None, PEOPLE),
            Place("Garden", "Home", PEOPLE),
            Place("Shed", "Garden", PEOPLE),
            Place("Work", None, ("me", "cora")),
            Place("garden", "Work", ("me", "cora")),
            # Hidden from me, but for a part.
            Place("Secret", None, ("ben",)),
            Place("Open", "Secret", ("me", "ben")),
        ]
        self.samples = [self._sample(number) for number in range(tasks)]

    def _some(self, values: tuple[str, ...], most: int) -> list[str]:
        return self._random.sample(values, self._random.randint(0, most))

    def _instant(self) -> datetime:
        return NOW + timedelta(hours=self._random.randint(-24 * 8, 24 * 4), microseconds=self._random.choice([0, 1]))

    def _when(self) -> When | None:
        wall = (NOW + timedelta(minutes=30 * self._random.randint(-48 * 5, 48 * 9))).replace(tzinfo=None)
        kinds = [None, When(wall.date().isoformat()), When(wall.isoformat())]
        kinds += [When(wall.isoformat(), zone) for zone in ZONES[:3]]
        return self._random.choice(kinds)

    def _sample(self, number: int) -> Sample:
        chance, place = self._random.random, self._random.choice(self.places)
        due, title = self._when(), " ".join(self._some(WORDS, 4)) or "untitled"
        task = Task(
            id=self._ids[number],
            project_id=place.id,
            number=number,
            key=f"X-{number}",
            parent_id=self._random.choice(self._ids[:number]) if number and chance() < 0.2 else None,
            title=title,
            title_key=name_key(title),
            description=" ".join(self._some(WORDS, 3)),
            status=self._random.choice(STATUSES),
            priority=self._random.randint(0, 4),
            due_local=due.local if due else None,
            due_timezone=due.timezone if due else None,
            due_sort=due.sort_key if due else NEVER,
            deadline=date(2026, 3, 20) + timedelta(days=self._random.randint(0, 20)) if chance() < 0.5 else None,
            position="a0",
            created_at=self._instant(),
            updated_at=NOW,
            completed_at=self._instant() if chance() < 0.4 else None,
            version=1,
        )
        said = [" ".join(self._some(WORDS, 2))] if chance() < 0.3 else []
        return Sample(task, place, self._some(LABELS, 3), self._some(place.seen_by, len(place.seen_by)), said)

    async def store(self, session: AsyncSession) -> None:
        """Put everything into a database."""
        people = [_account(user_id, name) for name, user_id in self.people.items()]
        await session.execute(insert(User), people)
        above = {place.name: place.id for place in self.places}
        await session.execute(insert(Project), [_project(place, above) for place in self.places])
        access = [(self.people[name], place.id) for place in self.places for name in place.seen_by]
        rows = [{"user_id": user_id, "project_id": project_id, "role": "editor"} for user_id, project_id in access]
        await session.execute(insert(ProjectAccess), rows)
        columns = [column.key for column in Task.__table__.columns]
        await session.execute(
            insert(Task), [{name: getattr(one.task, name) for name in columns} for one in self.samples]
        )
        await session.execute(insert(TaskLabel), [row for one in self.samples for row in _labels(one)])
        assigned = [
            {"task_id": one.task.id, "user_id": self.people[name]} for one in self.samples for name in one.assignees
        ]
        await session.execute(insert(TaskAssignee), assigned)
        await session.execute(insert(Comment), [row for one in self.samples for row in _comments(one)])
        await TaskIndex(session).add((one.task, one.comments) for one in self.samples)

    def query(self, depth: int = 3) -> Query:
        """Return any filter."""
        kind = self._random.random() if depth else 0.0
        if kind < 0.4:
            return self._term()
        if kind < 0.55:
            return Not(self.query(depth - 1))
        parts = [self.query(depth - 1) for _ in range(self._random.randint(2, 3))]
        return all_of(parts) if kind < 0.8 else any_of(parts)

    def _term(self) -> Term:
        choose, number = self._random.choice, self._random.randint
        days: tuple[Day, ...] = (
            FixedDay(date(2026, 3, number(25, 31))),
            DayFromToday(number(-4, 4)),
            NextWeekday(number(0, 6)),
        )
        day = choose(days)
        terms: list[Term] = [
            Plain(choose(PLAIN)),
            Plain(choose(PLAIN)),
            NextDays(number(1, 5)),
            Dated("due", choose(RELATIONS), day),
            Dated(choose(FIELDS), choose(RELATIONS), day),
            Priority(number(1, 4)),
            Label(choose(("HOME", "home office", "lab", "strasse", "x*", "none"))),
            Label(choose(("home", "LAB", "s", "x", "", "none")), begins=True),
            InProject(choose(("home", "GARDEN", "Secret", "Open", "Work", "none")), below=choose((True, False))),
            InSection("any"),
            AssignedTo(choose(("me", "BEN", "cora", "none"))),
            HasStatus(choose(STATUSES)),
            Search(" ".join(choose((*WORDS, "re", "g", "東", "京", "mail", "none", "!")) for _ in range(number(1, 2)))),
        ]
        return choose(terms)


def _account(user_id: str, name: str) -> dict[str, Any]:
    words = {"display_name": name, "role": "user", "active": True, "timezone": "UTC", "locale": "en"}
    return {"id": user_id, "username": name, "created_at": NOW, "auth_epoch": 0, **words}


def _project(place: Place, above: dict[str, str]) -> dict[str, Any]:
    words = {"name": place.name, "name_key": name_key(place.name), "key": "X", "description": "", "last_number": 0}
    parent_id = above[place.above] if place.above else None
    return {"id": place.id, "parent_id": parent_id, "created_at": NOW, "updated_at": NOW, "version": 1, **words}


def _labels(sample: Sample) -> list[dict[str, Any]]:
    return [
        {"task_id": sample.task.id, "name": name, "name_key": name_key(name), "place": place}
        for place, name in enumerate(sample.labels)
    ]


def _comments(sample: Sample) -> list[dict[str, Any]]:
    shared = {"task_id": sample.task.id, "created_at": NOW, "updated_at": NOW, "version": 1}
    said = [{"id": new_id(), "body": body, "deleted_at": None, **shared} for body in sample.comments]
    return [*said, {"id": new_id(), "body": "the secret that was taken back", "deleted_at": NOW, **shared}]
