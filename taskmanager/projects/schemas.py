"""Bodies and answers of projects, members and labels."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from taskmanager.kit.limits import UNSET, Colour, IdText, Input, OneLine, Output
from taskmanager.projects.access import ProjectRole

ProjectName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), OneLine]
LabelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), OneLine]
Description = Annotated[str, StringConstraints(max_length=20_000)]


class ProjectCreate(Input):
    name: ProjectName
    color: Colour | None = None
    parent_id: IdText | None = None
    description: Description = ""


class ProjectUpdate(Input):
    name: ProjectName = UNSET
    color: Colour | None = None
    parent_id: IdText | None = None
    description: Description = UNSET


class ProjectOut(Output):
    id: str
    name: str
    key: str
    color: str | None
    description: str
    parent_id: str | None
    is_inbox: bool
    role: ProjectRole
    created_at: datetime
    updated_at: datetime
    version: int


class ProjectList(Output):
    items: list[ProjectOut]
    next_cursor: str | None


class MemberCreate(Input):
    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    role: ProjectRole


class MemberUpdate(Input):
    role: ProjectRole


class MemberOut(Output):
    user_id: str
    username: str
    display_name: str
    role: ProjectRole
    inherited: bool


class MemberList(Output):
    items: list[MemberOut]
    next_cursor: str | None


class Place(Input):
    """A place in an order, right after or right before another thing of the same kind; not both."""

    after: Annotated[IdText | None, Field(description="Come right after this one.")] = None
    before: Annotated[IdText | None, Field(description="Come right before this one.")] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.after is not None and self.before is not None:
            message = "after and before cannot be given together"
            raise ValueError(message)
        return self


class SectionCreate(Place):
    """Without a place it goes to the end."""

    name: ProjectName


class SectionUpdate(Place):
    name: ProjectName = UNSET


class SectionOut(Output):
    id: str
    project_id: str
    name: str
    position: str
    created_at: datetime
    updated_at: datetime
    version: int


class SectionList(Output):
    items: list[SectionOut]
    next_cursor: str | None


class LabelCreate(Input):
    name: LabelName
    color: Colour | None = None


class LabelUpdate(Input):
    color: Colour | None = None


class LabelOut(Output):
    id: str
    name: str
    color: str | None
    version: int


class LabelList(Output):
    items: list[LabelOut]
    next_cursor: str | None
