"""JSON of any origin: lists of objects, each a task, with paths instead of columns; and our own format."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from taskmanager.integrations.formats import guessing, own_json
from taskmanager.integrations.formats.building import Builder, RawComment, finish
from taskmanager.integrations.formats.csv_reader import ask_for_order
from taskmanager.integrations.formats.decoding import decode
from taskmanager.integrations.formats.drafts import MAX_ROWS, Problems, Reading, RowProblem, TaskDraft
from taskmanager.integrations.formats.errors import MappingError, UnreadableFileError, refuse_mapping
from taskmanager.integrations.formats.mapping import CommentSource, Source, parse_mapping
from taskmanager.integrations.formats.mapping import Mapping as Plan
from taskmanager.integrations.formats.values import listed
from taskmanager.integrations.formats.words import COLUMN_NAMES, plain

# What stands for an object where a text is wanted, best first.
_NAMING_KEYS = ("name", "title", "login", "username", "displayName", "display_name", "text", "value", "id")
_COMMENT_KEYS = {
    "body": ("body", "text", "comment", "content", "message", "note"),
    "author": ("author", "user", "creator", "by", "username", "name"),
    "created_at": ("created_at", "createdAt", "created", "date", "published_at", "time"),
}


_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class _Item:
    pointer: str
    value: Any


def read_json(content: bytes, mapping: Mapping[str, Any] | None, timezone: str) -> Reading:
    """Read a JSON file: our own export, or by ``mapping`` (docs/import.md) the lists of objects of another program.

    Raises UnreadableFileError for what is no JSON, MappingError for a mapping that does not fit.
    """
    document = _load(content)
    if mapping is None and own_json.is_own(document):
        return own_json.read_own(document)
    plan = parse_mapping(mapping)
    plan = plan.model_copy(update={"items": plan.items or _guess_items(document)})
    items = _items(document, plan.items)
    _check_paths(plan, items)
    plan = guessing.guess_columns(plan, _keys(items), lambda path: _all_texts(items, path))
    plan = _guess_comments(plan, items)
    if plan.title is None:
        message = (
            f'No name looks like a title. Give its path in the mapping: {{"title": "..."}}. '
            f"The names are: {listed(_keys(items))}."
        )
        refuse_mapping("/title", "missing", message)
    plan, ambiguous = guessing.guess_details(plan, lambda path: _all_texts(items, path))
    problems = Problems()
    for field, (path, value) in ambiguous.items():
        problems.add(ask_for_order(field, path, value))
    drafts = [] if ambiguous else _build(items, plan, timezone, problems)
    taken = {path.partition(".")[0] for source in _sources(plan).values() for path in source.column}
    return Reading(
        kind="json",
        rows=len(items),
        drafts=finish(drafts, problems),
        problems=problems,
        mapping=plan.describe(),
        ignored=tuple(name for name in _keys(items) if name not in taken),
    )


def _load(content: bytes) -> Any:
    try:
        document = json.loads(decode(content), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        message = f"Line {error.lineno}, column {error.colno}: {error.msg}."
        raise UnreadableFileError(message) from error
    except RecursionError:
        document = None
    except ValueError as error:
        message = "The JSON holds a number that is too large, or none at all (NaN, Infinity)."
        raise UnreadableFileError(message) from error
    if document is None or _is_deep(document):
        message = f"The JSON is empty or nested more than {_DEEPEST} levels deep."
        raise UnreadableFileError(message)
    return document


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        level = [part for value in level for part in _parts(value)]
    return bool(level)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _items(document: Any, paths: Sequence[str]) -> list[_Item]:
    items: list[_Item] = []
    for path in paths:
        value: Any = document
        for part in filter(None, path.split(".")):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, list):
            message = f"There is no list at {path!r}."
            refuse_mapping("/items", "unknown_path", message)
        pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in filter(None, path.split(".")))
        items += [_Item(f"{pointer}/{index}", item) for index, item in enumerate(value)]
    if len(items) > MAX_ROWS:
        message = f"The file has more than {MAX_ROWS:,} rows. Split it."
        raise UnreadableFileError(message)
    return items


def _guess_items(document: Any) -> tuple[str, ...]:
    if isinstance(document, list):
        return ("",)
    lists = document.items() if isinstance(document, dict) else ()
    found = tuple(
        name for name, value in lists if isinstance(value, list) and _look_like_tasks(value) and "." not in name
    )
    if not found:
        message = 'No list of tasks was found. Give its path in the mapping: {"items": "..."}.'
        refuse_mapping("/items", "missing", message)
    return found


def _look_like_tasks(values: list[Any]) -> bool:
    """Whether objects have a title and something else that only a task has (labels have names too)."""
    known = {
        name for field in ("description", "status", "due", "created_at", "completed_at") for name in COLUMN_NAMES[field]
    }
    names = {plain(key) for value in values[:20] if isinstance(value, dict) for key in value}
    return bool(names & set(COLUMN_NAMES["title"])) and len(names & (known - {"description"})) > 0


def _keys(items: Sequence[_Item]) -> list[str]:
    return list(
        {key: None for item in items if isinstance(item.value, dict) for key in item.value if key and "." not in key}
    )


def _sources(plan: Plan) -> dict[str, Source | CommentSource]:
    sources: dict[str, Source | CommentSource] = {**plan.sources()}
    return {**sources, "comments": plan.comments} if plan.comments else sources


def _check_paths(plan: Plan, items: Sequence[_Item]) -> None:
    found = [
        {"pointer": f"/{name}", "code": "unknown_path", "message": f"No item has anything at {path!r}."}
        for name, source in _sources(plan).items()
        for path in source.column
        if items and not any(_reaches(item.value, path.split(".")) for item in items)
    ]
    if found:
        detail = f"{found[0]['message']} The names are: {listed(_keys(items))}."
        raise MappingError(detail, errors=found)


def _reaches(value: Any, parts: Sequence[str]) -> bool:
    # Beyond null or an empty list nothing can be said, so nothing is refused.
    if not parts or value is None or value == []:
        return True
    if isinstance(value, list):
        return any(_reaches(part, parts) for part in value)
    return isinstance(value, dict) and parts[0] in value and _reaches(value[parts[0]], parts[1:])


def _walk(value: Any, parts: Sequence[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for part in value:
            yield from _walk(part, parts)
    elif not parts:
        yield value
    elif isinstance(value, dict) and parts[0] in value:
        yield from _walk(value[parts[0]], parts[1:])


def _texts(value: Any, path: str) -> Iterator[str]:
    for leaf in _walk(value, path.split(".")):
        text = _text(leaf)
        if text:
            yield text


def _text(leaf: Any) -> str:
    if isinstance(leaf, dict):
        leaf = next((leaf[key] for key in _NAMING_KEYS if isinstance(leaf.get(key), str | int)), None)
    if leaf is None:
        return ""
    if isinstance(leaf, bool):
        return "true" if leaf else "false"
    if isinstance(leaf, float) and leaf.is_integer():
        return str(int(leaf))
    return str(leaf)


def _all_texts(items: Sequence[_Item], path: str) -> Iterator[str]:
    for item in items:
        yield from _texts(item.value, path)


def _guess_comments(plan: Plan, items: Sequence[_Item]) -> Plan:
    """Fill in the names inside comments where only their list is known; a mere count of comments is none."""
    source = plan.comments
    if source is None or source.model_fields_set & set(_COMMENT_KEYS):
        return plan
    path = source.column[0].split(".")
    values = [value for item in items for value in _walk(item.value, path) if isinstance(value, dict | str)]
    if not values:
        return plan.model_copy(update={"comments": None})
    keys = {key for value in values if isinstance(value, dict) for key in value}
    names = {field: next((key for key in known if key in keys), "") for field, known in _COMMENT_KEYS.items()}
    return plan.model_copy(update={"comments": CommentSource(column=source.column, **names)})


def _build(items: Sequence[_Item], plan: Plan, timezone: str, problems: Problems) -> list[TaskDraft]:
    builder = Builder(plan, timezone, problems)
    sources = plan.sources()
    drafts = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item.value, dict):
            problems.add(RowProblem(number, item.pointer, "", "not_an_object", "Is no object."))
            continue
        cells = {
            name: [(path, text) for path in source.column for text in _texts(item.value, path)]
            for name, source in sources.items()
        }
        comments = list(_comments(item.value, plan.comments)) if plan.comments else []
        draft = builder.build(number, item.pointer, cells, comments)
        if draft is not None:
            drafts.append(draft)
    return drafts


def _comments(value: Any, source: CommentSource) -> Iterator[RawComment]:
    for path in source.column:
        for found in _walk(value, path.split(".")):
            if not isinstance(found, dict):
                comment = RawComment(_text(found))
            else:
                parts = {
                    name: next(_texts(found, key), "") if (key := getattr(source, name)) else ""
                    for name in _COMMENT_KEYS
                }
                comment = RawComment(**parts)
            if comment.body.strip():
                yield comment
