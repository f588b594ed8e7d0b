"""Queries of import and export, and the report."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from taskmanager.integrations.models import MAX_SOURCE
from taskmanager.kit.limits import Filter, IdText, OneLine, Output, Timezone

MAX_MAPPING = 16_000

Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SOURCE), OneLine]


class ImportQuery(Filter):
    """How a file is to be taken in."""

    project_id: Annotated[
        IdText | None, Field(description="Where all tasks go. Without it: by name from the file, else your Inbox.")
    ] = None
    mapping: Annotated[
        str | None,
        Field(max_length=MAX_MAPPING, description="Which column feeds which field, as JSON; docs/import.md."),
    ] = None
    timezone: Annotated[Timezone | None, Field(description="Of times that name none; without it your own.")] = None
    on_duplicate: Annotated[
        Literal["skip", "refuse"], Field(description="What to do when tasks of the file are here already.")
    ] = "skip"
    on_invalid: Annotated[
        Literal["refuse", "skip"], Field(description="Refuse the whole file for one wrong row, or leave such rows out.")
    ] = "refuse"
    dry_run: Annotated[bool, Field(description="Write nothing; report what would happen.")] = False
    source: Annotated[
        Source | None,
        Field(description="Name of where the file comes from: ids are told apart by it. Without it: the format."),
    ] = None


class ExportQuery(Filter):
    """What to take out, and how."""

    format: Annotated[
        Literal["json", "csv", "ical"], Field(description="json is lossless; csv for spreadsheets; ical for calendars.")
    ] = "json"
    project_id: Annotated[IdText | None, Field(description="Only this project.")] = None


class ImportCounts(Output):
    """``read`` rows of the file; ``created`` tasks, or on a dry run those that would be."""

    read: int
    created: int
    duplicates: int
    problems: int
    comments: int


class ImportProblem(Output):
    """Why a row cannot be taken; ``row`` 0 concerns the whole file, ``line`` only tables have."""

    row: int
    line: int | None
    place: str
    field: str
    code: str
    message: str


class ImportDuplicate(Output):
    """A row that is here already, as which task."""

    row: int
    place: str
    external_id: str
    task_id: str
    key: str


class ImportProject(Output):
    """Where tasks go; ``id`` is null while a dry run only promises the project."""

    id: str | None
    name: str
    created: bool
    tasks: int


class ImportSample(Output):
    """One of the first tasks of a dry run, as it would be made."""

    row: int
    title: str
    status: str
    priority: int
    start: dict[str, str] | None
    due: dict[str, str] | None
    labels: list[str]
    assignees: list[str]
    project: str
    created_at: datetime | None
    completed_at: datetime | None
    comments: int


class ImportReport(Output):
    """What an import did; ``accepted`` is false only on a dry run of what would be refused.

    ``mapping`` is the one in force, in the form in which it can be given; ``ignored`` names what no field took.
    Of duplicates and problems the first thousand are listed.
    """

    format: str
    source: str
    dry_run: bool
    accepted: bool
    operation_id: str | None
    counts: ImportCounts
    mapping: dict[str, Any] | None
    ignored: list[str]
    notes: list[str]
    projects: list[ImportProject]
    duplicates: list[ImportDuplicate]
    problems: list[ImportProblem]
    sample: list[ImportSample]
