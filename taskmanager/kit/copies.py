"""A database copied into one file: lines of JSON, compressed, each table and the whole under a checksum.

The first line says what the file holds, the last one that nothing is missing::

    {"copy": 1, "revision": "0015", "tables": [{"name": "users", "columns": [["id", "id"], ...], "rows": 2}, ...], ...}
    {"table": "users"}
    ["0197...", "anna", ...]
    {"end": "users", "rows": 2, "sha256": "..."}
    {"whole": "...", "rows": 2}

Values are those of Python, not of a database, so the same file goes into either one. Checksums tell damage, not
forgery: whoever can write to the file can write to the database that it becomes.
"""

import base64
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Self

from sqlalchemy import BigInteger, Boolean, Date, LargeBinary, String, Table, TypeDecorator
from sqlalchemy.types import TypeEngine

from taskmanager.kit.columns import Id, Instant, Json, instant_text

FORM = 1
LEVEL = 4
"""Of the compression: twice as quick as the usual one for a tenth more bytes."""

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z", re.ASCII)

Rows = list[list[Any]]
Change = Callable[[Any], Any]


class CopyProblem(Exception):  # noqa: N818 - told to the operator
    """A copy that cannot be used, in words that say why."""


@dataclass(frozen=True)
class Kind:
    """How the values of a column are written and read; None: as JSON has them itself."""

    type: TypeEngine[Any]
    write: Change | None = None
    read: Change | None = None


