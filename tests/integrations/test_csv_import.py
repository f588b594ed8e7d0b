"""Tables from elsewhere."""

import time
from datetime import UTC, date, datetime
from typing import Any

import pytest

from taskmanager.integrations.formats.detection import read_file
from taskmanager.integrations.formats.drafts import MAX_LISTED, Moment, Reading
from taskmanager.integrations.formats.errors import MappingError, UnreadableFileError
from tests.integrations.drafts_of import wall


def read(text: str, mapping: dict[str, Any] | None = None, timezone: str = "UTC") -> Reading:
    return read_file(text.encode(), "csv", mapping, timezone)


def codes(reading: Reading) -> list[tuple[str, str, str]]:
    return [(problem.place, problem.field, problem.code) for problem in reading.problems.listed]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_delimiters_and_line_ends(encoding: str, delimiter: str, newline: str) -> None:
    rows = [["Title", "Notes"], ["Käse kaufen 🧀", '"two\nlines, really; yes"'], ["B", ""]]
    text = newline.join(delimiter.join(row) for row in rows)

    reading = read_file(text.encode(encoding))

    assert [draft.title for draft in reading.drafts] == ["Käse kaufen 🧀", "B"]
    assert reading.drafts[0].description == "two\nlines, really; yes"
    assert [draft.place for draft in reading.drafts] == ["line 2", "line 4"]


def test_another_encoding_is_refused_with_the_line_and_the_way_out() -> None:
    with pytest.raises(UnreadableFileError, match=r"Line 3 is not UTF-8 text\. Save the file as UTF-8"):
        read_file("Title\nA\nKäse".encode("latin-1"))


def test_excel_names_its_delimiter() -> None:
    assert read("sep=;\nTitle;Due\nA;2026-01-02").drafts[0].due == Moment(day=date(2026, 1, 2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The file is empty"),
        ('Title\n"A', "opens in line 2 is never closed"),
        ('Title,Note\nA,b\n"A" b,c', "quotation marks in line 3 do not pair up"),
        ("Title\n" + "x" * 140_000, "Line 2 has a cell of more than 131,072 characters"),
    ],
)
def test_broken_tables_are_refused_with_the_line(text: str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read(text)


def test_wrong_rows_are_named_with_line_field_and_reason_and_the_others_stay() -> None:
    reading = read(
        "Title,Due,Status,Priority,Estimate\n"
        "Good,2026-02-01,done,high,1h 30m\n"
        ",2026-02-01,,,\n"
        f"{'x' * 501},2026-02-30,somewhen,-1,often\n"
        'A,2026-02-01,,,,"left, over"\n'
        "Short\n"
    )

    assert codes(reading) == [
        ("line 3", "title", "missing"),
        ("line 4", "title", "too_long"),
        ("line 4", "status", "unknown_value"),
        ("line 4", "priority", "unknown_value"),
        ("line 4", "due", "invalid_date"),
        ("line 4", "estimate_minutes", "invalid_number"),
        ("line 5", "", "too_many_cells"),
    ]
    assert [draft.title for draft in reading.drafts] == ["Good", "Short"]
    assert (reading.rows, reading.problems.wrong_rows) == (5, {2, 3, 4})
    good = reading.drafts[0]
    assert (good.status, good.priority, good.estimate_minutes) == ("done", 3, 90)


def test_problems_beyond_a_thousand_are_counted() -> None:
    reading = read("Title,Status\n" + "A,nonsense\n" * 1_500)

    assert (reading.problems.count, len(reading.problems.listed)) == (1_500, MAX_LISTED)


def test_characters_that_cannot_be_stored_are_refused() -> None:
    assert codes(read("Title\nGood\nA\0B")) == [("line 3", "title", "invalid_text")]
    with pytest.raises(UnreadableFileError, match="Line 3 is not UTF-8"):
        read_file("Title\nGood\nA\ud800B".encode("utf-8", "surrogatepass"))


def test_a_mapping_says_what_guessing_cannot() -> None:
    reading = read(
        "Unique Key,Opened On,Kind,Where,Status\n7,3/9/2025 2:30,Dead Animal,Elm Street,Gone",
        {
            "title": "Kind",
            "description": ["Kind", "Where"],
            "created_at": {"column": "Opened On", "format": "%m/%d/%Y %H:%M"},
            "status": {"column": "Status", "values": {"gone": "done"}},
            "external_id": "Unique Key",
            "labels": {"value": "imported"},
            "project": {"value": "Animals"},
        },
        "America/New_York",
    )
    draft = reading.drafts[0]

    assert (draft.title, draft.description) == ("Dead Animal", "Kind: Dead Animal\n\nWhere: Elm Street")
    assert (draft.status, draft.external_id, draft.project, draft.labels) == ("done", "7", "Animals", ("imported",))
    # 02:30 does not exist on that day; it moves forward to 03:30 summer time.
    assert draft.created_at == datetime(2025, 3, 9, 7, 30, tzinfo=UTC)
    assert reading.ignored == ()


def test_an_ambiguous_local_time_is_the_first() -> None:
    reading = read("Title,Created\nA,2025-11-02 01:30", timezone="America/New_York")

    assert reading.drafts[0].created_at == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)


