"""The records of our own JSON format, held to the limits of the API; texts are taken to the letter."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from taskmanager.integrations.formats import values
from taskmanager.integrations.formats.dates import check_moment, parse_iso, to_instant
from taskmanager.integrations.formats.drafts import (
    CommentDraft,
    LabelDraft,
    Moment,
    OccurrenceDraft,
    ProjectDraft,
    RecurrenceDraft,
    RelationDraft,
    ReminderDraft,
    SectionDraft,
    TaskDraft,
)
from taskmanager.kit.limits import Colour, Date
from taskmanager.projects.schemas import Description, LabelName, ProjectName
from taskmanager.tasks import schemas
from taskmanager.tasks.recurrence.recurrence import Anchor, CatchUp
from taskmanager.tasks.recurrence.rule import parse
from taskmanager.tasks.recurrence.series import Series
from taskmanager.tasks.reminders.schemas import MOST_REMINDERS, MinutesBefore
from taskmanager.tasks.schemas import AllDay, Timed, WhenIn
from taskmanager.tasks.state import when_of


def read_instant(value: object) -> datetime:
    """Return the instant of RFC 3339 text with an offset or ``Z``; raises ValueError for anything else."""
    found = parse_iso(value) if isinstance(value, str) else None
    if not isinstance(found, datetime) or found.tzinfo is None:
        message = "must be an instant such as 2026-12-01T09:00:00Z"
        raise ValueError(message)
    return to_instant(found, "UTC")


def _moment(value: WhenIn | None) -> Moment | None:
    if value is None:
        return None
    if isinstance(value, AllDay):
        return Moment(day=value.date)
    return Moment(local=datetime.fromisoformat(value.datetime), zone=value.timezone)


def _check_when(value: WhenIn) -> WhenIn:
    if isinstance(value, Timed):
        check_moment(Moment(local=datetime.fromisoformat(value.datetime), zone=value.timezone))
    return value


Storable = AfterValidator(values.check_storable)
Title = Annotated[schemas.Title, Storable]
Text = Annotated[schemas.Markdown, Storable]
Name = Annotated[str, StringConstraints(min_length=1, max_length=values.NAME_LENGTH), Storable]
Id = Annotated[str, StringConstraints(min_length=1, max_length=values.EXTERNAL_ID_LENGTH), Storable]
Body = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=values.COMMENT_LENGTH), Storable
]
Instant = Annotated[datetime, BeforeValidator(read_instant)]
When = Annotated[WhenIn, AfterValidator(_check_when)]


class Record(BaseModel):
    """One object of the file: unknown names are refused, a number is never text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CommentRecord(Record):
    body: Body
    author: Name | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class RecurrenceRecord(Record):
    """A rule, and how far the task has come; by default its series begins at the due date."""

    rrule: schemas.RuleText
    anchor: Anchor = "due"
    catch_up: CatchUp = "none"
    start: When | None = None
    occurrence: When | None = None
    number: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    def draft(self, due: Moment) -> RecurrenceDraft:
        """Return the neutral record; raises ValueError if the rule does not fit its dates.

        Whether the rule ever holds again is not looked for: a hundred thousand rows may ask. If not, it ends.
        """
        start = _moment(self.start) or due
        occurrence = _moment(self.occurrence) or start
        if (start.local is None, start.zone) != (occurrence.local is None, occurrence.zone):
            message = "start and occurrence must be of the same kind"
            raise ValueError(message)
        Series(parse(self.rrule), when_of(start.as_json())).check_start()
        return RecurrenceDraft(self.rrule, start, occurrence, self.anchor, self.catch_up, self.number)


class OccurrenceRecord(Record):
    date: When
    kind: Literal["completed", "skipped"]
    at: Instant
    author: Name | None = None

    def draft(self) -> OccurrenceDraft:
        """Return the neutral record."""
        return OccurrenceDraft(_moment(self.date) or Moment(), self.kind, self.at, self.author)


