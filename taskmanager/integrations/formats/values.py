"""One value of a foreign file: cleaned, understood and held against the limits of the API, or refused with a reason."""

import re
from collections.abc import Iterable
from typing import NoReturn

from taskmanager.integrations.formats.words import is_number, priority_of, status_of
from taskmanager.projects.names import name_key
from taskmanager.tasks.schemas import STATUSES

TITLE_LENGTH = 500
TEXT_LENGTH = 100_000
NAME_LENGTH = 200
LABEL_LENGTH = 60
COMMENT_LENGTH = 20_000
EXTERNAL_ID_LENGTH = 500
MOST_COMMENTS = 1_000
MOST_OCCURRENCES = 100_000
MOST_RELATIONS = 10_000
MOST_MINUTES = 1_000_000

_CONTROLS = re.compile(r"[\x01-\x1f\x7f]+")
_SPAN = re.compile(
    r"P(?:(\d{1,7})D)?T?(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:\d{1,7}S)?|(?:(\d{1,7}) ?h)? ?(?:(\d{1,7}) ?m(?:in)?)?",
    re.ASCII,
)
_SHOWN = 60
_LISTED = 2_000


class BadValueError(ValueError):
    """A value that cannot be taken, with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def refuse(code: str, message: str) -> NoReturn:
    """Raise BadValueError."""
    raise BadValueError(code, message)


def shown(text: str) -> str:
    """Return a text in quotes, cut short, fit for a message."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "“" + _CONTROLS.sub(" ", cut.encode("utf-8", "replace").decode()) + "”"


def listed(names: Iterable[str]) -> str:
    """Return names for a message, cut short."""
    return ", ".join(name for name in names if name)[:_LISTED].encode("utf-8", "replace").decode()


def check_storable(text: str) -> str:
    """Return a text that both databases can hold."""
    if "\0" in text:
        refuse("invalid_text", "Has a NUL character, which no field can hold.")
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse("invalid_text", "Has half of a surrogate pair, which is no character.")
    return text


def check_line(text: str, most: int = NAME_LENGTH) -> str:
    """Return a single line: stripped, line breaks and other control characters as one space each run."""
    text = _CONTROLS.sub(" ", check_storable(text)).strip()
    if not text:
        refuse("missing", "Is empty.")
    if len(text) > most:
        refuse("too_long", f"Has {len(text):,} characters; at most {most:,} fit.")
    return text


def check_text(text: str, most: int = TEXT_LENGTH) -> str:
    """Return a text of many lines, exactly as it is."""
    if len(check_storable(text)) > most:
        refuse("too_long", f"Has {len(text):,} characters; at most {most:,} fit.")
    return text


def check_comment(text: str) -> str:
    """Return the stripped text of a comment."""
    text = check_text(text.strip(), COMMENT_LENGTH)
    if not text:
        refuse("missing", "Is empty.")
    return text


def check_names(texts: Iterable[str], length: int, most: int) -> tuple[str, ...]:
    """Return names in their order, each once in its first spelling."""
    names: dict[str, str] = {}
    for text in texts:
        if text.strip():
            name = check_line(text, length)
            names.setdefault(name_key(name), name)
    if len(names) > most:
        refuse("too_many", f"Has {len(names):,} entries; at most {most:,} fit.")
    return tuple(names.values())


def check_status(text: str) -> str:
    """Return the status that a word stands for."""
    status = text if text in STATUSES else status_of(text)
    if status is None:
        message = f"{shown(text)} is no status that is known. Say what it means with “values” in the mapping."
        refuse("unknown_value", message)
    return status


def check_priority(text: str) -> int:
    """Return the priority that a word or number stands for."""
    priority = priority_of(text)
    if priority is None:
        message = f"{shown(text)} is no priority that is known. Say what it means with “values” in the mapping."
        refuse("unknown_value", message)
    return priority


def check_minutes(text: str) -> int | None:
    """Return minutes from a number, ``1h 30m`` or ``PT1H30M``; seconds are left out, and nothing is None."""
    match = _SPAN.fullmatch(text.strip())
    if is_number(text) and len(text) <= len(str(MOST_MINUTES)):
        minutes = int(text)
    elif match is not None and any(match.groups()):
        days, hours, rest, more_hours, more_rest = (int(part or 0) for part in match.groups())
        minutes = (days * 24 + hours + more_hours) * 60 + rest + more_rest
    else:
        refuse("invalid_number", f"{shown(text)} is no number of minutes.")
    if minutes > MOST_MINUTES:
        refuse("too_long", f"At most {MOST_MINUTES:,} minutes fit.")
    return minutes or None
