"""Which column or path of a file feeds which field of a task: what a person may say about it."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from taskmanager.integrations.formats.dates import parser_of, zones
from taskmanager.integrations.formats.errors import MappingError
from taskmanager.integrations.formats.values import listed
from taskmanager.integrations.formats.words import priority_of, status_of
from taskmanager.tasks.schemas import STATUSES

DATE_FIELDS = ("start", "due", "deadline", "created_at", "completed_at")
LIST_FIELDS = ("labels", "assignees")


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Text = Annotated[str, BeforeValidator(_as_text)]


class Source(BaseModel):
    """Where one field comes from. A plain name or a list of names stands for ``{"column": ...}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Names = Field(default=(), validation_alias=AliasChoices("column", "path"))
    value: Text | None = None
    values: dict[str, Text] = {}
    format: Names = ()
    separator: str | None = Field(default=None, min_length=1, max_length=10)
    timezone: str | None = None
    _folded: dict[str, str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, _context: Any, /) -> None:
        """Prepare the comparison without case."""
        self._folded.update({key.strip().casefold(): value for key, value in self.values.items()})

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str | list | tuple) else value

    @model_validator(mode="after")
    def _check(self) -> "Source":
        if bool(self.column) == (self.value is not None):
            message = 'name a "column" (or "path") or give a fixed "value"'
            raise ValueError(message)
        for pattern in self.format:
            parser_of(pattern)
        if self.timezone is not None and self.timezone not in zones():
            message = f"{self.timezone} is not an IANA time zone such as Europe/Berlin"
            raise ValueError(message)
        return self

    def translate(self, text: str) -> str:
        """Return the value that ``values`` gives for a text, or the text."""
        return self._folded.get(text.casefold(), text) if self._folded else text


class CommentSource(BaseModel):
    """Where comments come from: a column of texts, or the path of a list of objects and the names in them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Names = Field(validation_alias=AliasChoices("column", "path"), min_length=1)
    body: str = "body"
    author: str = "author"
    created_at: str = "created_at"

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str | list | tuple) else value


class Mapping(BaseModel):
    """The mapping of a file. Every field of a task may be named; only ``title`` must be, or be guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: Names = ()
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    title: Source | None = None
    description: Source | None = None
    status: Source | None = None
    priority: Source | None = None
    start: Source | None = None
    due: Source | None = None
    deadline: Source | None = None
    labels: Source | None = None
    assignees: Source | None = None
    project: Source | None = None
    parent: Source | None = None
    estimate_minutes: Source | None = None
    author: Source | None = None
    created_at: Source | None = None
    completed_at: Source | None = None
    external_id: Source | None = None
    comments: CommentSource | None = None

    @model_validator(mode="after")
    def _check(self) -> "Mapping":
        for name in ("status", "priority"):
            source: Source | None = getattr(self, name)
            known = status_of if name == "status" else priority_of
            texts = [] if source is None else [*source.values.values(), *([source.value] if source.value else [])]
            for text in texts:
                if text not in STATUSES and known(text) is None:
                    message = f"{name}: {text!r} is none; use {_choices(name)}"
                    raise ValueError(message)
        return self

    def sources(self) -> dict[str, Source]:
        """Return the sources by field, without the comments."""
        return {name: value for name in FIELDS if isinstance(value := getattr(self, name), Source)}

    def describe(self) -> dict[str, Any]:
        """Return the mapping in the shortest form in which it can be given again."""
        short: dict[str, Any] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, BaseModel):
                kept = value.model_dump(mode="json", exclude_defaults=True)
                kept = {key: _unwrap(part) for key, part in kept.items()}
                short[name] = kept["column"] if set(kept) == {"column"} else kept
            elif value:
                short[name] = _unwrap(value)
        return short


FIELDS = tuple(name for name in Mapping.model_fields if name not in {"items", "delimiter", "comments"})


def _choices(name: str) -> str:
    return ", ".join(STATUSES) if name == "status" else "0 (none) to 4 (urgent)"


def _unwrap(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return value[0] if len(value) == 1 else list(value)
    return value


def parse_mapping(given: Dict[str, Any] | None) -> Mapping:
    """Return the mapping that a person gave as JSON. Raises MappingError that names every wrong part."""
    try:
        return Mapping.model_validate(given or {})
    except ValidationError as error:
        found = [
            {
                "pointer": "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in item["loc"]),
                "code": item["type"],
                "message": item["msg"].removeprefix("Value error, "),
            }
            for item in error.errors(include_url=False, include_input=False, include_context=False)[:100]
        ]
        detail = f"{found[0]['pointer'] or 'The mapping'}: {found[0]['message']}"
        raise MappingError(detail, errors=found) from error


def check_columns(mapping: Mapping, columns: Sequence[str]) -> None:
    """Raise MappingError for every named column that the file does not have."""
    parts: dict[str, Source | CommentSource] = {**mapping.sources()}
    if mapping.comments is not None:
        parts["comments"] = mapping.comments
    found = [
        {"pointer": f"/{name}", "code": "unknown_column", "message": f"There is no column {column!r}."}
        for name, source in parts.items()
        for column in source.column
        if column not in columns
    ]
    if found:
        detail = f"{found[0]['message']} The columns are: {listed(columns)}."
        raise MappingError(detail, errors=found)
