"""JSON bodies, parsed once and strictly: no duplicate names, no NaN, bounded depth and numbers, clean text.

Both databases then refuse alike, and no parser further in meets a surprise (ASVS 1.5.3, RFC 8259, RFC 7493).
"""

import json
from typing import Any, NoReturn

from taskmanager.kit.errors import InvalidError, MalformedError

MAX_DEPTH = 32
MAX_DIGITS = 20
BIGGEST = 2**63 - 1


def parse_json(body: bytes) -> Any:
    """Return the parsed body.

    Raises :class:`MalformedError` (400) for what is not I-JSON and :class:`InvalidError` (422) for NUL and lone
    surrogates, with a pointer to the place.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(f"The body is not UTF-8: byte {error.start}.") from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        raise MalformedError(f"{error.msg}: line {error.lineno} column {error.colno}.") from error
    except RecursionError as error:
        raise MalformedError("The body is nested too deeply.") from error
    _walk(value, "", 1)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedError("A name stands twice in one object.")
    return result


def _constant(name: str) -> NoReturn:
    raise MalformedError(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS or not -BIGGEST - 1 <= (number := int(digits)) <= BIGGEST:
        raise MalformedError("A number is out of range (64-bit signed).")
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise MalformedError("A number is out of range.")
    return number


def unclean(text: str) -> str | None:
    """Return what is wrong with a text that no database should hold, or None."""
    if "\x00" in text:
        return "holds a NUL character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return "holds half of a surrogate pair"
    return None


def _walk(value: Any, pointer: str, depth: int) -> None:
    if isinstance(value, str):
        if wrong := unclean(value):
            raise InvalidError.at(pointer, "unclean_text", f"The text {wrong}.")
    elif isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise MalformedError(f"The body is nested deeper than {MAX_DEPTH} levels.")
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(key, str):
                if wrong := unclean(key):
                    raise InvalidError.at(pointer, "unclean_text", f"A name {wrong}.")
                key = key.replace("~", "~0").replace("/", "~1")  # noqa: PLW2901 - RFC 6901 escape
            _walk(item, f"{pointer}/{key}", depth + 1)
