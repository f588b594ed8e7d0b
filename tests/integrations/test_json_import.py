"""JSON from elsewhere, and our own format read strictly."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from taskmanager.integrations.formats.detection import read_file
from taskmanager.integrations.formats.drafts import CommentDraft, Moment, Reading
from taskmanager.integrations.formats.errors import MappingError, UnreadableFileError
from tests.integrations.drafts_of import wall

ISSUES: dict[str, Any] = {
    "repo": "a/b",
    "labels": [{"name": "bug", "color": "ff0000"}],
    "issues": [
        {
            "number": 4,
            "url": "https://example.org/4",
            "title": "Outdated",
            "state": "CLOSED",
            "author": "ann",
            "assignees": ["bob"],
            "labels": ["bug", "ui"],
            "body": "See *RFC 1*.",
            "createdAt": "2013-02-07T02:43:31Z",
            "closedAt": "2013-02-21T23:22:15Z",
            "comments": [
                {"author": "bob", "body": "Later.", "createdAt": "2013-02-09T00:00:00Z"},
                {"author": None, "body": "First.", "createdAt": "2013-02-08T00:00:00Z"},
            ],
        }
    ],
    "pulls": [
        {
            "number": 5,
            "url": "https://example.org/5",
            "title": "Fix",
            "state": "MERGED",
            "author": None,
            "assignees": [],
            "labels": [],
            "body": "",
            "createdAt": "2013-03-01T00:00:00Z",
            "closedAt": None,
            "comments": [],
            "reviews": [{"author": "cy", "body": "LGTM", "createdAt": "2013-03-02T00:00:00Z"}],
        }
    ],
}
MAPPING: dict[str, Any] = {
    "items": ["issues", "pulls"],
    "title": "title",
    "description": "body",
    "status": {"path": "state", "values": {"OPEN": "todo", "CLOSED": "done", "MERGED": "done"}},
    "labels": "labels",
    "assignees": "assignees",
    "author": "author",
    "created_at": "createdAt",
    "completed_at": "closedAt",
    "external_id": "url",
    "comments": {
        "path": ["comments", "reviews"],
        "body": "body",
        "author": "author",
        "created_at": "createdAt",
    },
}


def read(document: Any, mapping: dict[str, Any] | None = None) -> Reading:
    return read_file(json.dumps(document).encode(), "json", mapping)


def codes(reading: Reading) -> list[tuple[int, str, str, str]]:
    return [(problem.row, problem.place, problem.field, problem.code) for problem in reading.problems.listed]


def test_issues_by_a_mapping() -> None:
    reading = read(ISSUES, MAPPING)
    issue, pull = reading.drafts

    assert (issue.title, issue.description, issue.status) == ("Outdated", "See *RFC 1*.", "done")
    assert (issue.labels, issue.assignees, issue.author) == (("bug", "ui"), ("bob",), "ann")
    assert issue.created_at == datetime(2013, 2, 7, 2, 43, 31, tzinfo=UTC)
    assert issue.completed_at == datetime(2013, 2, 21, 23, 22, 15, tzinfo=UTC)
    assert issue.comments == (
        CommentDraft("First.", None, datetime(2013, 2, 8, tzinfo=UTC)),
        CommentDraft("Later.", "bob", datetime(2013, 2, 9, tzinfo=UTC)),
    )
    assert (pull.title, pull.author, pull.completed_at) == ("Fix", None, None)
    assert [comment.body for comment in pull.comments] == ["LGTM"]
    assert [draft.place for draft in reading.drafts] == ["/issues/0", "/pulls/0"]
    assert reading.ignored == ("number",)


def test_the_same_is_guessed() -> None:
    reading = read(ISSUES)

    assert reading.mapping is not None
    assert reading.mapping["items"] == ["issues", "pulls"]
    assert (reading.mapping["description"], reading.mapping["completed_at"]) == (
        "body",
        {"column": "closedAt", "format": "iso"},
    )
    assert len(reading.drafts[0].comments) == 2
    assert read(ISSUES, reading.mapping).drafts == reading.drafts


def test_objects_stand_for_their_names() -> None:
    github = read(
        [
            {
                "title": "A",
                "state": "open",
                "user": {"login": "ann"},
                "labels": [{"id": 1, "name": "bug"}],
                "assignees": [{"login": "bob"}],
                "comments": 3,
                "created_at": "2026-01-01T00:00:00Z",
                "number": 7,
            }
        ]
    )
    draft = github.drafts[0]

    assert (draft.author, draft.labels, draft.assignees, draft.external_id) == ("ann", ("bug",), ("bob",), "7")
    assert draft.comments == ()


def test_paths_lead_into_objects_and_numbers_may_be_unix_time() -> None:
    reading = read(
        {"data": {"rows": [{"f": {"t": "A"}, "when": 1_700_000_000, "due": "2026-05-04T10:00"}]}},
        {"items": "data.rows", "title": "f.t", "created_at": "when"},
    )

    assert reading.drafts[0].created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert reading.drafts[0].due == Moment(local=wall(2026, 5, 4, 10))


def test_wrong_items_are_named_by_their_pointer() -> None:
    reading = read({"a/b": [{"title": "A", "due": "x"}, 7, {"title": "  "}, {"title": "B"}]}, {"items": "a/b"})

    assert codes(reading) == [
        (1, "/a~1b/0", "due", "invalid_date"),
        (2, "/a~1b/1", "", "not_an_object"),
        (3, "/a~1b/2", "title", "missing"),
    ]
    assert [draft.title for draft in reading.drafts] == ["B"]


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [({"items": "nothing"}, "/items"), ({"title": "titel"}, "/title"), ({"comments": {"path": "talk"}}, "/comments")],
)
def test_a_path_that_leads_nowhere_is_refused(mapping: dict[str, Any], pointer: str) -> None:
    with pytest.raises(MappingError) as caught:
        read(ISSUES, mapping)

    assert [error["pointer"] for error in caught.value.extra["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1,}', "Line 1, column 9"),
        (b'[{"title": NaN}]', "NaN"),
        (b"[" * 200 + b"]" * 200, "nested"),
        (b"[" * 100_000, "nested"),
        (b'[{"title": "a", "x": ' + b"1" * 5_000 + b"}]", "number"),
        (b'["a"', "Line 1"),
    ],
)
def test_what_is_no_json_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_file(content, "json")


def ours(**parts: Any) -> Reading:
    return read({"format": "taskmanager", "version": 1, **parts})


@pytest.mark.parametrize(
    ("task", "field", "code"),
    [
        ({}, "title", "missing"),
        ({"title": " "}, "title", "string_too_short"),
        ({"title": "x" * 501}, "title", "string_too_long"),
        ({"title": "a\0"}, "title", "value_error"),
        ({"title": "a", "colour": "red"}, "colour", "extra_forbidden"),
        ({"title": "a", "priority": "4"}, "priority", "int_type"),
        ({"title": "a", "priority": 2**63}, "priority", "less_than_equal"),
        ({"title": "a", "status": "open"}, "status", "literal_error"),
        ({"title": "a", "deadline": "1.2.2026"}, "deadline", "value_error"),
        ({"title": "a", "created_at": "2026-01-01T00:00:00"}, "created_at", "value_error"),
        ({"title": "a", "created_at": "9999-12-31T23:59:59-05:00"}, "created_at", "value_error"),
        ({"title": "a", "comments": [{"body": ""}]}, "comments/0/body", "string_too_short"),
        ({"title": "a", "project_id": "gone"}, "project_id", "unknown_reference"),
        ({"title": "a", "parent_id": "gone"}, "parent_id", "unknown_reference"),
    ],
)
def test_our_format_is_read_strictly(task: dict[str, Any], field: str, code: str) -> None:
    reading = ours(tasks=[{"title": "fine"}, task])

    assert codes(reading) == [(2, "/tasks/1", field, code)]
    assert [draft.title for draft in reading.drafts] == ["fine"]


def test_a_due_time_at_the_edge_of_the_calendar_is_refused() -> None:
    late = {"datetime": "9999-12-31T23:00:00", "timezone": "America/New_York"}
    reading = ours(tasks=[{"title": "a", "due": late}])

    assert {problem.row for problem in reading.problems.listed} == {1}
    assert reading.drafts == []


def test_a_wrong_project_or_label_stands_in_the_way_of_the_whole_file() -> None:
    projects = [
        {"id": "1", "name": "A", "parent_id": "2"},
        {"id": "2", "name": "B", "parent_id": "1"},
        {"id": "3", "name": "C", "parent_id": "9"},
        {"id": "3", "name": "D"},
    ]
    reading = ours(projects=projects, labels=[{"name": "x", "color": "red"}])

    assert codes(reading) == [
        (0, "/labels/0", "color", "string_pattern_mismatch"),
        (0, "/projects", "id", "duplicate"),
        (0, "/projects", "parent_id", "cycle"),
        (0, "/projects", "parent_id", "cycle"),
    ]
    assert reading.problems.whole_file


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"version": 2}, "version 2 of the format; this server reads version 1"),
        ({"stuff": 1, "tasks": []}, "Unknown parts: stuff"),
        ({"tasks": {}}, "tasks must be a list"),
        ({"exported_at": "yesterday"}, "exported_at"),
    ],
)
def test_another_build_of_our_format_is_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        ours(**parts)
