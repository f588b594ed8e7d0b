"""Types of input fields with their limits: strict, clean, and the same for every room (ASVS 2.2.1, 15.3.5)."""

import re
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from taskmanager.kit import ids


class Input(BaseModel):
    """A body: unknown fields are refused, a number is never text and text never a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Filter(BaseModel):
    """A query string. Unknown parameters are refused by the route class, which knows all of a route's."""

    model_config = ConfigDict(frozen=True)


class Output(BaseModel):
    """An answer: no defaults, so that generated clients see every field as present."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _hide_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


UNSET: Any = Field(default=None, json_schema_extra=_hide_default)
"""The default of a field that a PATCH may leave out but not set to null; ask ``model_fields_set``."""


def _clean_line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        message = "must be one line without control characters"
        raise ValueError(message)
    return text


OneLine = AfterValidator(_clean_line)
"""A text without line breaks and control characters."""


def _parse_date(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            message = "must be a date such as 2026-12-01"
            raise ValueError(message)
        value = date.fromisoformat(value)
        # The outermost years leave no room for time zones, and PostgreSQL's driver takes the first day for "-infinity".
        if not MINYEAR < value.year < MAXYEAR:
            message = "must be between the years 2 and 9998"
            raise ValueError(message)
    return value


Date = Annotated[date, BeforeValidator(_parse_date)]
"""A calendar date, ``YYYY-MM-DD``."""


_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _parse_instant(value: object) -> object:
    if isinstance(value, str):
        match = _INSTANT.fullmatch(value)
        instant = datetime.fromisoformat((match[1] + match[2]).upper()) if match else None
        if instant is None or not MINYEAR < instant.year < MAXYEAR:
            message = "must be an instant such as 2026-12-01T09:00:00Z"
            raise ValueError(message)
        value = instant.astimezone(UTC)
    return value


InstantText = Annotated[datetime, BeforeValidator(_parse_instant)]
"""An instant, RFC 3339 with an offset or ``Z``; in whole seconds."""


def _check_id(text: str) -> str:
    text = text.lower()
    if not ids.is_id(text):
        message = "must be an id such as 01890a5d-ac96-774b-bcce-b302099a8057"
        raise ValueError(message)
    return text


_UUID = WithJsonSchema({"type": "string", "format": "uuid"})
IdText = Annotated[str, AfterValidator(_check_id), _UUID]
IdPath = Annotated[str, Path(), AfterValidator(_check_id), _UUID]


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_timezone(name: str) -> str:
    if name not in _timezones():
        message = "must be an IANA time zone such as Europe/Berlin"
        raise ValueError(message)
    return name


Timezone = Annotated[str, AfterValidator(_check_timezone)]
"""The name of an IANA time zone."""

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]

# What stands in a header and on an SMTP command line without quotes. More can be an address; nobody has one.
_LABEL = r"[^@\s.<>()\[\],;:\\\"]+"
EMAIL = re.compile(rf"(?=.{{1,64}}@){_LABEL}(\.{_LABEL})*@{_LABEL}(\.{_LABEL})+")
"""An e-mail address as people write it."""
