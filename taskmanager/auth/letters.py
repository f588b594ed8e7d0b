"""The words of every letter: plain text, one thing each, and no address in it but this server's own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

_DAY = timedelta(days=1)

_WELCOME = (
    "Your account in TaskManager",
    """An administrator made the account {username} for you. Choose a password for it within {life}:

{url}

The link works once.""",
)
_RESET = (
    "Choose a new password",
    """Somebody, probably you, asked for a new password of your account {username}. Choose it within {life}:

{url}

The link works once and ends all sessions of the account. If you did not ask, do nothing: your password stays.""",
)
_RESET_BY_ADMIN = (
    "Choose a new password",
    """An administrator asks you to choose a new password for your account {username} within {life}:

{url}

The link works once and ends all sessions of the account. Until you use it your password stays.""",
)
_INVITATION = (
    "An invitation to TaskManager",
    """You were invited to make an account. The link works once, for {life}:

{url}""",
)
_EMAIL = (
    "Confirm your e-mail address",
    """The account {username} wants to use this e-mail address. Confirm it within {life}:

{url}

If that is not your account, do nothing: without the link the address is not used.""",
)

_NOTICES: Mapping[str, tuple[str, str]] = {
    "new_sign_in": (
        "A new sign-in to your account",
        "Somebody signed in to your account {username} from somewhere new: {device}, address {address}.",
    ),
    "session_reused": (
        "A session was ended for your safety",
        """A sign-in of your account {username} ({device}) was used from two places, so it was ended: somebody may have
copied it. Sign in again there, and look through your other sessions.""",
    ),
    "password_changed": (
        "Your password was changed",
        "The password of your account {username} was changed, and its other sessions were ended.",
    ),
    "password_reset": (
        "Your password was reset",
        "A new password was chosen for your account {username} by a one-time link, and all its sessions were ended.",
    ),
    "email_changed": (
        "Your e-mail address was changed",
        "Your account {username} uses another e-mail address from now on. This is the last message to this one.",
    ),
    "api_token_created": (
        "A new API token for your account",
        "A new API token was made for your account {username}. Programs that have it act in your name.",
    ),
}
_WAS_IT_YOU = """

If this was you, there is nothing to do. If not, choose a new password now and tell your administrator:

{url}"""


def of_link(kind: str, *, by_admin: bool, has_password: bool) -> tuple[str, str]:
    """Return subject and text of a link's letter, with places for ``username``, ``life`` and ``url``."""
    if kind == "invitation":
        return _INVITATION
    if kind == "email":
        return _EMAIL
    if not has_password:
        return _WELCOME
    return _RESET_BY_ADMIN if by_admin else _RESET


def of_notice(kind: str) -> tuple[str, str]:
    """Return subject and text of a notice's letter, with places for ``username``, ``url`` and the notice's details."""
    subject, text = _NOTICES[kind]
    return subject, text + _WAS_IT_YOU


def fill(text: str, **values: Any) -> str:
    """Return a text with its places filled, ready to send."""
    return text.format_map({name: str(value) for name, value in values.items()}) + "\n"


def in_words(life: timedelta) -> str:
    """Return how long a link lives: "an hour", "a day", "7 days"."""
    if life < _DAY:
        return "an hour"
    return "a day" if life == _DAY else f"{life.days} days"
