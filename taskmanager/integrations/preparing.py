"""What can be done with a file before anything is looked up: it is read, and every row gets an id to be known by."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from taskmanager.integrations.formats.detection import Kind, read_file
from taskmanager.integrations.formats.drafts import (
    CommentDraft,
    Moment,
    OccurrenceDraft,
    Reading,
    RecurrenceDraft,
    RelationDraft,
    ReminderDraft,
    TaskDraft,
)

_CONTENT = tuple(field.name for field in fields(TaskDraft) if field.name not in {"row", "place", "external_id"})
_COMMENT = tuple(field.name for field in fields(CommentDraft))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that was read; ``external_ids`` has for each row its own id or one made from its words."""

    reading: Reading
    external_ids: Mapping[int, str]


def prepare(content: bytes, kind: Kind | None, mapping: Mapping[str, Any] | None, timezone: str) -> Prepared:
    """Read a file; raises as :func:`read_file` does."""
    reading = read_file(content, kind, mapping, timezone)
    return Prepared(reading, _external_ids(reading))


def _external_ids(reading: Reading) -> dict[int, str]:
    seen: Counter[str] = Counter()
    found: dict[int, str] = {}
    for draft in reading.drafts:
        if draft.external_id is None:
            digest = _digest(draft)
            seen[digest] += 1
            # The same words twice are two tasks, and so they are when the file comes again.
            found[draft.row] = f"{digest}-{seen[digest]}"
        else:
            found[draft.row] = draft.external_id
    return found


def _digest(draft: TaskDraft) -> str:
    # Only what there is: a field that a later version adds changes no digest.
    words = {name: value for name in _CONTENT if (value := getattr(draft, name))}
    text = json.dumps(words, default=_plain, sort_keys=True)
    return "row-" + hashlib.sha256(text.encode()).hexdigest()[:40]


def _plain(value: Any) -> Any:
    match value:
        case Moment():
            return value.as_json()
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat()
        case date():
            return value.isoformat()
        case CommentDraft():
            return [getattr(value, name) for name in _COMMENT]
        case RecurrenceDraft() | OccurrenceDraft() | RelationDraft() | ReminderDraft():
            return [getattr(value, field.name) for field in fields(value)]
    raise TypeError(type(value))
