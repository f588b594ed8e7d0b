"""Many new tasks at once, as an import makes them: the rules of one task, in few statements."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from fractional_indexing import FIError, generate_key_between, generate_n_keys_between
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from taskmanager.kit import clock
from taskmanager.kit.columns import Model, instant_text
from taskmanager.kit.db import constraint_of
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.ids import new_id
from taskmanager.projects.labels import LabelService
from taskmanager.tasks.dates import When
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskLabel, TaskOccurrence
from taskmanager.tasks.reminders.models import Reminder
from taskmanager.tasks.reminders.service import Kind, new_reminder
from taskmanager.tasks.rules import MAX_DEPTH, TaskLoopError
from taskmanager.tasks.schemas import TaskCreate
from taskmanager.tasks.service import TaskExistsError, TaskService, given
from taskmanager.tasks.state import CLOSED, KIND, state

BATCH = 500
MAX_NUMBER = 999_999_999
MAX_POSITION = 200


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment of a new task, said elsewhere: whoever said it is named in words only."""

    body: str
    author_text: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastOccurrence:
    """An occurrence of a new task that ended elsewhere: whoever ended it is named in words only."""

    when: When
    kind: str
    at: datetime
    actor_text: str | None = None


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to make: what ``POST /tasks`` takes, with ``id`` and ``project_id``, and what it has behind it elsewhere.

    ``number`` and ``position`` hold in a project that never had a task; in others a task goes to the end, in the order
    of positions. A time of completion that is not known stays unknown. ``series`` has the fields ``recurrence`` and
    ``occurrence`` of a task that recurs, checked already. ``reminders`` are of whoever makes it.
    """

    data: TaskCreate
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    number: int | None = None
    position: str | None = None
    comments: tuple[NewComment, ...] = ()
    series: Mapping[str, Any] = field(default_factory=dict)
    past: tuple[PastOccurrence, ...] = ()
    reminders: tuple[Kind, ...] = ()


class BulkTaskService(TaskService):
    """Makes tasks by the thousand within one transaction."""

    async def create_many(self, tasks: Sequence[NewTask], progress: Callable[[int], None]) -> None:
        """Add tasks; ``progress`` hears how many after each batch.

        Raises what making one of them would raise; the caller rolls back then.
        """
        by_project: dict[str, list[NewTask]] = defaultdict(list)
        for task in tasks:
            by_project[task.data.project_id or ""].append(task)
        places: dict[str, dict[str, Any]] = {}
        for project_id, mine in sorted(by_project.items()):  # one order of locks for all
            await self._rules.require_target(project_id)
            await self._rules.check_assignees(project_id, {one for task in mine for one in task.data.assignee_ids})
            for section_id in sorted({task.data.section_id for task in mine if task.data.section_id is not None}):
                await self._rules.check_section(section_id, project_id)
            places.update(await self._places(project_id, mine))
        labels = LabelService(self._session, self._actor)
        await labels.make_known(dict.fromkeys(label for task in tasks for label in task.data.labels))
        ordered, apart = _parents_first(tasks)
        for begin in range(0, len(ordered), BATCH):
            batch = ordered[begin : begin + BATCH]
            made = [self._made(task, places[task.data.id or ""]) for task in batch]
            await self._insert(made)
            await self._insert_rows(Comment, [row for task in batch for row in self._comments(task)])
            await self._insert_rows(TaskOccurrence, [row for task in batch for row in _past(task)])
            await self._insert_rows(Reminder, list(self._reminders(made, batch)))
            said = [[comment.body for comment in task.comments] for task in batch]
            await self._index.add(zip(made, said, strict=True))
            progress(len(batch))
        for data in apart:
            await self._rules.check_parent(data.id or "", data.parent_id or "", data.project_id or "")

    async def _places(self, project_id: str, tasks: Sequence[NewTask]) -> dict[str, dict[str, Any]]:
        """Number the tasks and put them in order at the end of their project; return key and position by id."""
        first, prefix = await self._repository.next_number(project_id, len(tasks))
        numbers = list(_numbers(tasks, first))
        if (missing := max(numbers) - first - len(tasks) + 1) > 0:
            await self._repository.next_number(project_id, missing)
        positions = _positions(tasks, await self._repository.last_position(project_id))
        return {
            task.data.id or "": {"key": f"{prefix}-{number}", "position": position}
            for task, number, position in zip(tasks, numbers, positions, strict=True)
        }

    def _made(self, new: NewTask, place: dict[str, Any]) -> Task:
        values = given(new.data)
        if new.completed_at is not None and new.data.status in CLOSED:
            values["completed_at"] = instant_text(new.completed_at)
        task = self._new(new.data.id or "", {**values, **place, **new.series})
        task.created_at = new.created_at or task.created_at
        task.updated_at = new.updated_at or task.updated_at
        return task

    async def _insert(self, tasks: Sequence[Task]) -> None:
        labels = [(task, label) for task in tasks for label in task.labels]
        assignees = [(task, assignee) for task in tasks for assignee in task.assignees]
        try:
            await self._insert_rows(Task, [_row(task) for task in tasks])
        except IntegrityError as error:
            if constraint_of(error) in {"pk_tasks", "tasks.id"}:
                raise TaskExistsError from error
            raise
        await self._insert_rows(TaskLabel, [{**_row(label), "task_id": task.id} for task, label in labels])
        await self._insert_rows(TaskAssignee, [{"task_id": task.id, "user_id": one.user_id} for task, one in assignees])
        await self._journal.write_created(KIND, [(task.id, task.project_id, state(task)) for task in tasks])

    async def _insert_rows(self, model: type[Model], rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._session.execute(insert(model), rows)

    def _reminders(self, made: Sequence[Task], tasks: Sequence[NewTask]) -> Iterator[dict[str, Any]]:
        for task, new in zip(made, tasks, strict=True):
            for kind in new.reminders:
                yield _row(new_reminder(task, self._actor.user_id, kind, self._actor.timezone))

    def _comments(self, task: NewTask) -> Iterator[dict[str, Any]]:
        now = clock.now()
        for comment in task.comments:
            yield {
                "id": new_id(),
                "task_id": task.data.id,
                "author_id": None,
                "author_text": comment.author_text,
                "body": comment.body,
                "created_at": comment.created_at or now,
                "updated_at": comment.updated_at or comment.created_at or now,
                "version": 1,
            }


def _past(task: NewTask) -> Iterator[dict[str, Any]]:
    for one in task.past:
        yield {
            "id": new_id(),
            "task_id": task.data.id,
            "local": one.when.local,
            "timezone": one.when.timezone,
            "kind": one.kind,
            "at": one.at,
            "actor_text": one.actor_text,
        }


def is_position(text: str) -> bool:
    """Tell whether a text is a place in an order that others can be put before and after."""
    if not (text.isascii() and text.isalnum() and len(text) <= MAX_POSITION):
        return False
    try:
        generate_key_between(text, None)
        generate_key_between(None, text)
    except (FIError, ValueError, IndexError):
        return False
    return True


def _row(thing: Model) -> dict[str, Any]:
    return {column.key: getattr(thing, column.key) for column in thing.__table__.columns}


def _numbers(tasks: Sequence[NewTask], first: int) -> Iterator[int]:
    """Yield a number for each task: its own where the project is new and no other task has it, else the next."""
    own: dict[int, NewTask] = {}
    if first == 1:
        for task in tasks:
            if task.number is not None and 0 < task.number <= MAX_NUMBER:
                own.setdefault(task.number, task)
    following = count(max(own, default=first - 1) + 1)
    for task in tasks:
        yield task.number if task.number is not None and own.get(task.number) is task else next(following)


def _positions(tasks: Sequence[NewTask], last: str | None) -> list[str]:
    """Return a position for each task: its own if the project has no other tasks, else one at the end."""
    own = {index: task.position for index, task in enumerate(tasks) if task.position and is_position(task.position)}
    if last is None:
        others = [index for index in range(len(tasks)) if index not in own]
        last = max(own.values(), default=None)
    else:
        others = sorted(range(len(tasks)), key=lambda index: own.get(index, "~"))
        own = {}
    own.update(zip(others, generate_n_keys_between(last, None, len(others)), strict=True))
    return [own[index] for index in range(len(tasks))]


def _parents_first(tasks: Sequence[NewTask]) -> tuple[list[NewTask], list[TaskCreate]]:
    """Return the tasks so that each follows its parent, and those whose parent is there already.

    Raises as for one task if they would lie in themselves, in another project than their parent, or too deep.
    """
    by_id = {task.data.id: task.data for task in tasks}
    levels: dict[str | None, int] = {}
    for start in by_id.values():
        path: list[TaskCreate] = []
        one: TaskCreate | None = start
        while one is not None and one.id not in levels:
            path.append(one)
            above = by_id.get(one.parent_id) if one.parent_id is not None else None
            if above is not None and above.project_id != one.project_id:
                raise InvalidError.at("/parent_id", "other_project", "The parent lies in another project.")
            if len(path) > len(by_id):
                raise TaskLoopError
            one = above
        level = levels[one.id] if one is not None else 0
        for each in reversed(path):
            level += 1
            levels[each.id] = level
    if max(levels.values(), default=0) > MAX_DEPTH:
        raise InvalidError.at("/parent_id", "too_deep", f"Subtasks nest at most {MAX_DEPTH} deep.")
    apart = [data for data in by_id.values() if data.parent_id is not None and data.parent_id not in by_id]
    return sorted(tasks, key=lambda task: levels[task.data.id]), apart
