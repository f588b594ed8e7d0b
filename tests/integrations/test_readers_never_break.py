"""Whatever bytes come, a reader answers with drafts and problems or says that the file or mapping cannot be used."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from taskmanager.integrations.formats.detection import Kind, read_file
from taskmanager.integrations.formats.drafts import MAX_LISTED, Reading
from taskmanager.integrations.formats.errors import MappingError, UnreadableFileError

ICAL_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("BEGIN:VTODO", "END:VTODO", "BEGIN:VALARM", "END:VALARM", "BEGIN:VTIMEZONE", "END:VTIMEZONE"),
                *("SUMMARY:x", "DUE;VALUE=DATE:20261301", "DUE;TZID=Mars/X:20260101T000000", "DUE:99991231T235959Z"),
                *("DTSTART;TZID=America/New_York:99991231T235959", "COMPLETED:00010101T000000", "CATEGORIES:a\\,b,,c"),
                *("PRIORITY:10", "STATUS:x", "RRULE:FREQ=DAILY", "RELATED-TO;RELTYPE=:a", "UID:1", ":", ";", "X;=:y"),
                *("ATTENDEE;CN=:mailto:", "PERCENT-COMPLETE:٣", "ESTIMATED-DURATION:P", 'X-A;B="c:d', "TZID:x"),
                *(
                    "TRIGGER:-P",
                    "TRIGGER;VALUE=DATE-TIME:20261301T000000Z",
                    "TRIGGER;RELATED=:-P99999D",
                    "ACTION:DISPLAY",
                ),
            ]
        ),
        st.text(max_size=30),
    ),
    max_size=20,
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["title", "name", "due", "labels", "comments", "status", "a.b", ""]), inner)
    ),
    max_leaves=20,
)


def check(content: bytes, kind: Kind | None, mapping: dict[str, Any] | None = None) -> None:
    try:
        reading = read_file(content, kind, mapping, "America/New_York")
    except (UnreadableFileError, MappingError) as error:
        refusal = error
    else:
        check_reading(reading)
        return
    assert refusal.detail.encode()


def check_reading(reading: Reading) -> None:
    wrong = reading.problems.wrong_rows
    assert len(reading.problems.listed) == min(reading.problems.count, MAX_LISTED)
    assert not {draft.row for draft in reading.drafts} & wrong
    assert reading.problems.whole_file or len(reading.drafts) + len(wrong) == reading.rows
    for problem in reading.problems.listed:
        assert problem.message.encode()


@given(st.binary(max_size=200), st.sampled_from([None, "csv", "json", "icalendar"]))
@example(b"\xff\xfe\x00", None)
@example(b"title\n\x00", "csv")
@example(b'title\n"', "csv")
@example(b"[" * 100_000, "json")
@example(b'[{"title": "\\ud800", "\\ud801": 1}]', "json")
@example(b'[{"x": ' + b"9" * 5_000 + b"}]", "json")
@example(b'[{"title": 1e999}]', "json")
@example(b'[{"title": "a", "due": 99999999999999999999}]', "json")
@example(b'[{"title": "a", "due": "9999999999999"}]', "json")
@example(b'[{"title": ' + b"[" * 95 + b'"x"' + b"]" * 95 + b', "due": 1}]', "json")
@example(b'{"format": "taskmanager", "version": 1, "tasks": [{"title": "\\ud800"}, {"title": "a\\u0000"}, 7]}', "json")
@example(b'{"format": "taskmanager", "version": {}, "tasks": 3}', "json")
def test_arbitrary_bytes(content: bytes, kind: Kind | None) -> None:
    check(content, kind)


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=6), st.sampled_from(",;\t|"))
def test_arbitrary_cells(rows: list[list[str]], delimiter: str) -> None:
    head = delimiter.join(["title", "due", "created", "status", "priority", "labels", "estimate"])
    check("\n".join([head, *(delimiter.join(row) for row in rows)]).encode("utf-8", "replace"), "csv")


@given(JSON_VALUES, st.booleans())
def test_arbitrary_json(value: Any, ours: bool) -> None:
    document = {"format": "taskmanager", "version": 1, "tasks": value} if ours else value
    check(json.dumps(document).encode(), "json")


@given(ICAL_LINES)
def test_arbitrary_content_lines(lines: list[str]) -> None:
    whole = ["BEGIN:VCALENDAR", "BEGIN:VTODO", *lines, "END:VTODO", "END:VCALENDAR"]
    check("\r\n".join(whole).encode("utf-8", "replace"), "icalendar")


@given(st.dictionaries(st.sampled_from(["title", "due", "status", "items", "comments", "delimiter", "x"]), JSON_VALUES))
def test_arbitrary_mappings(mapping: dict[str, Any]) -> None:
    check(b"title,due\nA,1/2/2026", "csv", mapping)
    check(b'[{"title": "A", "due": "x", "comments": [{"body": "b"}]}]', "json", mapping)
