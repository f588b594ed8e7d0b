"""Alarms of calendars that become reminders, and those that stay what they are."""

from datetime import UTC, date, datetime
from typing import Any

import icalendar
import pytest

from taskmanager.integrations.formats.drafts import Moment, ReminderDraft, TaskDraft
from taskmanager.integrations.formats.ical_writer import write_ical
from tests.factories import Api, add_task
from tests.integrations.drafts_of import wall
from tests.integrations.files import by_title, imported
from tests.integrations.test_ical_import import one
from tests.tasks.reminders.recalled import DUE, before, remind

TIMED, ALL_DAY = "DUE:20301201T090000Z", "DUE;VALUE=DATE:20301201"


def alarm(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", *lines, "END:VALARM")


def read(*lines: str) -> TaskDraft:
    return one("UID:1", "SUMMARY:x", *lines)


@pytest.mark.parametrize(
    ("due", "trigger", "minutes"),
    [
        (TIMED, "TRIGGER;RELATED=END:-PT30M", 30),
        (TIMED, "TRIGGER:-PT30M", 30),
        (TIMED, "trigger;related=end:-p1dt1h30m", 1530),
        (TIMED, "TRIGGER:-P1W", 7 * 1440),
        (TIMED, "TRIGGER:-PT120S", 2),
        (TIMED, "TRIGGER:PT0S", 0),
        (TIMED, "TRIGGER:-P0D", 0),
        # From midnight there, from nine here.
        (ALL_DAY, "TRIGGER:PT9H", 0),
        (ALL_DAY, "TRIGGER:-PT15H", 1440),
        (ALL_DAY, "TRIGGER:-PT15M", 555),
    ],
)
def test_an_alarm_that_only_says_when_is_a_reminder(due: str, trigger: str, minutes: int) -> None:
    draft = read(due, *alarm("ACTION:DISPLAY", "DESCRIPTION:Reminder", trigger))
    assert (draft.reminders, draft.raw) == ((ReminderDraft(minutes),), "")


def test_an_alarm_at_an_instant_needs_no_date() -> None:
    draft = read(*alarm("ACTION:AUDIO", "ATTACH;VALUE=URI:Basso", "TRIGGER;VALUE=DATE-TIME:20301201T080000Z"))
    assert draft.reminders == (ReminderDraft(at=datetime(2030, 12, 1, 8, tzinfo=UTC)),)


def test_the_start_counts_where_it_is_the_due_date() -> None:
    assert read("DTSTART:20301201T090000Z", TIMED, *alarm("TRIGGER:-PT5M")).reminders == (ReminderDraft(5),)


@pytest.mark.parametrize(
    "lines",
    [
        alarm("TRIGGER:-PT15M"),  # before what?
        (ALL_DAY, *alarm("TRIGGER:PT10H")),
        (TIMED, *alarm("TRIGGER:PT10M")),
        (TIMED, *alarm("TRIGGER:-PT30S")),
        (TIMED, *alarm("TRIGGER:-P366D")),
        (TIMED, *alarm("TRIGGER:soon")),
        (TIMED, *alarm("TRIGGER;VALUE=DATE-TIME:20301201T080000")),
        (TIMED, "DTSTART:20301130T090000Z", *alarm("TRIGGER:-PT5M")),
        (TIMED, *alarm("ACTION:EMAIL", "TRIGGER:-PT5M")),
        (TIMED, *alarm("ACTION:DISPLAY", "TRIGGER:-PT5M", "REPEAT:2", "DURATION:PT5M")),
        (TIMED, *alarm("ACTION:DISPLAY", "TRIGGER:-PT5M", "TRIGGER:-PT10M")),
        (TIMED, *alarm("ACTION:DISPLAY", "DESCRIPTION:x")),
        (TIMED, *alarm("no content line", "TRIGGER:-PT5M")),
        (TIMED, *alarm("TRIGGER:-PT5M", "BEGIN:X-PART", "X-A:1", "END:X-PART")),
        (TIMED, "BEGIN:X-PART", "TRIGGER:-PT5M", "END:X-PART"),
    ],
)
def test_an_alarm_that_says_more_is_kept(lines: tuple[str, ...]) -> None:
    draft = read(*lines)
    assert draft.reminders == ()
    nested = lines[lines.index("BEGIN:VALARM" if "BEGIN:VALARM" in lines else "BEGIN:X-PART") :]
    assert draft.raw.split("\n") == list(nested)


def test_ten_reminders_are_taken_the_others_are_kept() -> None:
    draft = read(TIMED, *(line for n in (*range(12), 0) for line in alarm(f"TRIGGER:-PT{n}M")))
    assert draft.reminders == tuple(map(ReminderDraft, range(10)))
    assert draft.raw.count("BEGIN:VALARM") == 2


def test_another_library_understands_our_alarms() -> None:
    at = datetime(2030, 1, 1, 8, tzinfo=UTC)
    reminders = (ReminderDraft(1530), ReminderDraft(0), ReminderDraft(at=at))
    for due, triggers in (
        (Moment(local=wall(2030, 12, 1, 9), zone="Europe/Berlin"), ["-1 day, 22:30:00", "0:00:00"]),
        (Moment(day=date(2030, 12, 1)), ["-1 day, 7:30:00", "9:00:00"]),
    ):
        content = b"".join(write_ical([TaskDraft("A; b", external_id="1", due=due, reminders=reminders)]))
        alarms = icalendar.Calendar.from_ical(content).walk("VALARM")
        found: list[Any] = [one["TRIGGER"] for one in alarms]
        expected = triggers if due.day else ["-2 days, 22:30:00", "0:00:00"]
        assert [str(one.dt) for one in found] == [*expected, str(at)]
        assert [one.params.get("RELATED") for one in found] == ["END", "END", None]
        assert str(alarms[0]["DESCRIPTION"]) == "A; b"


async def test_reminders_go_through_a_calendar(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await remind(anna, await add_task(anna, "Pay", due=DUE), before(30), {"at": "2030-01-01T00:00:00Z"})
    await remind(anna, await add_task(anna, "Some day"), before(30))
    exported = (await anna.get("/export", params={"format": "ical"})).content
    await imported(ben, exported, "text/calendar")
    tasks = await by_title(ben)
    (early, fixed) = (await ben.get(f"/tasks/{tasks['Pay']['id']}/reminders")).json()["reminders"]
    assert early == {"minutes_before_due": 30, "at": None, "fires_at": "2030-06-03T06:30:00Z"}
    assert fixed["at"] == "2030-01-01T00:00:00Z"
    assert (await ben.get(f"/tasks/{tasks['Some day']['id']}/reminders")).json()["reminders"] == []
