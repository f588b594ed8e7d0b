"""Answers of searches: a list of tasks, and why each was found."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from taskmanager.kit.limits import Output
from taskmanager.tasks.schemas import TaskList


class Span(Output):
    """Offsets in Unicode code points; ``end`` is not part of it."""

    start: int
    end: int


class Highlight(Output):
    """A part of a text of a task as it was written, and where the words that were asked for stand in it."""

    field: Literal["title", "description", "comment"]
    comment_id: str | None
    text: str
    cut_before: bool
    cut_after: bool
    spans: list[Span]


class FoundTasks(TaskList):
    """The list where ``q`` was given."""

    highlights: Annotated[
        dict[str, list[Highlight]], Field(description="By the id of each task: what shows the words.")
    ]


def _kind(page: Any) -> str:
    found = "highlights" in page if isinstance(page, dict) else isinstance(page, FoundTasks)
    return "found" if found else "list"


TaskPage = Annotated[Annotated[TaskList, Tag("list")] | Annotated[FoundTasks, Tag("found")], Discriminator(_kind)]
"""What ``GET /tasks`` answers: highlights only where there were words."""
