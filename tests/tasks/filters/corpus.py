"""Tasks by chance, for both databases."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.kit.ids import new_id
from taskmanager.projects.models import Project, ProjectAccess, Section
from taskmanager.projects.names import name_key
from taskmanager.tasks.dates import NEVER, When
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskLabel, TaskRelation
from taskmanager.tasks.search.index import TaskIndex
from taskmanager.tasks.search.words import words
from tests.tasks.filters.trees import STATUSES

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
"""In Berlin half an hour before clocks go forward; the day before in New York, the day itself in Kiritimati."""
ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "UTC", "America/Santiago")
LABELS = ("home", "Home Office", "labour", "labels", "Straße", "x*")
WORDS = ("pay", "rent", "Rental", "garden", "東京都", "Äpfel", "don't", "e-mail", "२०२६", "payment", "the")
PEOPLE = ("me", "ben", "cora")
SECTIONS = ("Doing", "doing it", "Später", "A/B")
KINDS = ("blocks", "blocks", "blocks", "relates", "duplicates", "precedes")
WEEKLY = {"rrule": "FREQ=WEEKLY", "anchor": "due", "catch_up": "none", "start": {"date": "2026-03-01"}}


@dataclass
class Place:
    name: str
    above: str | None
    seen_by: tuple[str, ...]
    id: str = field(default_factory=new_id)
    sections: dict[str, str] = field(default_factory=dict)
    """Its own, by name; not every project has each of them."""


@dataclass
class Sample:
    """A task, with all that a filter can ask of it."""

    task: Task
    place: Place
    labels: list[str]
    assignees: list[str]
    comments: list[str]
    """What was said and is still there."""
    section: str | None
    words: frozenset[str] = frozenset()
    blockers: list["Sample"] = field(default_factory=list)
    """Whatever blocks it, open or not, and whoever sees that."""


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
        for place in self.places:
            place.sections = {name: new_id() for name in self._some(SECTIONS, len(SECTIONS))}
        self.samples = [self._sample(number) for number in range(tasks)]
        self.relations = self._relations()
        # Where it says that very many tasks were made, lists may begin with what few of them are.
        self._made = self._random.choice([0, 1_000_000])

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
        section = self._random.choice([None, *place.sections])
        task = Task(
            id=self._ids[number],
            project_id=place.id,
            number=number,
            key=f"X-{number}",
            section_id=place.sections[section] if section else None,
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
            recurrence=WEEKLY if chance() < 0.2 else None,
            position="a0",
            created_at=self._instant(),
            updated_at=NOW,
            completed_at=self._instant() if chance() < 0.4 else None,
            deleted_at=NOW if chance() < 0.05 else None,
            version=1,
        )
        said = [" ".join(self._some(WORDS, 2)) for _ in range(self._random.choice([0, 0, 0, 1, 3]))]
        labels, assignees = self._some(LABELS, 3), self._some(place.seen_by, len(place.seen_by))
        found_by = frozenset(word for text in (title, task.description, *said) for word in words(text))
        return Sample(task, place, labels, assignees, said, section, found_by)

    def _relations(self) -> list[dict[str, Any]]:
        """Return some, each once, and note who is blocked."""
        found = {}
        for _ in range(len(self.samples) // 2):
            one, other = self._random.sample(self.samples, 2)
            found[one.task.id, other.task.id, self._random.choice(KINDS)] = one, other
        for (_, _, kind), (one, other) in found.items():
            if kind == "blocks":
                other.blockers.append(one)
        return [{"id": new_id(), "task_id": one, "other_id": other, "kind": kind} for one, other, kind in found]

    async def store(self, session: AsyncSession) -> None:
        """Put everything into a database."""
        people = [_account(user_id, name) for name, user_id in self.people.items()]
        await session.execute(insert(User), people)
        above = {place.name: place.id for place in self.places}
        await session.execute(
            insert(Project), [{**_project(place, above), "last_number": self._made} for place in self.places]
        )
        access = [(self.people[name], place.id) for place in self.places for name in place.seen_by]
        rows = [{"user_id": user_id, "project_id": project_id, "role": "editor"} for user_id, project_id in access]
        await session.execute(insert(ProjectAccess), rows)
        await session.execute(insert(Section), [row for place in self.places for row in _sections(place)])
        columns = [column.key for column in Task.__table__.columns]
        await session.execute(
            insert(Task), [{name: getattr(one.task, name) for name in columns} for one in self.samples]
        )
        await session.execute(insert(TaskRelation), self.relations)
        await session.execute(insert(TaskLabel), [row for one in self.samples for row in _labels(one)])
        assigned = [
            {"task_id": one.task.id, "user_id": self.people[name]} for one in self.samples for name in one.assignees
        ]
        await session.execute(insert(TaskAssignee), assigned)
        await session.execute(insert(Comment), [row for one in self.samples for row in _comments(one)])
        await TaskIndex(session).add((one.task, one.comments) for one in self.samples)


def _account(user_id: str, name: str) -> dict[str, Any]:
    words = {"display_name": name, "role": "user", "active": True, "timezone": "UTC", "locale": "en"}
    return {"id": user_id, "username": name, "created_at": NOW, "auth_epoch": 0, **words}


def _project(place: Place, above: dict[str, str]) -> dict[str, Any]:
    words = {"name": place.name, "name_key": name_key(place.name), "key": "X", "description": "", "last_number": 0}
    parent_id = above[place.above] if place.above else None
    return {"id": place.id, "parent_id": parent_id, "created_at": NOW, "updated_at": NOW, "version": 1, **words}


def _sections(place: Place) -> list[dict[str, Any]]:
    shared = {"project_id": place.id, "position": "a0", "created_at": NOW, "updated_at": NOW, "version": 1}
    return [{"id": id_, "name": name, "name_key": name_key(name), **shared} for name, id_ in place.sections.items()]


def _labels(sample: Sample) -> list[dict[str, Any]]:
    return [
        {"task_id": sample.task.id, "name": name, "name_key": name_key(name), "place": place}
        for place, name in enumerate(sample.labels)
    ]


def _comments(sample: Sample) -> list[dict[str, Any]]:
    shared = {"task_id": sample.task.id, "created_at": NOW, "updated_at": NOW, "version": 1}
    said = [{"id": new_id(), "body": body, "deleted_at": None, **shared} for body in sample.comments]
    return [*said, {"id": new_id(), "body": "the secret that was taken back", "deleted_at": NOW, **shared}]
