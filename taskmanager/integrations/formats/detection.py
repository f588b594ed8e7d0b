"""Which of the formats is a file? Its first characters tell."""

from collections.abc import Mapping
from typing import Any, Literal

from taskmanager.integrations.formats.csv_reader import read_csv
from taskmanager.integrations.formats.dates import zones
from taskmanager.integrations.formats.decoding import decode
from taskmanager.integrations.formats.drafts import Reading
from taskmanager.integrations.formats.errors import UnreadableFileError, refuse_mapping
from taskmanager.integrations.formats.json_reader import read_json

Kind = Literal["csv", "json", "icalendar"]


def detect(content: bytes) -> Kind:
    """Return the format that the beginning of a file shows. Raises UnreadableFileError for an empty file."""
    start = decode(content).lstrip()[:20].upper()
    if not start:
        message = "The file is empty."
        raise UnreadableFileError(message)
    if start.startswith("BEGIN:VCALENDAR"):
        return "icalendar"
    return "json" if start[0] in "{[" else "csv"


def read_file(
    content: bytes, kind: Kind | None = None, mapping: Mapping[str, Any] | None = None, timezone: str = "UTC"
) -> Reading:
    """Read a file of any of the formats; ``timezone`` is the IANA zone of times that name none.

    Raises UnreadableFileError or MappingError; everything that concerns single rows is in the reading's problems.
    """
    if timezone not in zones():
        refuse_mapping(
            "/timezone", "unknown_zone", f"{timezone[:60]!r} is not an IANA time zone such as Europe/Berlin."
        )
    match kind or detect(content):
        case "icalendar":
            # A server's start need not wait for its library.
            from taskmanager.integrations.formats.ical_reader import read_ical  # noqa: PLC0415

            return read_ical(content, timezone)
        case "json":
            return read_json(content, mapping, timezone)
        case "csv":
            return read_csv(decode(content), mapping, timezone)
