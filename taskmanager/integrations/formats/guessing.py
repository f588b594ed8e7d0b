"""Which columns are meant when nobody says so."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from taskmanager.integrations.formats import date_patterns
from taskmanager.integrations.formats.mapping import DATE_FIELDS, LIST_FIELDS, CommentSource, Mapping, Source
from taskmanager.integrations.formats.words import COLUMN_NAMES, plain

_SAMPLE = 200
_SEPARATORS = (",", ";", "\n", "|")

# Each may hold a tick or the time of the tick.
_TICK_OR_TIME = frozenset({"completed", "complete", "done", "closed", "resolved"})

Texts = Callable[[str], Iterable[str]]
"""From the name of a column to its texts, without empty ones."""


def guess_columns(mapping: Mapping, columns: Sequence[str], texts: Texts) -> Mapping:
    """Return the mapping with every field filled that it leaves open and for which a column has a telling name."""
    taken = {name for source in mapping.sources().values() for name in source.column}
    if mapping.comments is not None:
        taken |= set(mapping.comments.column)
    by_name: dict[str, str] = {}
    for column in columns:
        if column not in taken:
            by_name.setdefault(plain(column), column)
    found: dict[str, Any] = {}
    for field, names in COLUMN_NAMES.items():
        if getattr(mapping, field) is not None:
            continue
        for name in names:
            if name in by_name and _fits(field, name, texts(by_name[name])):
                found[field] = (CommentSource if field == "comments" else Source)(column=(by_name[name],))
                del by_name[name]
                break
    return mapping.model_copy(update=found)


def _fits(field: str, name: str, texts: Iterable[str]) -> bool:
    if name not in _TICK_OR_TIME:
        return True
    times = any(_is_date(text) for _, text in zip(range(_SAMPLE), texts, strict=False))
    return times == (field == "completed_at")


def _is_date(text: str) -> bool:
    found = date_patterns.guess([text])
    return bool(found.patterns or found.ambiguous)


def guess_details(mapping: Mapping, texts: Texts) -> tuple[Mapping, dict[str, tuple[str, str]]]:
    """Return the mapping with date patterns and separators filled in from the data.

    Also returns, by field, the column and a value of it that can be read as day or as month first.
    """
    found: dict[str, Source] = {}
    ambiguous: dict[str, tuple[str, str]] = {}
    for field, source in mapping.sources().items():
        if field in DATE_FIELDS and not source.format and source.column:
            guessed = date_patterns.guess(text for column in source.column for text in texts(column))
            if guessed.ambiguous is not None:
                ambiguous[field] = (source.column[0], guessed.ambiguous)
            found[field] = source.model_copy(update={"format": tuple(guessed.patterns)})
        elif field in LIST_FIELDS and source.separator is None and source.column:
            seen = "".join(text for column in source.column for text in texts(column))
            separator = next((sign for sign in _SEPARATORS if sign in seen), None)
            found[field] = source.model_copy(update={"separator": separator})
    return mapping.model_copy(update=found), ambiguous
