"""What a file says, before anything is looked up or written: the neutral records that all formats share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from taskmanager.tasks.recurrence.recurrence import Anchor, CatchUp

MAX_LISTED = 1_000
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Moment:
    """One of three honest kinds: a day, a wall time in a zone, or a floating wall time.

    Exactly one of ``day`` and ``local`` is set; ``local`` is naive with whole seconds; ``zone`` is an IANA name.
    """

    day: date | None = None
    local: datetime | None = None
    zone: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return the shape of the API: ``{"date"}`` or ``{"datetime"}`` with or without ``timezone``."""
        if self.local is None:
            return {"date": str(self.day)}
        shape = {"datetime": self.local.isoformat(timespec="seconds")}
        return {**shape, "timezone": self.zone} if self.zone else shape


@dataclass(frozen=True, slots=True)
class CommentDraft:
    """One comment. The author is a name as text: an import never writes in somebody's name."""

    body: str
    author: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecurrenceDraft:
    """When a task comes again: a rule, the first date of its series, and the date that the task stands for.

    That one is the ``number``-th that it stands for. The rest is as the API has it.
    """

    rrule: str
    start: Moment
    occurrence: Moment
    anchor: Anchor = "due"
    catch_up: CatchUp = "none"
    number: int = 1

    def as_state(self) -> dict[str, Any]:
        """Return the fields of a task that hold it (:mod:`taskmanager.tasks.recurring`)."""
        rule = {"rrule": self.rrule, "anchor": self.anchor, "catch_up": self.catch_up}
        return {
            "recurrence": {**rule, "start": self.start.as_json()},
            "occurrence": {"date": self.occurrence.as_json(), "number": self.number},
        }


@dataclass(frozen=True, slots=True)
class OccurrenceDraft:
    """An occurrence that is over, completed or skipped; whoever did it is a name as text."""

    date: Moment
    kind: str
    at: datetime
    author: str | None = None


@dataclass(frozen=True, slots=True)
class ReminderDraft:
    """When whoever imports wants to hear of a task; one of the two is set, ``at`` in whole seconds."""

    minutes_before_due: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RelationDraft:
    """What a task is to another one of the same file, said by one of the two: blocks, relates, duplicates, precedes."""

    kind: str
    task_id: str


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """One task as a file tells it; every value has passed the limits of the API.

    ``project`` is a name, ``project_id`` and ``section_id`` are ids of what the same file lists (own format only),
    ``parent`` the ``external_id`` of another task, ``key`` what it was called on display, people are names as text,
    instants are aware UTC. ``raw`` keeps what no field holds in the words of the source (iCalendar content lines).
    ``row`` counts from 1; ``place`` says where it stood: ``line 12``, ``/issues/4``, ``VTODO 3``.
    """

    title: str
    description: str = ""
    status: str = "todo"
    priority: int = 0
    start: Moment | None = None
    due: Moment | None = None
    deadline: date | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    project: str | None = None
    project_id: str | None = None
    section_id: str | None = None
    key: str | None = None
    parent: str | None = None
    position: str | None = None
    estimate_minutes: int | None = None
    recurrence: RecurrenceDraft | None = None
    author: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    external_id: str | None = None
    comments: tuple[CommentDraft, ...] = ()
    occurrences: tuple[OccurrenceDraft, ...] = ()
    relations: tuple[RelationDraft, ...] = ()
    reminders: tuple[ReminderDraft, ...] = ()
    raw: str = ""
    row: int = field(default=0, compare=False)
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ProjectDraft:
    """A project of the own format; ``parent_id`` names another one of the same file."""

    id: str
    name: str
    description: str = ""
    key: str | None = None
    color: str | None = None
    parent_id: str | None = None
    is_inbox: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SectionDraft:
    """A section of the own format, of a project of the same file."""

    id: str
    project_id: str
    name: str
    position: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LabelDraft:
    """A label of the own format, with its colour such as ``#4F46D8``."""

    name: str
    color: str | None = None


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why one row cannot be taken. ``row`` 0 concerns the whole file; ``field`` is empty where no field is at fault."""

    row: int
    place: str
    field: str
    code: str
    message: str


@dataclass(slots=True)
class Problems:
    """All problems of a file: the first thousand are listed, all are counted."""

    listed: list[RowProblem] = field(default_factory=list)
    count: int = 0
    wrong_rows: set[int] = field(default_factory=set)

    def add(self, problem: RowProblem) -> None:
        """Note one problem."""
        self.count += 1
        self.wrong_rows.add(problem.row)
        if len(self.listed) < MAX_LISTED:
            self.listed.append(problem)

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def whole_file(self) -> bool:
        """Whether something stands in the way of every row."""
        return 0 in self.wrong_rows


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. ``drafts`` holds the rows without a problem, in the order of the file.

    ``mapping`` is the mapping in force, given or guessed, in the form in which it can be given; ``ignored`` names the
    columns that no field took; ``notes`` tells a person what else was assumed.
    """

    kind: str
    rows: int
    drafts: Sequence[TaskDraft]
    problems: Problems
    mapping: dict[str, Any] | None = None
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    projects: tuple[ProjectDraft, ...] = ()
    sections: tuple[SectionDraft, ...] = ()
    labels: tuple[LabelDraft, ...] = ()
    exported_at: datetime | None = None
