"""Single tasks of hot paths as rows: read, added and changed by prepared statements, beside the unit of work.

A task that comes from here belongs to no session: what is changed in it is written by :meth:`TaskRows.save`.
"""

from functools import cache
from typing import Any, cast

from sqlalchemy import String, Table, bindparam, insert, literal_column, select, union_all, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit.prepared import Prepared
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.models import Task, TaskAssignee, TaskLabel

_TASKS, _LABELS, _ASSIGNEES, _ACCESS = (
    cast("Table", model.__table__) for model in (Task, TaskLabel, TaskAssignee, ProjectAccess)
)
_NAMES = tuple(column.key for column in _TASKS.columns)
_ADD = Prepared(insert(_TASKS), _NAMES)
_ADD_LABEL = Prepared(insert(_LABELS), ("task_id", "name_key", "name", "place"))
_ADD_ASSIGNEE = Prepared(insert(_ASSIGNEES), ("task_id", "user_id"))
_FIND = Prepared(
    select(*_TASKS.columns, _ACCESS.c.role)
    .join(_ACCESS, _ACCESS.c.project_id == _TASKS.c.project_id)
    .where(
        _TASKS.c.id == bindparam("task_id"), _TASKS.c.deleted_at.is_(None), _ACCESS.c.user_id == bindparam("user_id")
    )
    .with_for_update(of=_TASKS, key_share=True)
)
_PARTS = Prepared(
    union_all(
        select(_LABELS.c.place, _LABELS.c.name_key, _LABELS.c.name).where(_LABELS.c.task_id == bindparam("task_id")),
        select(literal_column("-1"), sql_cast(_ASSIGNEES.c.user_id, String), literal_column("''")).where(
            _ASSIGNEES.c.task_id == bindparam("task_id")
        ),
    )
)


@cache
def _change_of(names: tuple[str, ...]) -> Prepared:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return Prepared(update(_TASKS).where(_TASKS.c.id == bindparam("this")).values(values))


class TaskRows:
    """Rows of tasks within one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, task: Task) -> None:
        """Insert a task with its labels and assignees; raises IntegrityError for an id in use."""
        await _ADD.run_with(self._session, values_of(task))
        labels = [
            {"task_id": task.id, "name_key": label.name_key, "name": label.name, "place": label.place}
            for label in task.labels
        ]
        await _ADD_LABEL.run_many(self._session, labels)
        assignees = [{"task_id": task.id, "user_id": assignee.user_id} for assignee in task.assignees]
        await _ADD_ASSIGNEE.run_many(self._session, assignees)

    async def find(self, task_id: str, user_id: str) -> tuple[Task, str] | None:
        """Return a live task that an account sees, locked, and the account's role in its project."""
        row = await _FIND.first(self._session, task_id=task_id, user_id=user_id)
        if row is None:
            return None
        *values, role = row
        task = Task(**dict(zip(_NAMES, values, strict=True)))
        parts = sorted((await _PARTS.run(self._session, task_id=task_id)).rows)
        task.labels = [
            TaskLabel(task_id=task_id, name_key=key, name=name, place=place) for place, key, name in parts if place >= 0
        ]
        task.assignees = [TaskAssignee(task_id=task_id, user_id=user) for place, user, _ in parts if place < 0]
        return task, role

    async def save(self, task: Task, before: dict[str, Any]) -> None:
        """Write what differs from ``before`` (as :func:`values_of` had it); labels and assignees are left alone."""
        changed = {name: value for name, value in values_of(task).items() if before[name] != value}
        if changed:
            await _change_of(tuple(changed)).run_with(self._session, {**changed, "this": task.id})


def values_of(task: Task) -> dict[str, Any]:
    """Return the columns of a task."""
    return {name: getattr(task, name) for name in _NAMES}