def test_the_mapping_in_force_is_reported_and_can_be_given_again() -> None:
    text = "Summary;Tags;Due date;Closed;Colour\nA;x, y;3.12.2026 14:00;1.2.2026;red\nB;;;;"
    reading = read(text)

    assert reading.mapping == {
        "title": "Summary",
        "labels": {"column": "Tags", "separator": ","},
        "due": {"column": "Due date", "format": "%d.%m.%Y %H:%M"},
        "completed_at": {"column": "Closed", "format": "%d.%m.%Y"},
        "delimiter": ";",
    }
    assert reading.ignored == ("Colour",)
    again = read(text, reading.mapping)
    assert (again.drafts, again.mapping) == (reading.drafts, reading.mapping)
    assert reading.drafts[0].labels == ("x", "y")
    assert reading.drafts[0].due == Moment(local=wall(2026, 12, 3, 14))
    assert reading.drafts[0].status == "done"


def test_day_or_month_first_is_asked_for_when_the_data_does_not_show_it() -> None:
    reading = read("Title,Due\nA,03/04/2026\nB,05/05/2026")

    (problem,) = reading.problems.listed
    assert (problem.row, problem.field, problem.code) == (0, "due", "ambiguous_date")
    assert '{"due": {"column": "Due", "format": "%d/%m/%Y"}}' in problem.message
    assert reading.drafts == []
    assert reading.problems.whole_file

    shown = read("Title,Due\nA,03/04/2026\nB,25/04/2026")
    assert [draft.due for draft in shown.drafts] == [Moment(day=date(2026, 4, 3)), Moment(day=date(2026, 4, 25))]
    mixed = read("Title,Due\nA,13/04/2026\nB,04/25/2026")
    assert mixed.problems.listed[0].code == "ambiguous_date"


def test_a_due_time_is_floating_unless_a_zone_is_said() -> None:
    text = "Title,Due\nA,2026-12-01 09:00\n"
    zoned = read(text, {"due": {"column": "Due", "timezone": "Europe/Berlin"}})
    instant = read("Title,Due\nA,2026-12-01T09:00:00+02:00\n")

    assert read(text, timezone="Europe/Berlin").drafts[0].due == Moment(local=wall(2026, 12, 1, 9))
    assert zoned.drafts[0].due == Moment(local=wall(2026, 12, 1, 9), zone="Europe/Berlin")
    assert instant.drafts[0].due == Moment(local=wall(2026, 12, 1, 7), zone="UTC")


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ({"titel": "Title"}, "/titel"),
        ({"title": "Name"}, "/title"),
        ({"title": {"column": "Title", "colour": 1}}, "/title/colour"),
        ({"title": "Title", "due": {"column": "Due", "format": "%d.%Q"}}, "/due"),
        ({"title": "Title", "due": {"column": "Due", "timezone": "Mars"}}, "/due"),
        ({"title": "Title", "status": {"column": "Due", "values": {"a": "b"}}}, ""),
        ({"title": {}}, "/title"),
        ({"title": 7}, "/title"),
        ({"delimiter": "x"}, "/delimiter"),
    ],
)
def test_a_wrong_mapping_is_refused_at_its_place(mapping: dict[str, Any], pointer: str) -> None:
    with pytest.raises(MappingError) as caught:
        read("Title,Due\nA,", mapping)

    assert [error["pointer"] for error in caught.value.extra["errors"]] == [pointer]
    assert caught.value.detail


def test_no_title_names_the_columns() -> None:
    with pytest.raises(MappingError, match=r"The columns are: Foo, Bar\."):
        read("Foo,Bar\n1,2")


def test_an_id_may_stand_only_once_and_no_task_above_itself() -> None:
    reading = read("Id,Title,Parent\n1,A,2\n2,B,3\n3,C,2\n4,D,4\n5,E,\n5,F,\n6,G,elsewhere")

    assert codes(reading) == [
        ("line 7", "external_id", "duplicate"),
        ("line 3", "parent", "cycle"),
        ("line 4", "parent", "cycle"),
        ("line 5", "parent", "cycle"),
    ]
    assert [draft.title for draft in reading.drafts] == ["A", "E", "G"]


