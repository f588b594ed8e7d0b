"""Query and answer of the dates of a recurring task to come."""

from typing import Annotated

from pydantic import Field, field_validator

from taskmanager.kit.limits import Filter, Output
from taskmanager.tasks.schemas import WhenOut, read_moment


class OccurrenceQuery(Filter):
    """Which of the dates to come of a recurring task are asked for."""

    since: Annotated[str | None, Field(alias="from", description="A date, or an RFC 3339 instant: none before it.")] = (
        None
    )
    until: Annotated[
        str | None, Field(alias="to", description="A date: none after this day; or an RFC 3339 instant: none from it.")
    ] = None

    @field_validator("since", "until")
    @classmethod
    def _date_or_instant(cls, text: str | None) -> str | None:
        if text is not None:
            read_moment(text)
        return text


class OccurrenceList(Output):
    items: list[WhenOut]
