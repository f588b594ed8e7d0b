"""How answers are declared in the API document."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from taskmanager.kit.errors import PROBLEM

Responses = dict[int | str, dict[str, Any]]


class ProblemPlace(BaseModel):
    """One wrong value: where (RFC 6901), a code for programs, words for people.

    Where a text has a grammar: the column, from 1, at which it breaks it, and what could stand there. Where a part of
    a text is refused: its offsets in code points.
    """

    pointer: str
    code: str
    message: str
    column: int | None = None
    expected: list[str] | None = None
    start: int | None = None
    end: int | None = None


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    instance: str
    request_id: str
    errors: list[ProblemPlace] | None = None


_SCHEMA = {"$ref": "#/components/schemas/Problem"}
NO_CONTENT: Responses = {204: {"description": "Done; there is nothing to say."}}

NOT_MODIFIED: Responses = {304: {"description": "You have this version already."}}


def refusals(*statuses: int) -> Responses:
    """Return the ``responses`` of a route that may refuse with these statuses (500 is always possible)."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": _SCHEMA}}}
        for status in statuses
    }
