"""Bodies, queries and answers of tasks."""

import re
from datetime import MAXYEAR, MINYEAR, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, field_validator

from taskmanager.kit import ids
from taskmanager.kit.limits import UNSET, Date, Filter, IdText, Input, Output, Timezone
from taskmanager.projects.names import name_key
from taskmanager.projects.schemas import LabelName
from taskmanager.tasks.recurrence.recurrence import Anchor, CatchUp
from taskmanager.tasks.recurrence.rule import MAX_TEXT, parse

Status = Literal["todo", "in_progress", "done", "cancelled"]
STATUSES: tuple[Status, ...] = ("todo", "in_progress", "done", "cancelled")
Priority = Annotated[int, Field(ge=0, le=4, description="0 none, 1 low, 2 medium, 3 high, 4 urgent.")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Markdown = Annotated[str, StringConstraints(max_length=100_000)]
Minutes = Annotated[int, Field(ge=1, le=1_000_000)]
MAX_LABELS = 50
MAX_ASSIGNEES = 50
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def _check_local(text: str) -> str:
    try:
        valid = _LOCAL.fullmatch(text) and MINYEAR < datetime.fromisoformat(text).year < MAXYEAR
    except ValueError:
        valid = False
    if not valid:
        message = "must be a wall time such as 2026-12-01T09:00:00"
        raise ValueError(message)
    return text


def _check_new_id(text: str) -> str:
    text = text.lower()
    if not ids.is_uuid7(text):
        message = "must be a UUIDv7"
        raise ValueError(message)
    return text


def _unique_labels(names: list[str]) -> list[str]:
    """Keep the first spelling of each name."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name_key(name), name)
    return list(first.values())


Instant = datetime  # under a name that the field ``datetime`` does not hide
LocalTime = Annotated[str, AfterValidator(_check_local)]
NewId = Annotated[str, AfterValidator(_check_new_id)]
Labels = Annotated[list[LabelName], Field(max_length=MAX_LABELS), AfterValidator(_unique_labels)]
RuleText = Annotated[
    str,
    StringConstraints(max_length=MAX_TEXT),
    AfterValidator(lambda text: parse(text).text),
    Field(description="An RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,TH.", examples=["FREQ=WEEKLY;BYDAY=MO,TH"]),
]
AssigneeIds = Annotated[list[IdText], Field(max_length=MAX_ASSIGNEES), AfterValidator(lambda v: sorted(set(v)))]


class AllDay(Input):
    """A calendar day, the same day everywhere."""

    date: Date


class Timed(Input):
    """A wall time: in a zone, or floating (the same wall time everywhere)."""

    datetime: LocalTime
    timezone: Timezone | None = None


def _kind_of_when(value: Any) -> str:
    timed = "datetime" in value if isinstance(value, dict) else isinstance(value, Timed)
    return "timed" if timed else "all_day"


WhenIn = Annotated[Annotated[AllDay, Tag("all_day")] | Annotated[Timed, Tag("timed")], Discriminator(_kind_of_when)]


class AllDayOut(Output):
    date: date


class ZonedOut(Output):
    """A wall time in a zone; ``at`` is the instant it means."""

    datetime: str
    timezone: str
    at: Instant


class FloatingOut(Output):
    datetime: str


WhenOut = AllDayOut | ZonedOut | FloatingOut


class Recurrence(Input):
    """When a task comes again once it is completed; the series begins at the due date that it has when this is set."""

    rrule: RuleText
    anchor: Annotated[Anchor, Field(description="What the next date is counted from.")] = "due"
    catch_up: Annotated[CatchUp, Field(description="Whether dates that were missed come all the same.")] = "none"


class RecurrenceOut(Output):
    rrule: str
    anchor: Anchor
    catch_up: CatchUp


class TaskCreate(Input):
    title: Title
    id: NewId | None = None
    project_id: IdText | None = None
    description: Markdown = ""
    status: Status = "todo"
    priority: Priority = 0
    start: WhenIn | None = None
    due: WhenIn | None = None
    deadline: Date | None = None
    recurrence: Recurrence | None = None
    labels: Labels = Field(default=[])
    assignee_ids: AssigneeIds = Field(default=[])
    section_id: IdText | None = None
    parent_id: IdText | None = None
    estimate_minutes: Minutes | None = None


class TaskUpdate(Input):
    """A merge patch (RFC 7396): what is not named stays, null clears."""

    title: Title = UNSET
    project_id: IdText = UNSET
    description: Markdown = UNSET
    status: Status = UNSET
    priority: Priority = UNSET
    start: WhenIn | None = None
    due: WhenIn | None = None
    deadline: Date | None = None
    recurrence: Recurrence | None = None
    labels: Labels = UNSET
    assignee_ids: AssigneeIds = UNSET
    section_id: IdText | None = None
    parent_id: IdText | None = None
    estimate_minutes: Minutes | None = None


class TaskQuery(Filter):
    """What ``GET /tasks`` can be narrowed to; all that is given must hold."""

    q: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=500,
            description="Words in title, description or comments: all of them, the last one may go on. Without sort: "
            "titles that have them first.",
        ),
    ] = None
    filter: Annotated[
        str | None,
        Field(min_length=1, max_length=1000, description="A filter such as (today | overdue) & #Home & !@waiting."),
    ] = None
    status: Annotated[str | None, Field(description="todo, in_progress, done, cancelled: one or more by comma.")] = None
    project_id: IdText | None = None
    label: Annotated[str | None, Field(min_length=1, max_length=60)] = None
    priority: Annotated[int | None, Field(ge=0, le=4)] = None
    due_before: Annotated[str | None, Field(description="A date or an RFC 3339 instant.")] = None
    due_after: Annotated[str | None, Field(description="A date or an RFC 3339 instant.")] = None
    assignee: Annotated[str | None, Field(description="me, or the id of an account.")] = None
    deleted: Annotated[bool, Field(description="The trash instead of the live tasks.")] = False
    sort: Annotated[
        str | None,
        Field(
            min_length=1,
            description="priority, due, position, created_at, updated_at or title; a minus before it turns the order "
            "round; several by comma. Without it: newest first.",
        ),
    ] = None

    @field_validator("status")
    @classmethod
    def _known_status(cls, text: str | None) -> str | None:
        if text is not None and not set(text.split(",")) <= set(STATUSES):
            message = f"must be one or more of {', '.join(STATUSES)}"
            raise ValueError(message)
        return text

    @field_validator("due_before", "due_after")
    @classmethod
    def _date_or_instant(cls, text: str | None) -> str | None:
        if text is not None:
            read_moment(text)
        return text

    @field_validator("assignee")
    @classmethod
    def _me_or_id(cls, text: str | None) -> str | None:
        text = text.lower() if text is not None else None
        if text is not None and text != "me" and not ids.is_id(text):
            message = "must be me or an id"
            raise ValueError(message)
        return text


def read_moment(text: str) -> date | datetime:
    """Return a calendar date or an aware instant; raises ValueError for anything else."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = "needs an offset, such as 2026-12-01T09:00:00Z"
        raise ValueError(message)
    return moment


class TaskOut(Output):
    id: str
    key: str
    project_id: str
    title: str
    description: str
    status: Status
    priority: int
    start: WhenOut | None
    due: WhenOut | None
    deadline: date | None
    recurrence: RecurrenceOut | None
    labels: list[str]
    assignee_ids: list[str]
    section_id: str | None
    parent_id: str | None
    position: str
    estimate_minutes: int | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    deleted_at: datetime | None
    version: int


class TaskList(Output):
    items: list[TaskOut]
    next_cursor: str | None


class Change(Output):
    """One field before and after, as JSON values of the API."""

    before: Any
    after: Any


class ActivityItem(Output):
    id: int
    operation_id: str
    actor_id: str
    actor: str | None
    action: str
    changes: dict[str, Change]
    at: datetime


class ActivityList(Output):
    items: list[ActivityItem]
    next_cursor: str | None


class CommentBody(Input):
    """A remark in Markdown."""

    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]


class CommentOut(Output):
    id: str
    task_id: str
    author_id: str | None
    author: str | None
    body: str
    created_at: datetime
    updated_at: datetime
    version: int


class CommentList(Output):
    items: list[CommentOut]
    next_cursor: str | None
