"""From the tree of a filter to conditions of SQL, which mean the same on both databases.

Every condition is true or false, never null: what compares with nothing is false, and its negation true.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.projects.models import Project, ProjectAccess, Section
from taskmanager.projects.names import name_key
from taskmanager.tasks.date_words import Day
from taskmanager.tasks.dates import in_zone
from taskmanager.tasks.filters import days
from taskmanager.tasks.filters.tree import (
    And,
    AssignedTo,
    Dated,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Or,
    Plain,
    Priority,
    Query,
    Search,
    Term,
    terms,
    without_nested_not,
)
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskLabel, TaskRelation
from taskmanager.tasks.search.matching import Matching
from taskmanager.tasks.search.words import wanted
from taskmanager.tasks.state import CLOSED

_A_DAY = timedelta(days=1)
_AFTER_ALL = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Conditions:
    """Reads filters as one actor means them at one moment.

    ``project_id`` is the column that terms about projects speak of; without ``matching`` there is no ``search``.
    """

    actor: Actor
    now: datetime
    project_id: InstrumentedAttribute[str]
    matching: Matching | None = None

    def of(self, query: Query) -> ColumnElement[bool]:
        """Return what is true of the tasks that a filter asks for."""
        return self._of(without_nested_not(query))

    def _of(self, query: Query) -> ColumnElement[bool]:
        match query:
            case And(parts) | Or(parts):
                # Older SQLite reads an expression with a stack of a hundred: what nests must have nothing before it.
                nested = [self._of(part) for part in parts if isinstance(part, And | Or)]
                flat = [part for part in parts if not isinstance(part, And | Or)]
                return and_(*nested, *self._all(flat)) if isinstance(query, And) else or_(*nested, *self._any(flat))
            case Not(part):
                return not_(self._of(part))
            case _:
                return self._term(query)

    def _all(self, parts: Sequence[Query]) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions of what must hold together; names that must not be there count as alternatives."""
        names = [part.part for part in parts if isinstance(part, Not) and isinstance(part.part, Label | InProject)]
        if names:
            yield not_(or_(*self._any(names)))
        yield from (self._of(part) for part in parts if not (isinstance(part, Not) and part.part in names))

    def _any(self, parts: Sequence[Query]) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions of alternatives; names of a kind are looked up together, however many they are."""
        labels = [part for part in parts if isinstance(part, Label)]
        if labels:
            yield self._labelled(labels)
        for below in (False, True):
            keys = [name_key(part.name) for part in parts if isinstance(part, InProject) and part.below is below]
            if keys:
                yield self._in_project(keys, below=below)
        yield from (self._of(part) for part in parts if not isinstance(part, Label | InProject))

    def _term(self, term: Term) -> ColumnElement[bool]:  # noqa: C901, PLR0911 - one case a kind of term
        match term:
            case Plain(word):
                return _PLAIN[word](self)
            case NextDays(count):
                return self.due(self.today, self.today + timedelta(days=count - 1))
            case Dated():
                return self._dated(term)
            case Priority(p):
                return Task.priority == 5 - p
            case Label():
                return self._labelled([term])
            case InProject(name, below):
                return self._in_project([name_key(name)], below=below)
            case InSection(name):
                return exists().where(Section.id == Task.section_id, Section.name_key == name_key(name))
            case AssignedTo(name):
                named = select(User.id).where(User.username == name_key(name)).scalar_subquery()
                return _assigned(TaskAssignee.user_id == named)
            case HasStatus(status):
                return Task.status == status
            case Search(text):
                return Task.id.in_(self.matching.tasks(wanted(text))) if self.matching is not None else false()

    @property
    def today(self) -> date:
        """Return the day that it is for the asker."""
        return in_zone(self.now, self.actor.timezone).date()

    def due(self, first: date | None, last: date | None) -> ColumnElement[bool]:
        return days.due_days(first, last, self.actor.timezone)

    def _dated(self, term: Dated) -> ColumnElement[bool]:
        first, last = _bounds(term, self.today)
        match term.field:
            case "due":
                return self.due(first, last)
            case "deadline":
                return days.deadline_days(first, last)
            case "created":
                return days.instant_days(Task.created_at, first, last, self.actor.timezone)
            case "completed":
                return days.instant_days(Task.completed_at, first, last, self.actor.timezone)

    def _labelled(self, labels: Sequence[Label]) -> ColumnElement[bool]:
        whole = [name_key(label.name) for label in labels if not label.begins]
        begun = [name_key(label.name) for label in labels if label.begins]
        named: list[ColumnElement[bool]] = [TaskLabel.name_key.in_(whole)] if whole else []
        named += [and_(TaskLabel.name_key >= key, TaskLabel.name_key < key + _AFTER_ALL) for key in begun]
        return exists().where(TaskLabel.task_id == Task.id, or_(*named))

    def _in_project(self, keys: Sequence[str], *, below: bool) -> ColumnElement[bool]:
        """Only names that the actor may see lead anywhere: whether a hidden project has this one is not told."""
        named = (
            select(Project.id)
            .join(ProjectAccess, ProjectAccess.project_id == Project.id)
            .where(Project.name_key.in_(keys), ProjectAccess.user_id == self.actor.user_id)
            .correlate(None)
        )
        if not below:
            return self.project_id.in_(named)
        tree = named.cte(recursive=True)
        child = aliased(Project)
        tree = tree.union(select(child.id).where(child.parent_id == tree.c.id, child.deleted_at.is_(None)))
        return self.project_id.in_(select(tree.c.id))

    def shared(self) -> ColumnElement[bool]:
        other = aliased(ProjectAccess)
        return exists().where(other.project_id == self.project_id, other.user_id != self.actor.user_id)

    def blocked(self) -> ColumnElement[bool]:
        """Waiting for an open task; one that the asker cannot see does not count, for that would tell of it."""
        blocker = aliased(Task)
        mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self.actor.user_id).correlate(None)
        return exists().where(
            TaskRelation.other_id == Task.id,
            TaskRelation.kind == "blocks",
            blocker.id == TaskRelation.task_id,
            blocker.status.not_in(CLOSED),
            blocker.deleted_at.is_(None),
            blocker.project_id.in_(mine),
        )


def about_projects(query: Query) -> bool:
    """Tell whether a filter speaks of nothing but the project of a task."""
    return all(isinstance(term, InProject) or term == Plain("shared") for term in terms(query))


def _bounds(term: Dated, today: date) -> tuple[date | None, date | None]:
    """Return the first and the last day that a comparison lets through."""
    day: Day = term.day
    seen = day.seen_from(today)
    match term.relation:
        case "before":
            return None, seen - _A_DAY
        case "after":
            return seen + _A_DAY, None
        case "on":
            return seen, seen


def _assigned(*to: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(TaskAssignee.task_id == Task.id, *to)


_PLAIN: dict[str, Callable[[Conditions], ColumnElement[bool]]] = {
    "today": lambda asked: asked.due(asked.today, asked.today),
    "tomorrow": lambda asked: asked.due(asked.today + _A_DAY, asked.today + _A_DAY),
    "overdue": lambda asked: days.overdue(asked.now, asked.actor.timezone),
    "no date": lambda _: days.no_due(),
    "recurring": lambda _: Task.recurrence.is_not(None),
    "subtask": lambda _: Task.parent_id.is_not(None),
    "no priority": lambda _: Task.priority == 0,
    "no labels": lambda _: ~exists().where(TaskLabel.task_id == Task.id),
    "no assignee": lambda _: ~_assigned(),
    "shared": lambda asked: asked.shared(),
    "blocked": Conditions.blocked,
    "has: comment": lambda _: exists().where(Comment.task_id == Task.id, Comment.deleted_at.is_(None)),
    "assigned to: me": lambda asked: _assigned(TaskAssignee.user_id == asked.actor.user_id),
    "assigned to: others": lambda asked: _assigned(TaskAssignee.user_id != asked.actor.user_id),
}
