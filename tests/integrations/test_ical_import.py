"""iCalendar from elsewhere."""

from datetime import UTC, date, datetime

import icalendar
import pytest

from taskmanager.integrations.formats.detection import read_file
from taskmanager.integrations.formats.drafts import Moment, Reading, TaskDraft
from taskmanager.integrations.formats.errors import UnreadableFileError
from taskmanager.integrations.formats.ical_writer import write_ical
from tests.integrations.drafts_of import wall


def read(*lines: str, outside: tuple[str, ...] = ()) -> Reading:
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", *outside, "BEGIN:VTODO", *lines, "END:VTODO", "END:VCALENDAR", ""]
    return read_file("\r\n".join(whole).encode(), timezone="America/New_York")


def one(*lines: str, outside: tuple[str, ...] = ()) -> TaskDraft:
    reading = read(*lines, outside=outside)
    assert reading.problems.listed == []
    return reading.drafts[0]


def codes(reading: Reading) -> list[tuple[str, str, str]]:
    return [(problem.place, problem.field, problem.code) for problem in reading.problems.listed]


def test_a_task_of_another_program() -> None:
    draft = one(
        "UID:abc@example.org",
        "DTSTAMP:20260101T000000Z",
        "SUMMARY;LANGUAGE=en:Buy milk\\, bread\\nand C:\\\\New",
        "DESCRIPTION:First line\\nsecond; with a very long text that some program fol",
        " ded in the middle of a word",
        "STATUS:IN-PROCESS",
        "PRIORITY:1",
        "CATEGORIES:home,food\\, drink",
        "CATEGORIES:Home",
        "CREATED:20260102T030405Z",
        "LAST-MODIFIED:20260103T030405Z",
        "RELATED-TO:parent@example.org",
        "RELATED-TO;RELTYPE=SIBLING:brother@example.org",
        'ORGANIZER;CN="Ann, A.":mailto:ann@example.org',
        "ATTENDEE:mailto:bob@example.org",
        "COMMENT:Remember the\\nbag",
        "ESTIMATED-DURATION:PT1H30M",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "BEGIN:VALARM",
        "TRIGGER:-PT15M",
        "END:VALARM",
        outside=("X-WR-CALNAME:Groceries",),
    )

    # A title is one line; the apostrophe-free backslash before N survives.
    assert draft.title == "Buy milk, bread and C:\\New"
    assert draft.description.endswith("some program folded in the middle of a word")
    assert draft.description.startswith("First line\nsecond; with")
    assert (draft.status, draft.priority, draft.labels) == ("in_progress", 4, ("home", "food, drink"))
    assert (draft.external_id, draft.parent, draft.project) == ("abc@example.org", "parent@example.org", "Groceries")
    assert (draft.author, draft.assignees, draft.estimate_minutes) == ("Ann, A.", ("bob@example.org",), 90)
    assert [comment.body for comment in draft.comments] == ["Remember the\nbag"]
    assert draft.created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert draft.raw.split("\n") == [
        "RELATED-TO;RELTYPE=SIBLING:brother@example.org",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "BEGIN:VALARM",
        "TRIGGER:-PT15M",
        "END:VALARM",
    ]


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("DUE;VALUE=DATE:20261201", Moment(day=date(2026, 12, 1))),
        ("DUE:20261201T090000", Moment(local=wall(2026, 12, 1, 9))),
        ("DUE:20261201T090000Z", Moment(local=wall(2026, 12, 1, 9), zone="UTC")),
        ("DUE;TZID=Europe/Berlin:20261201T090000", Moment(local=wall(2026, 12, 1, 9), zone="Europe/Berlin")),
        (
            'DUE;TZID="W. Europe Standard Time":20261201T090000',
            Moment(local=wall(2026, 12, 1, 9), zone="Europe/Berlin"),
        ),
        (
            "DUE;TZID=/freeassociation.sourceforge.net/Europe/Paris:20261201T090000",
            Moment(local=wall(2026, 12, 1, 9), zone="Europe/Paris"),
        ),
        ("DUE;TZID=Mine:20261201T090000", Moment(local=wall(2026, 12, 1, 9), zone="Asia/Tokyo")),
    ],
)
def test_kinds_of_dates_and_names_of_zones(line: str, due: Moment) -> None:
    zone = ("BEGIN:VTIMEZONE", "TZID:Mine", "X-LIC-LOCATION:Asia/Tokyo", "END:VTIMEZONE")

    assert one("SUMMARY:A", line, outside=zone).due == due


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "todo"),
        (("COMPLETED:20260101T000000Z",), "done"),
        (("PERCENT-COMPLETE:100",), "done"),
        (("PERCENT-COMPLETE:40",), "in_progress"),
        (("STATUS:CANCELLED", "COMPLETED:20260101T000000Z"), "cancelled"),
        (("STATUS:NEEDS-ACTION", "COMPLETED:20260101T000000Z"), "todo"),
    ],
)
def test_the_status_follows_from_what_there_is(lines: tuple[str, ...], status: str) -> None:
    assert one("SUMMARY:A", *lines).status == status


