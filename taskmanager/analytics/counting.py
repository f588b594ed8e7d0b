"""What a task counts for. Everything follows from its rows and its journal, so it can be counted anew at any time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from taskmanager.analytics.models import NOBODY, UNASSIGNED
from taskmanager.analytics.slots import EPOCH, slot_of
from taskmanager.tasks.dates import When, in_zone
from taskmanager.tasks.state import CLOSED

FLOWS = ("created", "completed", "done_for", "due", "lead", "cycle")
"""Kinds of what happened at a time; their slot is a quarter of an hour, and what is older than what is kept goes.

``done_for`` is ``completed`` by assignee; ``due`` has those with a due date, and as total those in time; ``lead`` and
``cycle`` have the seconds from the making, and from the beginning of work, to the end.
"""
DUES = ("due_instant", "due_day", "due_wall")
"""Kinds of open tasks with a due date; their slot is its second since 1970, or what the wall shows read as UTC."""


class Contribution(NamedTuple):
    """One count of a task's."""

    kind: str
    slot: int
    who: str = NOBODY
    n: int = 1
    total: int = 0


class Completion(NamedTuple):
    """One end of a task, or of one round of it: when, what it was due, whose clocks decide, and whether it recurs."""

    at: datetime
    due: When | None
    zone: str
    recurring: bool


@dataclass(slots=True)
class Story:
    """What the journal tells of a task's status: when work on it began, and who finished it."""

    begun_at: datetime | None = None
    finished_by: str | None = None

    def add(self, status: str, at: datetime, actor_id: str) -> None:
        """Add the next change of status. What is put back among what is to do has not begun."""
        if status == "in_progress":
            self.begun_at = self.begun_at or at
        elif status == "todo":
            self.begun_at = None
        elif status == "done":
            self.finished_by = actor_id


@dataclass(slots=True)
class Material:
    """A task's row with all that its counts follow from."""

    task: Any
    assignees: list[str] = field(default_factory=list)
    rounds: list[Any] = field(default_factory=list)
    story: Story = field(default_factory=Story)


def contributions(material: Material, zones: Mapping[str, str]) -> list[Contribution]:
    """Return what a task counts for; ``zones`` has the time zones of accounts. In the trash it counts for nothing."""
    task = material.task
    if task.deleted_at is not None:
        return []
    people = material.assignees or [UNASSIGNED]
    found = [Contribution("created", slot_of(task.created_at))]
    for completion in _completions(material, zones):
        found += _finished(completion, task.created_at, material.story.begun_at, people)
    if task.status not in CLOSED:
        found += _open(task, people)
    return found


def _completions(material: Material, zones: Mapping[str, str]) -> Iterator[Completion]:
    """Yield each round that was completed, and the end of the task itself unless that was the last round."""
    task, own = material.task, zones.get(material.task.created_by, "UTC")
    for one in material.rounds:
        yield Completion(one.at, When(one.local, one.timezone), zones.get(one.actor_id, own), True)
    if task.status == "done" and task.completed_at is not None:
        # The last round of a task that ends with it is written down right after.
        if any(one.at >= task.completed_at for one in material.rounds):
            return
        due = When(task.due_local, task.due_timezone) if task.due_local else None
        yield Completion(task.completed_at, due, zones.get(material.story.finished_by or "", own), False)


def _finished(
    completion: Completion, created_at: datetime, begun_at: datetime | None, people: Sequence[str]
) -> Iterator[Contribution]:
    at, slot = completion.at, slot_of(completion.at)
    yield Contribution("completed", slot)
    yield from (Contribution("done_for", slot, who) for who in people)
    if completion.due is not None:
        yield Contribution("due", slot, total=int(_in_time(at, completion.due, completion.zone)))
    if completion.recurring:
        return
    if at >= created_at:
        yield Contribution("lead", slot, total=int((at - created_at).total_seconds()))
    if begun_at is not None and at >= begun_at:
        yield Contribution("cycle", slot, total=int((at - begun_at).total_seconds()))


def _in_time(at: datetime, due: When, zone: str) -> bool:
    """Tell whether the day, or the moment if there is one, was not over; without a zone by that of whoever did it."""
    if due.at is not None:
        return at <= due.at
    shown = in_zone(at, zone).replace(tzinfo=None)
    wall = datetime.fromisoformat(due.local)
    return shown.date() <= wall.date() if due.is_all_day else shown <= wall


def _open(task: Any, people: Sequence[str]) -> Iterator[Contribution]:
    yield Contribution("open", slot_of(task.created_at))
    yield Contribution("priority", task.priority)
    yield from (Contribution("load", 0, who) for who in people)
    if task.due_local:
        kind = "due_instant" if task.due_timezone else "due_wall" if "T" in task.due_local else "due_day"
        second = int((task.due_sort - EPOCH).total_seconds())
        yield from (Contribution(kind, second, who) for who in (NOBODY, *people))
