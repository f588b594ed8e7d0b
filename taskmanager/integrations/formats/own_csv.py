"""Our own table: safe to open in a spreadsheet, and read back exactly as it was."""

import csv
import io
from collections.abc import Iterable, Iterator

from taskmanager.integrations.formats.building import Builder, finish
from taskmanager.integrations.formats.dates import write_instant, write_moment
from taskmanager.integrations.formats.drafts import Problems, Reading, RowProblem, TaskDraft
from taskmanager.integrations.formats.mapping import DATE_FIELDS, LIST_FIELDS, Mapping
from taskmanager.integrations.formats.table import Table

_FIELDS = {
    "id": "external_id",
    "title": "title",
    "description": "description",
    "status": "status",
    "priority": "priority",
    "start": "start",
    "due": "due",
    "deadline": "deadline",
    "labels": "labels",
    "assignees": "assignees",
    "project": "project",
    "parent_id": "parent",
    "estimate_minutes": "estimate_minutes",
    "author": "author",
    "created_at": "created_at",
    "completed_at": "completed_at",
}
_PLAN = Mapping.model_validate(
    {
        field: {"column": column, "format": "iso"} if field in DATE_FIELDS else {"column": column}
        for column, field in _FIELDS.items()
    }
)
_GUARD = "'"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide forms count too
_ROWS_A_CHUNK = 500


def guard(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP, CSV Injection; ASVS 1.2.10).

    An apostrophe leads whatever could start one, and whatever starts with an apostrophe itself, so that `unguard`
    is exact.
    """
    dangerous = text.startswith((*_DANGEROUS, _GUARD)) or text.lstrip(" ").startswith(_DANGEROUS)
    return _GUARD + text if dangerous else text


def unguard(cell: str) -> str:
    """Take back what `guard` did."""
    return cell.removeprefix(_GUARD)


def write_csv(drafts: Iterable[TaskDraft]) -> Iterator[bytes]:
    """Yield the table in pieces: UTF-8 with a byte order mark (Excel wants one), CRLF (RFC 4180), one line a task.

    Carries every field of the table's head; comments, recurrence and positions are for the JSON export.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(_FIELDS)
    for number, draft in enumerate(drafts, start=1):
        writer.writerow([guard(_cell(draft, field)) for field in _FIELDS.values()])
        if number % _ROWS_A_CHUNK == 0:
            yield _take(buffer)
    yield _take(buffer)


def _take(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(draft: TaskDraft, field: str) -> str:
    value = getattr(draft, field)
    if value is None:
        return ""
    match field:
        case "labels" | "assignees":
            return _join(value)
        case "start" | "due":
            return write_moment(value)
        case "created_at" | "completed_at":
            return write_instant(value)
    return str(value)


def _join(names: Iterable[str]) -> str:
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="").writerow(names)
    return row.getvalue()


def _split(cell: str) -> list[str]:
    try:
        return next(csv.reader([cell], strict=True), [])
    except csv.Error:
        return [cell]


def is_own(table: Table) -> bool:
    """Whether a table has exactly the columns of our export."""
    return table.columns == list(_FIELDS)


def read_own(table: Table) -> Reading:
    """Read our own table back; a person may have edited it, so every value is checked all the same."""
    problems = Problems()
    builder = Builder(_PLAN, "UTC", problems)
    drafts: list[TaskDraft] = []
    for number, row in enumerate(table.rows, start=1):
        place = f"line {row.line}"
        if len(row.cells) > len(_FIELDS) and any(row.cells[len(_FIELDS) :]):
            message = "Has more cells than there are columns. Is a quotation mark missing?"
            problems.add(RowProblem(number, place, "", "too_many_cells", message))
            continue
        cells: dict[str, list[tuple[str, str]]] = {}
        for (column, field), cell in zip(_FIELDS.items(), row.cells, strict=False):
            text = unguard(cell)
            if text:
                parts = _split(text) if field in LIST_FIELDS else [text]
                cells[field] = [(column, part) for part in parts]
        draft = builder.build(number, place, cells)
        if draft is not None:
            drafts.append(draft)
    return Reading("csv", len(table.rows), finish(drafts, problems), problems, _PLAN.describe())