def test_wrong_tasks_are_named_with_all_their_faults_and_the_others_stay() -> None:
    reading = read(
        *(
            "SUMMARY:A",
            "STATUS:OPEN",
            "PRIORITY:11",
            "DUE:20261301",
            "DTSTART;TZID=Mars/Base:20260101T000000",
            "nonsense",
        ),
        *("END:VTODO", "BEGIN:VTODO", "UID:1"),
        *("END:VTODO", "BEGIN:VTODO", "SUMMARY:Fine", "UID:2"),
        *("END:VTODO", "BEGIN:VTODO", "SUMMARY:Twin", "UID:2"),
    )

    assert codes(reading) == [
        ("VTODO 1", "STATUS", "unknown_value"),
        ("VTODO 1", "PRIORITY", "unknown_value"),
        ("VTODO 1", "DUE", "invalid_date"),
        ("VTODO 1", "DTSTART", "unknown_zone"),
        ("VTODO 1", "", "malformed"),
        ("VTODO 2", "SUMMARY", "missing"),
        ("VTODO 4", "external_id", "duplicate"),
    ]
    assert [draft.title for draft in reading.drafts] == ["Fine"]


def test_an_occurrence_changed_on_its_own_stands_beside_its_series() -> None:
    reading = read(
        "SUMMARY:Weekly", "UID:1", "END:VTODO", "BEGIN:VTODO", "SUMMARY:Moved", "UID:1", "RECURRENCE-ID:20260101"
    )

    assert [draft.external_id for draft in reading.drafts] == ["1", "1#20260101"]


def test_events_and_attachments_are_left_out_and_said() -> None:
    reading = read(
        "SUMMARY:A", "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 20_000, outside=("BEGIN:VEVENT", "END:VEVENT")
    )

    assert reading.notes == (
        "1 components that are no tasks (VTODO) were left out.",
        "1 properties too long to keep (attachments) were left out.",
    )
    assert reading.drafts[0].raw == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BEGIN:VCARD\nEND:VCARD", "BEGIN:VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\n", "in the middle of a VTODO"),
        ("BEGIN:VCALENDAR\nEND:VTODO\n", "closes nothing"),
    ],
)
def test_what_does_not_nest_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnreadableFileError, match=message):
        read_file(text.encode(), "icalendar")


def test_what_another_program_wrote_goes_out_as_it_came() -> None:
    kept = (
        "RRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260102\n"
        "BEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:x@example.org\nTRIGGER:-PT15M\nEND:VALARM"
    )
    tasks = [TaskDraft("A", external_id="1", due=Moment(day=date(2026, 1, 1)), raw=kept)]
    content = b"".join(write_ical(tasks))

    assert read_file(content).drafts == tasks
    (todo,) = icalendar.Calendar.from_ical(content).walk("VTODO")
    assert todo["RRULE"].to_ical() == b"FREQ=DAILY"
    assert todo.decoded("DUE") == date(2026, 1, 1)


@pytest.mark.parametrize(
    "raw", ["END:VTODO\nBEGIN:VTODO\nSUMMARY:evil", "BEGIN:VALARM", "no content line", "X:1\nEND:VALARM"]
)
def test_kept_lines_cannot_break_out_of_their_task(raw: str) -> None:
    content = b"".join(write_ical([TaskDraft("A", external_id="1", raw=raw)]))

    assert [draft.title for draft in read_file(content).drafts] == ["A"]


def test_another_library_reads_what_we_write() -> None:
    zoned = Moment(local=wall(2026, 7, 1, 9), zone="Europe/Berlin")
    task = TaskDraft(
        "Ä; long, title\\N " + "x" * 100, "one\ntwo", "done", 4, due=zoned, labels=("a,b", "c"), external_id="1"
    )
    (todo,) = icalendar.Calendar.from_ical(b"".join(write_ical([task]))).walk("VTODO")

    assert (str(todo["SUMMARY"]), str(todo["DESCRIPTION"])) == (task.title, "one\ntwo")
    assert todo["CATEGORIES"].to_ical() == b"a\\,b,c"
    assert todo.decoded("DUE").astimezone(UTC) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert (str(todo["STATUS"]), todo["PRIORITY"]) == ("COMPLETED", 1)