KINDS: dict[str, Kind] = {
    "id": Kind(Id()),
    "instant": Kind(Instant(), instant_text, datetime.fromisoformat),
    "json": Kind(Json()),
    "bytes": Kind(LargeBinary(), lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "date": Kind(Date(), date.isoformat, date.fromisoformat),
    "bool": Kind(Boolean()),
    "int": Kind(BigInteger()),
    "text": Kind(String()),
}
_OF_PYTHON = {bytes: "bytes", date: "date", bool: "bool", int: "int", str: "text"}


def kind_of(column_type: TypeEngine[Any]) -> str:
    """Return the kind of a column; raises CopyProblem for a type that copies know nothing of."""
    for name in ("id", "instant", "json"):
        if isinstance(column_type, type(KINDS[name].type)):
            return name
    plain = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    try:
        return _OF_PYTHON[plain.python_type]
    except (KeyError, NotImplementedError) as error:
        message = f"no kind for columns of the type {column_type!r}"
        raise CopyProblem(message) from error


@dataclass(frozen=True)
class TableCopy:
    """What a file says about one of its tables."""

    name: str
    columns: list[tuple[str, str]]
    rows: int

    @classmethod
    def of(cls, table: Table, rows: int) -> Self:
        return cls(table.name, [(column.name, kind_of(column.type)) for column in table.columns], rows)

    def changes(self, *, reading: bool) -> list[tuple[int, Change]]:
        """Return the places of columns whose values change on their way, each with the change."""
        kinds = [KINDS[kind] for _, kind in self.columns]
        found = [(place, kind.read if reading else kind.write) for place, kind in enumerate(kinds)]
        return [(place, change) for place, change in found if change is not None]


@dataclass(frozen=True)
class Header:
    """What a copy says about itself. ``also`` is up to whoever makes one: plain values."""

    revision: str
    made_at: datetime
    program: str
    database: str
    tables: list[TableCopy]
    also: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


class _Sums:
    """The checksums of the table under way and of everything so far."""

    def __init__(self) -> None:
        self._whole, self._table = hashlib.sha256(), hashlib.sha256()
        self.rows = self.all_rows = 0

    def begin(self) -> None:
        self._table, self.rows = hashlib.sha256(), 0

    def add(self, text: bytes, rows: int) -> None:
        """Take note of lines; ``rows`` is how many of them are rows."""
        self._whole.update(text)
        self.rows += rows
        self.all_rows += rows
        if rows:
            self._table.update(text)

    @property
    def table(self) -> str:
        return self._table.hexdigest()

    @property
    def whole(self) -> str:
        return self._whole.hexdigest()


class CopyWriter:
    """Writes a copy into an open file: the header at once, then a table after the other, then its end."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        self._file = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=LEVEL)
        self._sums = _Sums()
        plain = {**vars(header), "tables": [vars(table) for table in header.tables]}
        self._write([{"copy": FORM, **plain, "made_at": instant_text(header.made_at)}])

    def begin(self, table: TableCopy) -> None:
        self._table, self._changes = table, table.changes(reading=False)
        self._write([{"table": table.name}])
        self._sums.begin()

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows of the table that was begun."""
        lines: Rows = [list(row) for row in rows]
        _change(lines, self._changes)
        self._write(lines, len(lines))

    def end(self) -> None:
        self._write([{"end": self._table.name, "rows": self._sums.rows, "sha256": self._sums.table}])

    def close(self) -> None:
        """Write the last line, without which no copy is one; the file itself stays open."""
        self._write([{"whole": self._sums.whole, "rows": self._sums.all_rows}])
        self._file.close()

    def _write(self, lines: Sequence[Any], rows: int = 0) -> None:
        text = b"".join(_encode(line) for line in lines)
        self._sums.add(text, rows)
        self._file.write(text)


class Copy:
    """A copy that is read; :meth:`tables` must be gone through to its end before anything of it is believed."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._sums = lines, _Sums()
        first = self._control(self._next())
        if first.get("copy") != FORM:
            raise CopyProblem("the file is no backup, or one of a newer version of the program")
        tables = [
            TableCopy(one["name"], [(name, kind) for name, kind in one["columns"]], one["rows"])
            for one in first["tables"]
        ]
        for name in (name for one in tables for name in (one.name, *(column for column, _ in one.columns))):
            if not _NAME.match(name):
                raise CopyProblem("the file is no backup: it names what no table is called")
        names = (first["revision"], datetime.fromisoformat(first["made_at"]), first["program"], first["database"])
        self.header = Header(*names, tables, first["also"])

    def tables(self) -> Iterator[tuple[TableCopy, Iterator[bytes]]]:
        """Yield each table with its lines; raises CopyProblem where something is damaged, missing or too much."""
        for table in self.header.tables:
            if self._control(self._next()) != {"table": table.name}:
                raise CopyProblem(f"the table {table.name} is not where it belongs")
            self._sums.begin()
            yield table, self._rows(table)
        said, counted = self._sums.whole, self._sums.all_rows
        if self._control(self._next()) != {"whole": said, "rows": counted}:
            raise CopyProblem("the file is damaged: its checksum is another one")
        if next(self._lines, None) is not None:
            raise CopyProblem("the file goes on after its end")

    def _rows(self, table: TableCopy) -> Iterator[bytes]:
        while (line := self._next()).startswith(b"["):
            self._sums.add(line, 1)
            yield line
        end = {"end": table.name, "rows": table.rows, "sha256": self._sums.table}
        if self._sums.rows != table.rows or self._control(line) != end:
            raise CopyProblem(f"the table {table.name} is damaged: its checksum or number of rows is another one")

    def _next(self) -> bytes:
        try:
            line = next(self._lines, b"")
        except (OSError, EOFError, zlib.error) as error:
            message = f"the file is damaged or cut off: {error}"
            raise CopyProblem(message) from error
        if not line:
            raise CopyProblem("the file is cut off")
        return line

    def _control(self, line: bytes) -> dict[str, Any]:
        try:
            value = json.loads(line)
        except ValueError as error:
            raise CopyProblem("the file is damaged: a line of it cannot be read") from error
        self._sums.add(line, 0)
        return value if isinstance(value, dict) else {}


@contextmanager
def open_copy(path: Path) -> Iterator[Copy]:
    """Open a copy and read its header; raises CopyProblem for any other file, and OSError."""
    with gzip.open(path) as file:
        try:
            yield Copy(iter(file))
        except (KeyError, TypeError, ValueError) as error:
            message = f"the file is no backup that this version of the program can read ({error!r})"
            raise CopyProblem(message) from error


def decode(table: TableCopy, lines: Iterable[bytes], size: int) -> Iterator[Rows]:
    """Yield the rows of a table, ``size`` at a time."""
    changes = table.changes(reading=True)
    while rows := [json.loads(line) for line in islice(lines, size)]:
        _change(rows, changes)
        yield rows


def _change(rows: Rows, changes: Sequence[tuple[int, Change]]) -> None:
    for row in rows:
        for place, change in changes:
            if row[place] is not None:
                row[place] = change(row[place])


def _encode(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
