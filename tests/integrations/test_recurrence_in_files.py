"""Recurring tasks in files: our own JSON to the letter, iCalendar as far as one rule goes, Todoist in words."""

import json
from typing import Any

import pytest
import time_machine

from taskmanager.integrations.formats.detection import read_file
from taskmanager.integrations.formats.drafts import Moment, Reading, RecurrenceDraft
from tests.factories import Api, add_task
from tests.integrations.drafts_of import wall
from tests.integrations.files import by_title, imported, send

DAILY = {"rrule": "FREQ=DAILY"}
DUE = {"date": "2026-05-04"}


def ical(*lines: str) -> Reading:
    body = "\r\n".join(("BEGIN:VCALENDAR", "BEGIN:VTODO", "SUMMARY:A", "UID:1", *lines, "END:VTODO", "END:VCALENDAR"))
    return read_file(body.encode(), "icalendar")


@time_machine.travel("2026-05-04T06:00:00Z", tick=True)
async def test_a_series_goes_on_where_it_was(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    task = await add_task(anna, "Water", due=DUE, recurrence={"rrule": "FREQ=DAILY;INTERVAL=2;COUNT=4"})
    await anna.post(f"/tasks/{task['id']}/complete")
    await anna.post(f"/tasks/{task['id']}/skip")
    await anna.patch(f"/tasks/{task['id']}", json={"due": {"date": "2026-05-07"}})
    exported = (await anna.get("/export")).json()
    record = exported["tasks"][0]
    assert record["recurrence"] == {
        "rrule": "FREQ=DAILY;INTERVAL=2;COUNT=4",
        "start": DUE,
        "occurrence": {"date": "2026-05-08"},
        "anchor": "due",
        "catch_up": "none",
        "number": 3,
    }
    assert [(past["date"], past["kind"], past["author"]) for past in record["occurrences"]] == [
        ({"date": "2026-05-04"}, "completed", "anna"),
        ({"date": "2026-05-06"}, "skipped", "anna"),
    ]
    await imported(ben, json.dumps(exported).encode(), "application/json")
    again = (await ben.get("/export")).json()["tasks"][0]
    assert [again[name] for name in ("due", "recurrence", "occurrences")] == [
        record[name] for name in ("due", "recurrence", "occurrences")
    ]
    taken = (await by_title(ben))["Water"]
    path = f"/tasks/{taken['id']}"
    assert (await ben.post(f"{path}/complete")).json()["due"] == {"date": "2026-05-10"}
    last = (await ben.post(f"{path}/complete")).json()
    assert last["status"] == "done"


async def test_a_calendar_takes_the_series_along(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    due = {"datetime": "2026-05-04T09:00:00", "timezone": "Europe/Berlin"}
    rule = {"rrule": "FREQ=WEEKLY;BYDAY=MO,TH", "anchor": "completion", "catch_up": "all"}
    await add_task(anna, "Water", due=due, recurrence=rule)
    calendar = (await anna.get("/export", params={"format": "ical"})).content
    assert b"\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TH\r\n" in calendar
    await imported(ben, calendar, "text/calendar")
    assert (await by_title(ben))["Water"]["recurrence"] == rule


def test_a_rule_of_another_calendar_begins_at_its_due_date() -> None:
    reading = ical("DUE;TZID=Europe/Berlin:20260504T090000", "RRULE:FREQ=weekly;BYDAY=TH,MO;X-MORE=1")
    due = Moment(local=wall(2026, 5, 4, 9), zone="Europe/Berlin")
    assert reading.drafts[0].recurrence == RecurrenceDraft("FREQ=WEEKLY;BYDAY=MO,TH;X-MORE=1", due, due)
    assert (reading.drafts[0].raw, reading.notes) == ("", ())


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=DAILY",),
        ("DUE;VALUE=DATE:20260504", "RRULE:FREQ=SECONDLY"),
        ("DUE;VALUE=DATE:20260504", "RRULE:FREQ=HOURLY"),
        ("DUE;VALUE=DATE:20260504", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"),
        ("DUE;VALUE=DATE:20260504", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20260505"),
        ("DUE;VALUE=DATE:20260504", "RDATE;VALUE=DATE:20260505"),
        ("DUE;VALUE=DATE:20260504", "RRULE:FREQ=DAILY", "RECURRENCE-ID;VALUE=DATE:20260504"),
    ],
)
def test_what_cannot_be_followed_is_kept_and_said(lines: tuple[str, ...]) -> None:
    reading = ical(*lines)
    kept = {line for line in lines if not line.startswith("DUE")}
    assert reading.problems.listed == []
    assert reading.drafts[0].recurrence is None
    assert set(reading.drafts[0].raw.split("\n")) == kept
    assert reading.notes[0].startswith("1 recurrences that cannot be followed")


@pytest.mark.parametrize("progress", ["no json", "[]", '{"number": 0}', '{"start": {"date": "x"}}', "[" * 5000])
def test_progress_that_is_none_is_left_aside(progress: str) -> None:
    reading = ical("DUE;VALUE=DATE:20260504", "RRULE:FREQ=DAILY", f"X-TASKMANAGER-RECURRENCE:{progress}")
    recurrence = reading.drafts[0].recurrence
    assert recurrence is not None
    assert recurrence.number == 1


async def test_wrong_recurrences_are_problems_of_their_row(api: Api) -> None:
    anna = await api.user("anna")
    rows: list[tuple[dict[str, Any], str]] = [
        ({"recurrence": DAILY}, "recurrence"),
        ({"due": DUE, "recurrence": {"rrule": "FREQ=SECONDLY"}}, "recurrence/rrule"),
        ({"due": DUE, "recurrence": {"rrule": "FREQ=HOURLY"}}, "recurrence"),
        ({"due": DUE, "recurrence": {**DAILY, "occurrence": {"datetime": "2026-05-04T09:00:00"}}}, "recurrence"),
        ({"due": DUE, "recurrence": {**DAILY, "number": 0}}, "recurrence/number"),
        ({"occurrences": [{"date": DUE, "kind": "missed", "at": "2026-05-04T09:00:00Z"}]}, "occurrences/0/kind"),
    ]
    tasks = [{"title": "x", **fields} for fields, _ in rows]
    document = json.dumps({"format": "taskmanager", "version": 1, "tasks": tasks}).encode()
    answer = await send(anna, document, "application/json")
    assert answer.status_code == 422
    assert [(one["row"], one["field"]) for one in answer.json()["problems"]] == [
        (row, field) for row, (_, field) in enumerate(rows, start=1)
    ]


async def test_an_import_is_taken_back_with_its_past(api: Api) -> None:
    anna = await api.user("anna")
    past = [{"date": DUE, "kind": "completed", "at": "2026-05-04T09:00:00Z", "author": "anna"}]
    tasks = [{"title": "x", "due": DUE, "recurrence": DAILY, "occurrences": past}]
    document = {"format": "taskmanager", "version": 1, "tasks": tasks}
    report = await imported(anna, json.dumps(document).encode(), "application/json")
    assert (await anna.get("/export")).json()["tasks"][0]["occurrences"] == past
    assert (await anna.post(f"/undo/{report['operation_id']}")).status_code == 200
    assert (await anna.get("/export")).json()["tasks"] == []


def test_todoist_says_it_in_words() -> None:
    table = b"TYPE,CONTENT,INDENT,DATE\ntask,Water,1,every monday\n"
    draft = read_file(table, "csv").drafts[0]
    assert (draft.recurrence, draft.due, draft.description) == (None, None, "Date: every monday")