def test_github_jira_trello_vikunja_and_microsoft_to_do() -> None:
    jira = read(
        "Summary,Issue key,Status,Priority,Labels,Labels,Created,Resolved,Reporter,Due date,Comment,Comment\n"
        'Fix it,P-1,To Do,Highest,ui,web,03/Mar/24 10:00 AM,,ann,05/Mar/24,"first, note",second\n'
        "Old,P-2,Done,Low,,,28/Feb/24 1:05 PM,29/Feb/24 9:00 AM,,,,"
    ).drafts
    assert (jira[0].external_id, jira[0].status, jira[0].priority, jira[0].labels) == ("P-1", "todo", 4, ("ui", "web"))
    assert jira[0].created_at == datetime(2024, 3, 3, 10, tzinfo=UTC)
    assert jira[0].due == Moment(day=date(2024, 3, 5))
    assert [comment.body for comment in jira[0].comments] == ["first, note", "second"]
    assert (jira[1].status, jira[1].completed_at) == ("done", datetime(2024, 2, 29, 9, tzinfo=UTC))

    trello = read(
        "Card ID,Card Name,Card Description,Labels,Members,Due Date,List Name\nx1,Paint,blue,a;b,ann;bob,,Doing"
    )
    card = trello.drafts[0]
    assert (card.title, card.description, card.labels, card.assignees) == ("Paint", "blue", ("a", "b"), ("ann", "bob"))
    assert (card.project, card.external_id) == ("Doing", "x1")

    vikunja = read("id,title,done,priority,due_date\n3,Walk,true,5,2026-01-02T10:00:00Z").drafts[0]
    assert (vikunja.status, vikunja.priority) == ("done", 4)
    assert vikunja.due == Moment(local=wall(2026, 1, 2, 10), zone="UTC")

    outlook = read(
        "Subject,Start Date,Due Date,Categories,Priority,Status,Notes\nCall,2/13/2026,2/14/2026,Red,High,Waiting,x"
    )
    assert outlook.drafts[0].start == Moment(day=date(2026, 2, 13))

    ticked = read("Task,Completed,Done at\nA,yes,2026-01-01\nB,no,").drafts
    assert [draft.status for draft in ticked] == ["done", "todo"]
    timed = read("Task,Completed\nA,2026-01-01 10:00\nB,").drafts
    assert [draft.status for draft in timed] == ["done", "todo"]


def test_todoist() -> None:
    text = (
        "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT\n"
        "meta,view_style=list,,,,,,,,,,\n"
        "task,Buy milk @shop @home,skimmed,1,1,Ann (123),Bob (9),2026-03-04,en,UTC,45,minute\n"
        "note,two bottles,,,,Bob (9),,,,,,\n"
        "task,Wash them,,4,2,Ann (123),,every monday,en,UTC,,None\n"
        "section,Later,,,,,,,,,,\n"
        "task,Rest,,3,1,,,,,,,\n"
    )
    reading = read(text)
    milk, wash, rest = reading.drafts

    assert reading.kind == "todoist"
    assert (milk.title, milk.labels, milk.description, milk.priority) == ("Buy milk", ("shop", "home"), "skimmed", 4)
    assert (milk.author, milk.assignees, milk.estimate_minutes) == ("Ann", ("Bob",), 45)
    assert milk.due == Moment(day=date(2026, 3, 4))
    assert [(comment.body, comment.author) for comment in milk.comments] == [("two bottles", "Bob")]
    assert (wash.parent, wash.priority, wash.description) == (milk.external_id, 0, "Date: every monday")
    assert (rest.parent, rest.labels, rest.priority) == (None, ("Later",), 2)
    assert reading.notes == ("1 dates in words are kept in the description.", "The names of sections become labels.")
    assert [draft.external_id for draft in read(text).drafts] == [draft.external_id for draft in reading.drafts]


def test_an_edited_export_is_checked_again() -> None:
    head = (
        "id,title,description,status,priority,start,due,deadline,labels,assignees,project,parent_id,estimate_minutes,"
        "author,created_at,completed_at\n"
    )
    reading = read(head + '1,,,,,,,,,,,,,,,\n2,B,,,,,tomorrow,,,,,,,,,\n3,\'=1,,,,,,,"a,""b,c""",,,,,,,\n')

    assert codes(reading) == [("line 2", "title", "missing"), ("line 3", "due", "invalid_date")]
    assert (reading.drafts[0].title, reading.drafts[0].labels) == ("=1", ("a", "b,c"))


def test_five_thousand_rows_take_less_than_two_seconds() -> None:
    row = "3/14/2025 1:20,,Agency of everything,Dead Animal,Cat,Sidewalk,9007 FARRAGUT ROAD,In Progress," + "x," * 20
    head = "Created Date,Closed Date,Agency,Title,Note,Place,Address,Status," + ",".join(f"c{n}" for n in range(21))
    text = "\n".join([head, *([row] * 5_000)])
    before = time.perf_counter()

    reading = read(text, timezone="America/New_York")

    assert len(reading.drafts) == 5_000
    assert time.perf_counter() - before < 2