class RelationRecord(Record):
    kind: Literal["blocks", "relates", "duplicates", "precedes"]
    task_id: Id


class ReminderRecord(Record):
    """One of the two; an export names both."""

    minutes_before_due: MinutesBefore | None = None
    at: Instant | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.minutes_before_due is None) == (self.at is None):
            message = "must have either minutes_before_due or at"
            raise ValueError(message)
        return self

    def draft(self) -> ReminderDraft:
        """Return the neutral record."""
        return ReminderDraft(self.minutes_before_due, self.at.replace(microsecond=0) if self.at is not None else None)


class TaskRecord(Record):
    id: Id | None = None
    project_id: Id | None = None
    section_id: Id | None = None
    key: Name | None = None
    title: Title
    description: Text = ""
    status: schemas.Status = "todo"
    priority: schemas.Priority = 0
    start: When | None = None
    due: When | None = None
    deadline: Date | None = None
    recurrence: RecurrenceRecord | None = None
    labels: schemas.Labels = []
    assignees: Annotated[list[Name], Field(max_length=schemas.MAX_ASSIGNEES)] = []
    parent_id: Id | None = None
    position: Name | None = None
    estimate_minutes: schemas.Minutes | None = None
    author: Name | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    completed_at: Instant | None = None
    comments: Annotated[list[CommentRecord], Field(max_length=values.MOST_COMMENTS)] = []
    occurrences: Annotated[list[OccurrenceRecord], Field(max_length=values.MOST_OCCURRENCES)] = []
    relations: Annotated[list[RelationRecord], Field(max_length=values.MOST_RELATIONS)] = []
    reminders: Annotated[list[ReminderRecord], Field(max_length=MOST_REMINDERS)] = []
    raw: Text = ""

    @field_validator("recurrence")
    @classmethod
    def _fits_due(cls, recurrence: RecurrenceRecord | None, info: ValidationInfo) -> RecurrenceRecord | None:
        if recurrence is not None and "due" in info.data:
            due = _moment(info.data["due"])
            if due is None:
                message = "needs a due date"
                raise ValueError(message)
            recurrence.draft(due)
        return recurrence

    def draft(self, row: int, place: str) -> TaskDraft:
        """Return the neutral record."""
        kept: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        kept["external_id"], kept["parent"] = kept.pop("id"), kept.pop("parent_id")
        kept["start"], kept["due"] = _moment(self.start), _moment(self.due)
        kept["labels"], kept["assignees"] = tuple(self.labels), tuple(self.assignees)
        kept["comments"] = tuple(CommentDraft(**comment.model_dump()) for comment in self.comments)
        kept["recurrence"] = self.recurrence.draft(kept["due"]) if self.recurrence is not None else None
        kept["occurrences"] = tuple(occurrence.draft() for occurrence in self.occurrences)
        kept["relations"] = tuple(dict.fromkeys(RelationDraft(one.kind, one.task_id) for one in self.relations))
        kept["reminders"] = tuple(dict.fromkeys(one.draft() for one in self.reminders))
        return TaskDraft(**kept, row=row, place=place)


class ProjectRecord(Record):
    id: Id
    name: ProjectName
    description: Annotated[Description, Storable] = ""
    key: Name | None = None
    color: Colour | None = None
    parent_id: Id | None = None
    is_inbox: bool = False
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def draft(self) -> ProjectDraft:
        """Return the neutral record."""
        return ProjectDraft(**self.model_dump())


class SectionRecord(Record):
    id: Id
    project_id: Id
    name: ProjectName
    position: Name | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def draft(self) -> SectionDraft:
        """Return the neutral record."""
        return SectionDraft(**self.model_dump())


class LabelRecord(Record):
    name: LabelName
    color: Colour | None = None

    def draft(self) -> LabelDraft:
        """Return the neutral record."""
        return LabelDraft(self.name, self.color)
