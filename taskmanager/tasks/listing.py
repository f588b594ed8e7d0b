"""Lists of tasks: of each project no more than a page, read as plain columns; limited to what the actor may see.

A page of a million tasks costs what a page of a thousand costs: each project's own index yields its first rows in the
order that is asked for, and only those are merged. Entities would triple the time of a list that only shows them.
"""

import operator
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, and_, bindparam, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.projects.models import ProjectAccess
from taskmanager.projects.names import name_key
from taskmanager.tasks.dates import When, in_zone, start_of_day
from taskmanager.tasks.models import Task, TaskAssignee, TaskLabel
from taskmanager.tasks.schemas import TaskQuery, read_moment
from taskmanager.tasks.state import when_out

_BY_ID = SortKey(Task.id, lambda task: task.id)
_SORTS = {
    "priority": SortKey(Task.priority, lambda task: task.priority),
    "due": SortKey(Task.due_sort, lambda task: task.due_sort),
    "position": SortKey(Task.position, lambda task: task.position),
    "created_at": SortKey(Task.created_at, lambda task: task.created_at),
    "updated_at": SortKey(Task.updated_at, lambda task: task.updated_at),
    "title": SortKey(Task.title_key, lambda task: task.title_key),
}
MAX_SORTS = 3

_CANDIDATE = aliased(Task)
_THESE: BindParameter[Sequence[str]] = bindparam("ids", expanding=True)
_LABELS = (
    select(TaskLabel.task_id, TaskLabel.name)
    .where(TaskLabel.task_id.in_(_THESE))
    .order_by(TaskLabel.task_id, TaskLabel.place)
)
_ASSIGNEES = (
    select(TaskAssignee.task_id, TaskAssignee.user_id)
    .where(TaskAssignee.task_id.in_(_THESE))
    .order_by(TaskAssignee.task_id, TaskAssignee.user_id)
)

Names = Mapping[str, list[str]]
"""By task."""


def _sort_keys(text: str | None) -> list[SortKey]:
    """Return the order that ``sort`` asks for, made total by the id."""
    words = (text or "-created_at").split(",")
    names = [word.removeprefix("-") for word in words]
    if len(words) > MAX_SORTS or len(set(names)) != len(names) or not set(names) <= set(_SORTS):
        message = f"Sort by up to {MAX_SORTS} of {', '.join(_SORTS)}, each once."
        raise InvalidError.at("/query/sort", "unknown_sort", message)
    keys = []
    for word, name in zip(words, names, strict=True):
        key = _SORTS[name]
        keys.append(SortKey(key.column, key.read, descending=word.startswith("-")))
    return [*keys, SortKey(_BY_ID.column, _BY_ID.read, descending=keys[-1].descending)]


class TaskListing:
    """Pages of the tasks that one actor may see."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def page(self, query: TaskQuery, pager: Pager) -> dict[str, Any]:
        """Return one page of the tasks that ``query`` asks for."""
        keys = _sort_keys(query.sort)
        of_a_project = select(Task.id).where(Task.project_id == ProjectAccess.project_id, *self._conditions(query))
        ids = self._of_each_project(pager.apply(of_a_project, keys), query.project_id)
        statement = pager.apply(select(Task.__table__).where(Task.id.in_(ids)), keys)
        rows = (await self._session.execute(statement)).all()
        labels, assignees = await self._names(_LABELS, rows), await self._names(_ASSIGNEES, rows)
        return pager.page(rows, keys, lambda row: _item(row, labels, assignees))

    def _of_each_project(self, within: Select[str], project_id: str | None) -> Select[str]:
        """Return the ids that ``within`` finds in each of the actor's projects, or in one of them."""
        mine = ProjectAccess.user_id == self._actor.user_id
        if project_id:
            mine &= ProjectAccess.project_id == project_id
        within = within.correlate(ProjectAccess)
        if self._session.get_bind().dialect.name == "postgresql":
            each = within.lateral()
            return select(each.c.id).select_from(ProjectAccess).join(each, true()).where(mine)
        # SQLite has no LATERAL; there an IN serves, which it runs for each project as well.
        return select(_CANDIDATE.id).join(ProjectAccess, _CANDIDATE.id.in_(within)).where(mine)

    async def _names(self, statement: Select[str, str], rows: Sequence[Row[Any]]) -> Names:
        found: dict[str, list[str]] = defaultdict(list)
        for task_id, name in await self._session.execute(statement, {"ids": [row.id for row in rows]}):
            found[task_id].append(name)
        return found

    def _conditions(self, query: TaskQuery) -> Sequence[ColumnElement[bool]]:
        trashed = Task.deleted_at.is_not(None)
        found: list[ColumnElement[bool]] = [trashed if query.deleted else ~trashed]
        if query.status:
            found.append(Task.status.in_(query.status.split(",")))
        if query.priority is not None:
            found.append(Task.priority == query.priority)
        if query.label:
            labelled = select(TaskLabel.task_id).where(TaskLabel.name_key == name_key(query.label))
            found.append(Task.id.in_(labelled))
        if query.assignee:
            user_id = self._actor.user_id if query.assignee == "me" else query.assignee
            found.append(Task.id.in_(select(TaskAssignee.task_id).where(TaskAssignee.user_id == user_id)))
        if query.due_before:
            found.append(self._due(query.due_before, before=True))
        if query.due_after:
            found.append(self._due(query.due_after, before=False))
        return found

    def _due(self, text: str, *, before: bool) -> ColumnElement[bool]:
        """Compare with a date or an instant; what has no due date never compares."""
        moment = read_moment(text)
        zone = self._actor.timezone
        if isinstance(moment, datetime):
            instant = in_zone(moment, "UTC")
            wall = in_zone(moment, zone).replace(tzinfo=UTC)
        else:
            # "After a day" begins when that day is over.
            day = moment if before else date.fromordinal(min(moment.toordinal() + 1, date.max.toordinal()))
            instant = start_of_day(day, zone)
            wall = datetime.combine(day, time.min, tzinfo=UTC)
        zoned = Task.due_timezone.is_not(None)
        if before:
            compared = or_(and_(zoned, Task.due_sort < instant), and_(~zoned, Task.due_sort < wall))
        else:
            strict = isinstance(moment, datetime)
            beyond = operator.gt if strict else operator.ge
            compared = or_(and_(zoned, beyond(Task.due_sort, instant)), and_(~zoned, beyond(Task.due_sort, wall)))
        return and_(Task.due_local.is_not(None), compared)


def _item(row: Row[Any], labels: Names, assignees: Names) -> dict[str, Any]:
    """Return a task as ``TaskOut`` reads it."""
    return {
        **row._asdict(),
        "start": when_out(When(row.start_local, row.start_timezone) if row.start_local else None),
        "due": when_out(When(row.due_local, row.due_timezone) if row.due_local else None),
        "labels": labels.get(row.id, []),
        "assignee_ids": assignees.get(row.id, []),
    }
