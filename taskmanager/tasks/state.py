"""A task as plain values: what the journal keeps, what a patch names, what the API shows."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from taskmanager.journal.changes import DELETED
from taskmanager.kit.columns import instant_text
from taskmanager.projects.names import name_key
from taskmanager.tasks.dates import NEVER, When
from taskmanager.tasks.models import Task, TaskAssignee, TaskLabel
from taskmanager.tasks.schemas import (
    AllDay,
    AllDayOut,
    FloatingOut,
    RecurrenceOut,
    TaskOut,
    Timed,
    WhenOut,
    ZonedOut,
)

KIND = "task"
COMMENT = "comment"
OCCURRENCE = "occurrence"
CLOSED = frozenset({"done", "cancelled"})
_PLAIN = (
    "title",
    "description",
    "status",
    "priority",
    "section_id",
    "parent_id",
    "project_id",
    "position",
    "estimate_minutes",
    "recurrence",
    "occurrence",
)


def state(task: Task) -> dict[str, Any]:
    """Return everything of a task that can change, as JSON values."""
    return {
        **{name: getattr(task, name) for name in _PLAIN},
        "key": task.key,
        "start": when_json(task.start),
        "due": when_json(task.due),
        "deadline": task.deadline.isoformat() if task.deadline else None,
        "labels": [label.name for label in task.labels],
        "assignee_ids": [assignee.user_id for assignee in task.assignees],
        "completed_at": instant_text(task.completed_at) if task.completed_at else None,
    }


def put(task: Task, values: Mapping[str, Any]) -> None:
    """Set fields of a task from JSON values such as :func:`state` returns."""
    for name, value in values.items():
        if name in _PLAIN:
            setattr(task, name, value)
        elif name == "key":
            task.key, task.number = value, int(value.rpartition("-")[2])
        elif name in {"start", "due"}:
            _put_when(task, name, value)
        elif name == "deadline":
            task.deadline = date.fromisoformat(value) if value else None
        elif name == "completed_at":
            task.completed_at = datetime.fromisoformat(value) if value else None
        elif name == "labels":
            _put_labels(task, value)
        elif name == "assignee_ids":
            known = {assignee.user_id: assignee for assignee in task.assignees}
            task.assignees = [known.get(user_id) or TaskAssignee(user_id=user_id) for user_id in value]
    task.title_key = name_key(task.title)


def action_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the word for a change of these fields."""
    if DELETED in after:
        return "trashed" if after[DELETED] else "restored"
    status = after.get("status")
    if status == "done":
        return "completed"
    return "reopened" if status == "todo" and before.get("status") in CLOSED else "updated"


def _put_labels(task: Task, names: list[str]) -> None:
    known = {label.name_key: label for label in task.labels}
    labels = []
    for place, name in enumerate(names):
        label = known.get(name_key(name)) or TaskLabel(name_key=name_key(name))
        label.name, label.place = name, place
        labels.append(label)
    task.labels = labels


def _put_when(task: Task, name: str, value: dict[str, str] | None) -> None:
    when = when_of(value) if value else None
    setattr(task, f"{name}_local", when.local if when else None)
    setattr(task, f"{name}_timezone", when.timezone if when else None)
    if name == "due":
        task.due_sort = when.sort_key if when else NEVER


def when_of(value: Mapping[str, str]) -> When:
    """Return the date of JSON values such as :func:`when_json` returns."""
    return When(value.get("date") or value["datetime"], value.get("timezone"))


def when_json(when: When | None) -> dict[str, str] | None:
    """Return a date as JSON values."""
    if when is None:
        return None
    if when.is_all_day:
        return {"date": when.local}
    return {"datetime": when.local, **({"timezone": when.timezone} if when.timezone else {})}


def given_when(value: AllDay | Timed | None) -> dict[str, str] | None:
    """Return a due or start date of a request as JSON values."""
    if value is None:
        return None
    if isinstance(value, AllDay):
        return {"date": value.date.isoformat()}
    return {"datetime": value.datetime, **({"timezone": value.timezone} if value.timezone else {})}


def when_out(when: When | None) -> WhenOut | None:
    """Return a due or start date as the API shows it."""
    if when is None:
        return None
    if when.is_all_day:
        return AllDayOut(date=date.fromisoformat(when.local))
    if when.timezone is not None and when.at is not None:
        return ZonedOut(datetime=when.local, timezone=when.timezone, at=when.at)
    return FloatingOut(datetime=when.local)


def task_out(task: Task) -> TaskOut:
    """Return a task as the API shows it."""
    return TaskOut(
        id=task.id,
        key=task.key,
        project_id=task.project_id,
        title=task.title,
        description=task.description,
        status=task.status,
        priority=task.priority,
        start=when_out(task.start),
        due=when_out(task.due),
        deadline=task.deadline,
        recurrence=RecurrenceOut.model_validate(task.recurrence) if task.recurrence else None,
        labels=[label.name for label in task.labels],
        assignee_ids=[assignee.user_id for assignee in task.assignees],
        section_id=task.section_id,
        parent_id=task.parent_id,
        position=task.position,
        estimate_minutes=task.estimate_minutes,
        created_by=task.created_by,
        created_at=task.created_at,
        updated_at=task.updated_at,
        completed_at=task.completed_at,
        deleted_at=task.deleted_at,
        version=task.version,
    )
