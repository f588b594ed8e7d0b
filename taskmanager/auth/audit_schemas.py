"""What is asked of the audit trail, and how it answers."""

import re
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from taskmanager.auth.audit import Detail, Event
from taskmanager.auth.audit_chain import Kind
from taskmanager.kit.limits import Filter, Output

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})")


def _check_form(text: object) -> object:
    # A bare number would be taken for seconds since 1970.
    if isinstance(text, str) and not _INSTANT.fullmatch(text):
        message = "must be an instant such as 2026-12-01T09:00:00Z"
        raise ValueError(message)
    return text


def _check_year(moment: datetime) -> datetime:
    # The outermost years leave no room for time zones.
    if not MINYEAR < moment.year < MAXYEAR:
        message = "must be between the years 2 and 9998"
        raise ValueError(message)
    return moment


Moment = Annotated[AwareDatetime, BeforeValidator(_check_form), AfterValidator(_check_year)]
Party = Annotated[str, Field(min_length=1, max_length=64)]


class AuditQuery(Filter):
    """What an administrator looks for in the trail."""

    event: Annotated[Event | None, Field(description="One kind of event.")] = None
    outcome: Annotated[Literal["success", "failure"] | None, Field(description="One outcome.")] = None
    actor: Annotated[Party | None, Field(description="Who acted: a user name or an id.")] = None
    subject: Annotated[Party | None, Field(description="The account concerned: a user name or an id.")] = None
    since: Annotated[Moment | None, Field(description="From this instant on.")] = None
    until: Annotated[Moment | None, Field(description="Before this instant.")] = None
    search: Annotated[Party | None, Field(description="A request id or an address, in full.")] = None


class AuditParty(Output):
    """An account in the trail; without a name once it is gone."""

    id: str
    username: str | None


class AuditRecord(Output):
    """One record; ``position`` is its place in the chain once it is sealed."""

    id: int
    position: int | None
    at: datetime
    event: Event
    outcome: Literal["success", "failure"]
    actor: AuditParty | None
    subject: AuditParty | None
    session_id: str | None
    ip: str
    user_agent: str
    request_id: str
    detail: dict[str, Detail]


class AuditList(Output):
    items: list[AuditRecord]
    next_cursor: str | None


class AuditBreak(Output):
    """The first place where the trail is not what was sealed."""

    position: int
    kind: Kind


class AuditVerdict(Output):
    """Whether the trail is whole; what is not sealed yet is a second's worth of records on a healthy server."""

    ok: bool
    checked: int
    unsealed: int
    broken: AuditBreak | None


class SignInRecord(Output):
    """A sign-in to the own account, or a try."""

    at: datetime
    outcome: Literal["success", "failure"]
    ip: str
    user_agent: str
    device: Annotated[str, Field(description="The agent in words, such as Firefox on Windows.")]
    session_id: str | None


class SignInList(Output):
    items: list[SignInRecord]
    next_cursor: str | None
