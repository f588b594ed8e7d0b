"""Bodies and answers of accounts and sessions."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from taskmanager.auth.notices import Kind
from taskmanager.auth.roles import Role
from taskmanager.kit.limits import EMAIL, UNSET, IdText, Input, OneLine, Output, Timezone

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


def _check_username(name: str) -> str:
    name = name.lower()
    if not _USERNAME.fullmatch(name):
        message = "must be 2 to 64 letters a-z, digits, dots, dashes or underscores, beginning with a letter or digit"
        raise ValueError(message)
    return name


def _check_email(address: str) -> str:
    if not EMAIL.fullmatch(address) or not address.isprintable():
        message = "must be an e-mail address"
        raise ValueError(message)
    return address


Username = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_check_username)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_check_email)]
DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), OneLine]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
# A new password is checked against the setting by auth.passwords; here is only what can never be one.
Password = Annotated[str, Field(min_length=1, max_length=1024)]
LinkToken = Annotated[str, Field(min_length=1, max_length=200)]


LoginName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=254),
    Field(description="User name or verified e-mail."),
]


class Login(Input):
    username: LoginName
    password: Password
    remember: bool = True
    cookie: Annotated[bool, Field(description="Put the tokens into HttpOnly cookies instead of the answer.")] = False
    label: Annotated[str, Field(max_length=100, description="A name for this session.")] | None = None


class Refresh(Input):
    refresh_token: Annotated[str, Field(min_length=1, max_length=2000)] | None = None


class Tokens(Output):
    """RFC 6749, section 5.1. With cookies the tokens are not in the body."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    session_id: str


class CookieTokens(Output):
    expires_in: int
    refresh_expires_in: int
    session_id: str


class Registration(Input):
    username: Username
    password: Password
    email: Email | None = None
    display_name: DisplayName | None = None
    invitation: LinkToken | None = None


class Setup(Input):
    setup_token: LinkToken
    username: Username
    password: Password


class SetupState(Output):
    """What the sign-in page must know before anyone has signed in."""

    setup_required: bool
    registration: Literal["invite", "open", "closed"]
    password_min_length: int
    mail: bool


class PasswordReset(Input):
    reset_token: LinkToken
    password: Password


class PasswordChange(Input):
    current_password: Password
    new_password: Password


class Forgotten(Input):
    username: LoginName


class EmailChange(Input):
    email: Email
    current_password: Password


class EmailConfirmation(Input):
    token: LinkToken


class Accepted(Output):
    """It will be done, as far as it can be; the answer is the same either way."""

    accepted: Literal[True]


class ProfileUpdate(Input):
    display_name: DisplayName = UNSET
    timezone: Timezone = UNSET
    locale: Locale = UNSET


class Account(Output):
    id: str
    username: str
    email: str | None
    email_verified: bool
    display_name: str
    role: Role
    timezone: str
    locale: str
    created_at: datetime


class SessionOut(Output):
    id: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip: str
    user_agent: str
    device: Annotated[str, Field(description="The agent in words, such as Firefox on Windows.")]
    label: str
    current: bool


class SessionList(Output):
    items: list[SessionOut]
    next_cursor: str | None


class NoticeOut(Output):
    """Something that happened to the account. ``detail`` holds short plain values, which depend on the kind."""

    id: str
    kind: Kind
    at: datetime
    read_at: datetime | None
    device: str | None
    detail: dict[str, str | int | bool | None]


class NoticeList(Output):
    items: list[NoticeOut]
    next_cursor: str | None


class NoticesRead(Input):
    up_to: Annotated[IdText, Field(description="The newest notice that was seen; without it all are.")] | None = None


class UserCreate(Input):
    username: Username
    email: Email | None = None
    role: Role = "user"


class UserUpdate(Input):
    role: Role = UNSET
    active: bool = UNSET


class UserOut(Account):
    """An account as administrators see it."""

    active: bool
    has_password: bool


class UserList(Output):
    items: list[UserOut]
    next_cursor: str | None


class LinkOut(Output):
    """A one-time link; its secret is in the fragment, which no server ever sees. Shown once.

    A link that went by mail to ``sent_to`` is not shown.
    """

    id: str
    kind: Literal["invitation", "reset"]
    url: str | None
    sent_to: str | None
    expires_at: datetime


class UserCreated(Output):
    user: UserOut
    link: LinkOut


class InvitationCreate(Input):
    role: Role = "user"
    email: Email | None = None


class Invitation(Output):
    id: str
    role: Role
    email: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class InvitationList(Output):
    items: list[Invitation]
    next_cursor: str | None
