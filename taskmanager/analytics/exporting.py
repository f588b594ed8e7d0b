"""Tables of an answer as files."""

import csv
import io
from typing import Any

from taskmanager.analytics.schemas import Analytics, Table
from taskmanager.integrations.formats.own_csv import guard

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def write_table(analytics: Analytics, table: Table) -> bytes:
    """Return one table as CSV: UTF-8 with a byte order mark, CRLF, no cell that a spreadsheet takes for a formula."""
    rows: list[dict[str, Any]] = [row.model_dump(mode="json") for row in getattr(analytics, table)]
    fields = type(analytics).model_fields[table].annotation.__args__[0].model_fields  # type: ignore[union-attr]
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(fields)
    writer.writerows([_cell(row[field]) for field in fields] for row in rows)
    return buffer.getvalue().encode()


def _cell(value: Any) -> str:
    return "" if value is None else guard(value) if isinstance(value, str) else str(value)
