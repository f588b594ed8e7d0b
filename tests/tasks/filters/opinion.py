"""What a filter means, said once more without a database: plain Python on one task at a time."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from taskmanager.projects.names import name_key
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
)
from taskmanager.tasks.models import Task
from taskmanager.tasks.search.words import wanted
from tests.tasks.filters.corpus import NOW, Corpus, Place, Sample


class Opinion:
    """How the one called "me" sees a corpus from a time zone."""

    def __init__(self, corpus: Corpus, timezone: str) -> None:
        self._corpus = corpus
        self._timezone = timezone
        self._seen = [one for one in corpus.samples if "me" in one.place.seen_by and one.task.deleted_at is None]
        self._all = frozenset(one.task.id for one in self._seen)
        # What is asked over and over: each term's tasks, each task's day.
        self._of_term: dict[Term, frozenset[str]] = {}
        self._due = {one.task.id: self._due_day(one.task) for one in self._seen}

    def matching(self, query: Query) -> frozenset[str]:
        """Return the ids of what a filter finds."""
        match query:
            case And(parts):
                return self._all.intersection(*(self.matching(part) for part in parts))
            case Or(parts):
                return frozenset().union(*(self.matching(part) for part in parts))
            case Not(part):
                return self._all - self.matching(part)
            case _:
                if query not in self._of_term:
                    self._of_term[query] = frozenset(one.task.id for one in self._seen if self._term(query, one))
                return self._of_term[query]

    def _term(self, term: Term, one: Sample) -> bool:  # noqa: C901, PLR0911 - one case a kind of term
        task, today = one.task, self._day(NOW)
        match term:
            case Plain(word):
                return self._plain(word, one)
            case NextDays(count):
                due = self._due[task.id]
                return due is not None and 0 <= (due - today).days < count
            case Dated(field, relation, day):
                value = {
                    "due": self._due[task.id],
                    "deadline": task.deadline,
                    "created": self._day(task.created_at),
                    "completed": self._day(task.completed_at) if task.completed_at else None,
                }[field]
                seen = day.seen_from(today)
                if value is None:
                    return False
                return {"before": value < seen, "on": value == seen, "after": value > seen}[relation]
            case Priority(p):
                return task.priority == {1: 4, 2: 3, 3: 2, 4: 1}[p]
            case Label(name, begins):
                keys = [name_key(label) for label in one.labels]
                return any(key.startswith(name_key(name)) if begins else key == name_key(name) for key in keys)
            case InProject(name, below):
                return any(name_key(place.name) == name_key(name) for place in self._places(one.place, below=below))
            case InSection(name):
                return one.section is not None and name_key(one.section) == name_key(name)
            case AssignedTo(name):
                return name.lower() in one.assignees
            case HasStatus(status):
                return task.status == status
            case Search(text):
                return self._finds(text, one)

    def _plain(self, word: str, one: Sample) -> bool:
        task, due, today = one.task, self._due[one.task.id], self._day(NOW)
        return {
            "today": due == today,
            "tomorrow": due is not None and (due - today).days == 1,
            "overdue": self._overdue(task),
            "no date": task.due is None,
            "recurring": task.recurrence is not None,
            "subtask": task.parent_id is not None,
            "no priority": task.priority == 0,
            "no labels": not one.labels,
            "no assignee": not one.assignees,
            "shared": one.place.seen_by != ("me",),
            "blocked": any(self._holds_up(blocker) for blocker in one.blockers),
            "has: comment": bool(one.comments),
            "assigned to: me": "me" in one.assignees,
            "assigned to: others": bool(set(one.assignees) - {"me"}),
        }[word]

    def _holds_up(self, blocker: Sample) -> bool:
        task = blocker.task
        open_ = task.status in {"todo", "in_progress"} and task.deleted_at is None
        return open_ and "me" in blocker.place.seen_by

    def _places(self, place: Place, *, below: bool) -> list[Place]:
        """Return the project and, with ``below``, those that it lies in; only what may be seen has a name."""
        places = [place]
        while below and places[-1].above is not None:
            places.append(next(one for one in self._corpus.places if one.name == places[-1].above))
        return [one for one in places if "me" in one.seen_by]

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(ZoneInfo(self._timezone)).date()

    def _due_day(self, task: Task) -> date | None:
        if task.due is None:
            return None
        return self._day(task.due.at) if task.due.at is not None else date.fromisoformat(task.due.local[:10])

    def _overdue(self, task: Task) -> bool:
        if task.due is None or task.status in {"done", "cancelled"}:
            return False
        if task.due.at is not None:
            return task.due.at < NOW
        clock = NOW.astimezone(ZoneInfo(self._timezone)).replace(tzinfo=None)
        if task.due.is_all_day:
            return date.fromisoformat(task.due.local) < clock.date()
        return datetime.fromisoformat(task.due.local) < clock

    def _finds(self, text: str, one: Sample) -> bool:
        asked = wanted(text)
        return bool(asked) and all(
            any(word.startswith(each.word) if each.begins else word == each.word for word in one.words)
            for each in asked
        )
