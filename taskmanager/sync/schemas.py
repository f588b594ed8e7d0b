"""Answers of undo, of the bootstrap and of the feed."""

from typing import Annotated, Literal

from pydantic import Field

from taskmanager.auth.schemas import Account
from taskmanager.kit.limits import Output
from taskmanager.projects.schemas import LabelOut, ProjectOut, SectionOut
from taskmanager.tasks.filters.schemas import FilterOut
from taskmanager.tasks.schemas import CommentOut, TaskOut
from taskmanager.tasks.schemas_actions import RelationOut

Kind = Literal["task", "project", "section", "label", "filter", "comment"]
Reason = Literal["trashed", "purged", "access"]
Token = Annotated[str, Field(description="Where to go on: `since` of the next request, opaque.")]


class Undone(Output):
    """``operation_id`` is the undo's own operation, so that it can be undone in turn."""

    operation_id: str
    reversed: str


class Bootstrap(Output):
    """All that a client needs to begin. ``account`` is null for API tokens without ``account:read``."""

    account: Account | None
    projects: list[ProjectOut]
    sections: list[SectionOut]
    labels: list[LabelOut]
    filters: list[FilterOut]
    tasks: Annotated[
        list[TaskOut],
        Field(description="Open tasks, and closed ones that were changed within 30 days; at most the 5,000 newest."),
    ]
    complete: Annotated[bool, Field(description="False where there are more than these tasks: `GET /tasks` has all.")]
    sequence: Token


class TaskRelations(Output):
    """All relations of one task, in place of those known before."""

    task_id: str
    relations: list[RelationOut]


class Upserts(Output):
    """Things as they are now, each as its own route shows it."""

    account: Account | None
    projects: list[ProjectOut]
    sections: list[SectionOut]
    labels: list[LabelOut]
    filters: list[FilterOut]
    tasks: list[TaskOut]
    comments: list[CommentOut]
    relations: list[TaskRelations]


class Deletion(Output):
    """A thing to forget, with all that lies in it or refers to it."""

    kind: Kind
    id: str
    reason: Reason


class Changes(Output):
    """What happened since a sequence token. Deletions are applied first, then upserts."""

    upserts: Upserts
    deletions: list[Deletion]
    sequence: Token
    more: Annotated[bool, Field(description="There is more already: ask again at once.")]
    reset: Annotated[bool, Field(description="The token cannot be gone on from: take `GET /bootstrap` again.")]
