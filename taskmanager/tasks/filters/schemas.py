"""Bodies and answers of filters."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from taskmanager.kit.limits import UNSET, Colour, Input, OneLine, Output
from taskmanager.tasks.filters.reading import MAX_LENGTH

FilterName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), OneLine]
FilterText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LENGTH),
    Field(examples=["(today | overdue) & #Home & !@waiting"]),
]


class FilterQuery(Input):
    query: FilterText


class CheckedFilter(Output):
    """The canonical text of a filter, and its tree: and, or, not, or a term with its kind."""

    query: str
    tree: dict[str, Any]


class FilterCreate(Input):
    name: FilterName
    query: FilterText
    color: Colour | None = None


class FilterUpdate(Input):
    name: FilterName = UNSET
    query: FilterText = UNSET
    color: Colour | None = None


class FilterOut(Output):
    id: str
    name: str
    query: str
    color: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class FilterList(Output):
    items: list[FilterOut]
    next_cursor: str | None
