"""What a list of tasks is asked for: the filter, the words and the fields of its query as one, and the order."""

from datetime import datetime

from sqlalchemy import ColumnElement, exists

from taskmanager.auth.roles import Actor
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.paging import SortKey
from taskmanager.tasks.date_words import FixedDay, days_after
from taskmanager.tasks.filters.days import due_moments
from taskmanager.tasks.filters.reading import read_filter
from taskmanager.tasks.filters.tree import (
    And,
    Dated,
    HasStatus,
    Label,
    Plain,
    Priority,
    Query,
    Relation,
    Search,
    any_of,
)
from taskmanager.tasks.models import Task, TaskAssignee
from taskmanager.tasks.schemas import TaskQuery, read_moment

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


def asked_for(query: TaskQuery) -> list[Query]:
    """Return what must hold of each task; a field of the query is a short way to write a filter."""
    found: list[Query] = []
    if query.filter is not None:
        tree = read_filter(query.filter, "/query/filter")
        found += tree.parts if isinstance(tree, And) else (tree,)
    if query.q is not None:
        found.append(Search(query.q))
    if query.status:
        found.append(any_of([HasStatus(status) for status in query.status.split(",")]))
    if query.priority is not None:
        found.append(Priority(5 - query.priority) if query.priority else Plain("no priority"))
    if query.label:
        found.append(Label(query.label))
    if query.assignee == "me":
        found.append(Plain("assigned to: me"))
    bounds: tuple[tuple[Relation, str | None], ...] = (("before", query.due_before), ("after", query.due_after))
    for relation, text in bounds:
        moment = read_moment(text) if text is not None else None
        if moment is not None and not isinstance(moment, datetime):
            # No date here lies beyond the outermost days.
            found.append(Dated("due", relation, FixedDay(days_after(moment, 0))))
    return found


def beside(query: TaskQuery, actor: Actor) -> list[ColumnElement[bool]]:
    """Return what the fields ask for that a filter has no words for: ids, instants, the trash."""
    trashed = Task.deleted_at.is_not(None)
    found: list[ColumnElement[bool]] = [trashed if query.deleted else ~trashed]
    if query.assignee and query.assignee != "me":
        mine = (TaskAssignee.task_id == Task.id, TaskAssignee.user_id == query.assignee)
        found.append(exists().where(*mine))
    for text, before in ((query.due_before, True), (query.due_after, False)):
        moment = read_moment(text) if text is not None else None
        if isinstance(moment, datetime):
            found.append(due_moments(moment, actor.timezone, before=before))
    return found


def sort_keys(text: str | None) -> list[SortKey]:
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
