"""Bodies and answers of quick add."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from taskmanager.kit.limits import Input, Output, Timezone
from taskmanager.tasks.quick_add.marks import Kind
from taskmanager.tasks.schemas import RecurrenceOut, TaskOut, WhenOut

MAX_TEXT = 20_000


class QuickAdd(Input):
    text: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_TEXT),
        Field(
            description="A task a line, at most 200; what is indented becomes subtasks.",
            examples=["Pay rent #Home @money p1 tomorrow 9am every month // from the joint account"],
        ),
    ]
    timezone: Annotated[Timezone | None, Field(description="Of the days and times; else the account's own.")] = None
    dry_run: Annotated[bool, Field(description="Write nothing; tell how the text is understood.")] = False
    create_missing: Annotated[bool, Field(description="Make projects and sections that are not there yet.")] = False


class QuickToken(Output):
    """A part of the text and what it was taken for; offsets count Unicode code points of the whole text."""

    start: int
    end: int
    kind: Kind
    value: str


class QuickTask(Output):
    """A new task and the tokens of its line.

    ``unknown`` are names of projects, sections and people that nobody knows here; they stay in the title.
    """

    task: TaskOut
    tokens: list[QuickToken]
    unknown: list[QuickToken]


class QuickAdded(QuickTask):
    """The first line's task, and those of all lines, in order."""

    tasks: list[QuickTask]


class QuickDraft(Output):
    """A task as it would be. Ids of what would be made are null; ``parent`` is the index of its line in ``tasks``."""

    title: str
    description: str
    priority: int
    due: WhenOut | None
    deadline: date | None
    recurrence: RecurrenceOut | None
    labels: list[str]
    assignee_ids: list[str]
    project_id: str | None
    section_id: str | None
    parent: int | None


class QuickLine(Output):
    """How one line is understood. An empty title, or somebody unknown, would be refused."""

    task: QuickDraft
    tokens: list[QuickToken]
    unknown: list[QuickToken]


class QuickPreview(QuickLine):
    """How the first line is understood, and all of them, in order."""

    tasks: list[QuickLine]
