"""Tables of any origin: comma, semicolon, tab or bar between cells, quoted cells of many lines, columns by name."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from taskmanager.integrations.formats import guessing, own_csv, todoist
from taskmanager.integrations.formats.building import Builder, RawComment, finish
from taskmanager.integrations.formats.drafts import MAX_ROWS, Problems, Reading, RowProblem, TaskDraft
from taskmanager.integrations.formats.errors import UnreadableFileError, refuse_mapping
from taskmanager.integrations.formats.mapping import Mapping as Plan
from taskmanager.integrations.formats.mapping import check_columns, parse_mapping
from taskmanager.integrations.formats.table import Row, Table
from taskmanager.integrations.formats.values import listed, shown

_DELIMITERS = (",", ";", "\t", "|")


def read_csv(text: str, mapping: Mapping[str, Any] | None, timezone: str) -> Reading:
    """Read a table with one line of column names.

    ``mapping`` is as docs/import.md describes it; what it leaves open is guessed from names and data, and the mapping
    in force is part of the reading. Our own exports and those of Todoist are known by their columns. Wall times of
    ``created_at`` and ``completed_at`` are read in ``timezone``.

    Raises UnreadableFileError for broken quoting or no table, MappingError for a mapping that does not fit.
    """
    plan = parse_mapping(mapping)
    table = parse_table(text, plan.delimiter)
    if mapping is None and own_csv.is_own(table):
        return own_csv.read_own(table)
    if mapping is None and todoist.is_todoist(table):
        return todoist.read_todoist(table)
    return _read_table(table, plan, timezone)


def parse_table(text: str, delimiter: str | None) -> Table:
    """Return the cells of a table; the delimiter that splits the names of columns best is taken if none is given."""
    first, _, rest = text.partition("\n")
    marked = first.strip().lower().removeprefix("sep=") if first[:4].lower() == "sep=" else ""
    start = 1
    if len(marked) == 1:
        # Excel's own way of naming the delimiter.
        text, start, delimiter = rest, 2, delimiter or marked
    delimiter = delimiter or max(_DELIMITERS, key=lambda sign: _columns(text, sign))
    rows = _rows(text, delimiter, start)
    header = next(rows, None)
    if header is None:
        message = "The file is empty."
        raise UnreadableFileError(message)
    columns = [name.strip() for name in header.cells]
    return Table(columns, delimiter, list(rows))


def _columns(text: str, delimiter: str) -> int:
    try:
        return len(next(_rows(text, delimiter, 1)).cells)
    except (StopIteration, UnreadableFileError):
        return 0


def _rows(text: str, delimiter: str, start: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    count = 0
    while True:
        line = reader.line_num + start
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(_explain(error, line, reader.line_num + start - 1)) from error
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MAX_ROWS + 1:
                message = f"The file has more than {MAX_ROWS:,} rows. Split it."
                raise UnreadableFileError(message)
            yield Row(line, cells)


def _explain(error: csv.Error, line: int, end: int) -> str:
    words = str(error)
    if "end of data" in words:
        return f"A quotation mark that opens in line {line} is never closed."
    if "field limit" in words:
        return f"Line {line} has a cell of more than {csv.field_size_limit():,} characters, or lacks a quotation mark."
    return f"The quotation marks in line {end} do not pair up. A mark inside a quoted cell is written twice."


def _read_table(table: Table, plan: Plan, timezone: str) -> Reading:
    check_columns(plan, table.columns)
    plan = guessing.guess_columns(plan, table.columns, table.texts)
    if plan.title is None:
        message = (
            f'No column looks like a title. Name one in the mapping: {{"title": "..."}}. '
            f"The columns are: {listed(table.columns)}."
        )
        refuse_mapping("/title", "missing", message)
    plan, ambiguous = guessing.guess_details(plan, table.texts)
    problems = Problems()
    for field, (column, value) in ambiguous.items():
        problems.add(ask_for_order(field, column, value))
    drafts = [] if ambiguous else _build(table, plan, timezone, problems)
    taken = {name for source in plan.sources().values() for name in source.column}
    taken |= set(plan.comments.column) if plan.comments else set()
    return Reading(
        kind="csv",
        rows=len(table.rows),
        drafts=finish(drafts, problems),
        problems=problems,
        mapping={**plan.describe(), "delimiter": table.delimiter},
        ignored=tuple(name for name in table.columns if name and name not in taken),
    )


def ask_for_order(field: str, column: str, value: str) -> RowProblem:
    """Return the problem of a whole file whose dates may put the day or the month first."""
    message = (
        f"Dates such as {shown(value)} can put the day or the month first. Say which in the mapping: "
        f'{{"{field}": {{"column": "{column}", "format": "%d/%m/%Y"}}}} or "%m/%d/%Y".'
    )
    return RowProblem(0, "", field, "ambiguous_date", message)


def _build(table: Table, plan: Plan, timezone: str, problems: Problems) -> list[TaskDraft]:
    builder = Builder(plan, timezone, problems)
    places = {
        name: [(column, table.places(column)) for column in source.column] for name, source in plan.sources().items()
    }
    comment_places = (
        [place for column in plan.comments.column for place in table.places(column)] if plan.comments else []
    )
    drafts = []
    for number, row in enumerate(table.rows, start=1):
        place = f"line {row.line}"
        extra = [cell for cell in row.cells[len(table.columns) :] if cell.strip()]
        if extra:
            message = (
                f"Has more cells than there are columns; the first is {shown(extra[0])}. Is a quotation mark missing?"
            )
            problems.add(RowProblem(number, place, "", "too_many_cells", message))
            continue
        cells = {
            name: [(column, text) for column, spots in sources for text in row.texts(spots)]
            for name, sources in places.items()
        }
        comments = [RawComment(text) for text in row.texts(comment_places)]
        draft = builder.build(number, place, cells, comments)
        if draft is not None:
            drafts.append(draft)
    return drafts
