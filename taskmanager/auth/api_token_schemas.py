"""Bodies and answers of API tokens."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from taskmanager.auth.scopes import SCOPES, Scope
from taskmanager.kit.limits import Input, OneLine, Output

DEFAULT_DAYS = 90
MAX_DAYS = 365

TokenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), OneLine]


class ApiTokenCreate(Input):
    name: Annotated[TokenName, Field(description="What it is for; it need not be unique.")]
    scopes: Annotated[
        list[Scope],
        Field(
            min_length=1,
            max_length=len(SCOPES),
            description="What it opens, as far as your role goes; who may change may also read.",
        ),
    ]
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = DEFAULT_DAYS


class ApiTokenOut(Output):
    """An API token; ``prefix`` is how it begins. Its last use is known to the minute."""

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    last_used_ip: str | None


class ApiTokenCreated(ApiTokenOut):
    """The only answer that ever shows the secret."""

    token: str


class ApiTokenList(Output):
    items: list[ApiTokenOut]
    next_cursor: str | None
