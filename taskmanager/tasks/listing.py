"""Lists of tasks: of each project no more than a page, read as plain columns; limited to what the actor may see.

A page of a million tasks costs what a page of a thousand costs: each project's own index yields its first rows in the
order that is asked for, and only those are merged. Entities would triple the time of a list that only shows them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, FromClause, Row, Select, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.paging import Pager, SortKey
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.asking import asked_for, beside, sort_keys
from taskmanager.tasks.dates import When
from taskmanager.tasks.filters.conditions import Conditions, about_projects
from taskmanager.tasks.filters.starting import Beginning, Beginnings
from taskmanager.tasks.filters.tree import Query, Search, terms
from taskmanager.tasks.models import Task, TaskAssignee, TaskLabel
from taskmanager.tasks.repository import MAX_IDS
from taskmanager.tasks.schemas import TaskQuery
from taskmanager.tasks.search.highlights import Highlights
from taskmanager.tasks.search.matching import Matching
from taskmanager.tasks.search.words import wanted
from taskmanager.tasks.state import when_out

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


class TaskListing:
    """Pages of the tasks that one actor may see."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._is_postgresql = session.get_bind().dialect.name == "postgresql"

    async def page(self, query: TaskQuery, pager: Pager) -> dict[str, Any]:
        """Return one page of the tasks that ``query`` asks for."""
        asked = asked_for(query)
        matching = await self._matching(asked)
        means = Conditions(self._actor, clock.now(), Task.project_id, matching)
        projects = self._projects(query, asked, means)
        searched = [part for part in asked if isinstance(part, Search)][-1:]
        rest = [part for part in asked if not about_projects(part) and part not in searched]
        conditions = [*(means.of(part) for part in rest), *beside(query, self._actor)]
        keys = sort_keys(query.sort)
        shown = select(*Task.__table__.columns)
        if searched and matching is not None:
            # What the index of words finds is put in order as a whole; mostly it is little.
            found = matching.ranked(wanted(searched[0].text))
            if query.q is not None and query.sort is None:
                keys.insert(0, SortKey(found.c.rank, lambda task: task.rank, descending=True))
            mine = Task.project_id.in_(select(ProjectAccess.project_id).where(*projects))
            shown = shown.add_columns(found.c.rank).join(found, found.c.task_id == Task.id)
            if self._is_postgresql:
                shown = shown.where(Task.id.in_(_one_by_one(found, pager, keys, [mine, *conditions])))
            else:
                shown = shown.where(mine, *conditions)
        else:
            few = await Beginnings(self._session, self._actor.user_id).rarest(rest, trashed=query.deleted)
            if few is not None:
                these = self._of_few(few, pager, keys, projects, conditions)
            else:
                of_a_project = select(Task.id).where(Task.project_id == ProjectAccess.project_id, *conditions)
                these = self._of_each_project(pager.apply(of_a_project, keys), projects)
            shown = shown.where(Task.id.in_(these))
        rows = (await self._session.execute(pager.apply(shown, keys))).all()
        labels, assignees = await self._names(_LABELS, rows), await self._names(_ASSIGNEES, rows)
        page = pager.page(rows, keys, lambda row: _item(row, labels, assignees))
        if query.q is not None:
            page["highlights"] = await Highlights(self._session, wanted(query.q)).of(rows[: pager.limit])
        return page

    async def items(self, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
        """Return rows of the table of tasks as ``TaskOut`` reads them."""
        labels, assignees = await self._names(_LABELS, rows), await self._names(_ASSIGNEES, rows)
        return [_item(row, labels, assignees) for row in rows]

    def _projects(self, query: TaskQuery, asked: Sequence[Query], means: Conditions) -> list[ColumnElement[bool]]:
        """Return which of the projects that the actor may see come into question at all."""
        of_project = replace(means, project_id=ProjectAccess.project_id)
        found = [ProjectAccess.user_id == self._actor.user_id]
        if query.project_id:
            found.append(ProjectAccess.project_id == query.project_id)
        return [*found, *(of_project.of(part) for part in asked if about_projects(part))]

    async def _matching(self, asked: Sequence[Query]) -> Matching | None:
        """Return the index of words, limited to the actor's projects, if anything is searched for."""
        if not any(isinstance(term, Search) for part in asked for term in terms(part)):
            return None
        mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)
        return Matching((await self._session.execute(mine)).scalars().all(), fts5=not self._is_postgresql)

    def _of_each_project(self, within: Select[str], projects: Sequence[ColumnElement[bool]]) -> Select[str]:
        """Return the ids that ``within`` finds in each of some projects."""
        within = within.correlate(ProjectAccess)
        if self._is_postgresql:
            each = within.lateral()
            return select(each.c.id).select_from(ProjectAccess).join(each, true()).where(*projects)
        # SQLite has no LATERAL; there an IN serves, which it runs for each project as well.
        return select(_CANDIDATE.id).join(ProjectAccess, _CANDIDATE.id.in_(within)).where(*projects)

    def _of_few(
        self,
        few: Beginning,
        pager: Pager,
        keys: Sequence[SortKey],
        projects: Sequence[ColumnElement[bool]],
        conditions: Sequence[ColumnElement[bool]],
    ) -> Select[str]:
        """Return the ids of a page of those among few tasks that are asked for; nothing but these few is read."""
        mine = select(ProjectAccess.project_id).where(*projects)
        if not self._is_postgresql:
            # An expression is no column: SQLite would rather begin with the project.
            project_id = func.coalesce(Task.project_id, Task.project_id)
            return pager.apply(select(Task.id).where(Task.id.in_(few), project_id.in_(mine), *conditions), keys)
        ids = select(few.subquery().c[0]).distinct().subquery()
        return _one_by_one(ids, pager, keys, [Task.project_id.in_(mine), *conditions])

    async def _names(self, statement: Select[str, str], rows: Sequence[Row[Any]]) -> Names:
        found: dict[str, list[str]] = defaultdict(list)
        for begin in range(0, len(rows), MAX_IDS):
            ids = [row.id for row in rows[begin : begin + MAX_IDS]]
            for task_id, name in await self._session.execute(statement, {"ids": ids}):
                found[task_id].append(name)
        return found


def _one_by_one(
    ids: FromClause, pager: Pager, keys: Sequence[SortKey], conditions: Sequence[ColumnElement[bool]]
) -> Select[str]:
    """Return a page of the tasks whose ids are in the first column, those of which the conditions are true.

    PostgreSQL would rather read the whole table than look for thousands by their ids: it never knows how many a
    beginning of a word finds.
    """
    own = [key for key in keys if not any(key.column is column for column in ids.c)]
    values: list[ColumnElement[Any]] = [key.column.label(f"key_{number}") for number, key in enumerate(own)]
    of_one: Select[*tuple[Any, ...]] = select(Task.id, *values)
    one = of_one.where(Task.id == ids.c[0], *conditions).limit(1).lateral()
    known = {id(key): replace(key, column=one.c[f"key_{number}"]) for number, key in enumerate(own)}
    sorted_by = [known.get(id(key), key) for key in keys]
    return pager.apply(select(one.c.id).select_from(ids).join(one, true()), sorted_by)


def _item(row: Row[Any], labels: Names, assignees: Names) -> dict[str, Any]:
    """Return a task as ``TaskOut`` reads it."""
    return {
        **row._asdict(),
        "start": when_out(When(row.start_local, row.start_timezone) if row.start_local else None),
        "due": when_out(When(row.due_local, row.due_timezone) if row.due_local else None),
        "labels": labels.get(row.id, []),
        "assignee_ids": assignees.get(row.id, []),
    }
