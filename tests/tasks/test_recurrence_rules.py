"""The text of a rule: read strictly, written in one form, nothing lost."""

import contextlib
import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.dates import When
from taskmanager.tasks.recurrence.expansion import TooFarError, walls
from taskmanager.tasks.recurrence.rule import RuleError, parse
from taskmanager.tasks.recurrence.series import Series
from tests.tasks.rules_of import rules


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("RRULE:FREQ=DAILY", "FREQ=DAILY"),
        ("freq=weekly;byday=we,mo;interval=01;wkst=mo", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("BYDAY=+1FR,-1MO;FREQ=MONTHLY;WKST=SU", "FREQ=MONTHLY;BYDAY=-1MO,1FR;WKST=SU"),
        (" BYMONTHDAY=31,28,-1,30,30;BYSETPOS=-1;FREQ=MONTHLY ", "FREQ=MONTHLY;BYMONTHDAY=-1,28,30,31;BYSETPOS=-1"),
        ("FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261231"),
        ("FREQ=DAILY;UNTIL=20261231T120000", "FREQ=DAILY;UNTIL=20261231T120000"),
        ("FREQ=DAILY;UNTIL=20261231T120000Z", "FREQ=DAILY;UNTIL=20261231T120000Z"),
        ("FREQ=DAILY;BYSECOND=60", "FREQ=DAILY;BYSECOND=59"),
        ("X-WHY=a=b;FREQ=DAILY;x-Other=", "FREQ=DAILY;X-WHY=a=b;x-Other="),
        ("SKIP=OMIT;RSCALE=gregorian;FREQ=DAILY", "FREQ=DAILY;RSCALE=GREGORIAN;SKIP=OMIT"),
    ],
)
def test_one_form(text: str, canonical: str) -> None:
    assert parse(text).text == canonical


@given(rules())
def test_the_canonical_text_is_read_as_the_same_rule(text: str) -> None:
    rule = parse(text)
    assert parse(rule.text) == rule
    assert parse(rule.text).text == rule.text
    shuffled = ";".join(reversed(text.split(";")))
    assert parse(shuffled.lower()) == rule


@given(st.text() | st.lists(st.sampled_from("FREQ=DAILY;BYDAY,MO-1+0X UNTIL:20260101T\0\n")).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RuleError):
        rule = parse(text)
        assert parse(rule.text).text == rule.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("INTERVAL=2", "FREQ"),
        ("FREQ=DAILY;", "not known"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=SECONDLY", "every minute"),
        ("FREQ=MINUTELY;BYSECOND=1,2", "every minute"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL between 1"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL between 1"),
        ("FREQ=DAILY;INTERVAL=99999", "INTERVAL between 1"),
        ("FREQ=DAILY;COUNT=0", "COUNT between 1"),
        ("FREQ=DAILY;COUNT=1e3", "COUNT between 1"),
        ("FREQ=DAILY;COUNT=３", "COUNT between 1"),  # noqa: RUF001 - digits of other scripts are none
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", "both COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=2026-12-31", "UNTIL such as"),
        ("FREQ=DAILY;UNTIL=20261331", "UNTIL such as"),
        ("FREQ=DAILY;UNTIL=00010101", "UNTIL such as"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "UNTIL such as"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY with FREQ=WEEKLY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY with FREQ=DAILY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO with FREQ=MONTHLY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "before weekdays"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "before weekdays"),
        ("FREQ=MONTHLY;BYDAY=6MO", "further than"),
        ("FREQ=YEARLY;BYMONTH=1;BYDAY=-6MO", "further than"),
        ("FREQ=YEARLY;BYDAY=54MO", "further than"),
        ("FREQ=MONTHLY;BYDAY=0MO", "weekdays such as"),
        ("FREQ=MONTHLY;BYDAY=MONDAY", "weekdays such as"),
        ("FREQ=DAILY;WKST=1MO", "WKST among"),
        ("FREQ=DAILY;BYSETPOS=1", "another BY part"),
        (f"FREQ=DAILY;BYHOUR=0,1;BYMINUTE={','.join(map(str, range(49)))}", "times of a day"),
        ("FREQ=DAILY;RSCALE=CHINESE", "RSCALE other than"),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD", "SKIP other than"),
        ("FREQ=YEARLY;BYEASTER=0", "not known"),
        ("FREQ=DAILY;X-A", "not known"),
        ("FREQ=DAILY;X-A=\u0007", "control"),
        ("FREQ=DAILY;X-A=\nEND:VTODO", "control"),
        ("FREQ=DAILY;X-A=" + "x" * 1000, "1,000 characters"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=5;BYWEEKNO=53",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;BYSETPOS=7",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=SU",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=3",
        "FREQ=HOURLY;BYMINUTE=0;BYSETPOS=7",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MINUTELY;BYMONTHDAY=30;BYMONTH=2;BYHOUR=3;INTERVAL=7",
        "FREQ=MINUTELY;BYHOUR=3;BYSETPOS=7",
        f"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS={','.join(map(str, range(1, 200)))}",
    ],
)
def test_a_search_in_vain_has_an_end(text: str) -> None:
    start = datetime(2026, 5, 4, 9)  # noqa: DTZ001 - a wall time
    begun = time.process_time()
    with pytest.raises(TooFarError):
        next(walls(parse(text), start, start))
    assert time.process_time() - begun < 0.5, "an attacker would ask for it a thousand times"
    with pytest.raises(RuleError, match="never holds"):
        Series(parse(text), When("2026-05-04T09:00:00", "UTC")).check()


def test_a_long_past_costs_nothing() -> None:
    """A series that began long ago is not walked through from its start."""
    for freq in ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"):
        series = Series(parse(f"FREQ={freq};INTERVAL=7"), When("0002-01-01T00:00:00"))
        begun = time.process_time()
        assert next(series.after(datetime(9000, 1, 1, tzinfo=UTC))).local[:3] == "900", freq
        assert time.process_time() - begun < 0.1, freq


def test_a_count_that_cannot_be_reached_is_refused() -> None:
    rule = parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=100")
    with pytest.raises(RuleError, match="too seldom"):
        Series(rule, When("2024-02-29")).check()


@pytest.mark.parametrize(
    ("rule", "start", "last"),
    [
        # A day includes all of it; an instant is one for a time in a zone, else what is written.
        ("UNTIL=20260506", "2026-05-04T09:00:00", "2026-05-06T09:00:00"),
        ("UNTIL=20260506T090000", "2026-05-04T09:00:00", "2026-05-06T09:00:00"),
        ("UNTIL=20260506T085959", "2026-05-04T09:00:00", "2026-05-05T09:00:00"),
        ("UNTIL=20260506T070000Z", "2026-05-04T09:00:00[Europe/Berlin]", "2026-05-06T09:00:00"),
        ("UNTIL=20260506T065959Z", "2026-05-04T09:00:00[Europe/Berlin]", "2026-05-05T09:00:00"),
        ("UNTIL=20260506T090000", "2026-05-04T09:00:00[Europe/Berlin]", "2026-05-06T09:00:00"),
        ("UNTIL=20260506T235959Z", "2026-05-04", "2026-05-06"),
        ("UNTIL=20260506T000000Z", "2026-05-04", "2026-05-06"),
        ("UNTIL=20260506T090000Z", "2026-05-04T09:00:00", "2026-05-06T09:00:00"),
        ("UNTIL=20260504", "2026-05-04", "2026-05-04"),
        ("COUNT=1", "2026-05-04", "2026-05-04"),
    ],
)
def test_ends(rule: str, start: str, last: str) -> None:
    local, _, zone = start.removesuffix("]").partition("[")
    series = Series(parse(f"FREQ=DAILY;{rule}"), When(local, zone or None))
    series.check()
    assert [series.start, *series.after(series.start.sort_key)][-1].local == last


def test_a_start_beside_its_rule_is_an_occurrence_that_counts() -> None:
    series = Series(parse("FREQ=WEEKLY;BYDAY=MO;COUNT=3"), When("2026-05-06"))
    assert [when.local for when in series.after(series.start.sort_key)] == ["2026-05-11", "2026-05-18"]


def test_weekdays_with_and_without_a_place_are_one_or_the_other() -> None:
    series = Series(parse("FREQ=MONTHLY;BYDAY=MO,1TU"), When("2026-05-04"))
    found = [next(series.after(datetime(2026, 5, day, tzinfo=UTC))).local for day in (4, 5, 11)]
    assert found == ["2026-05-05", "2026-05-11", "2026-05-18"]


def test_the_start_gives_the_weekday_of_a_week_number() -> None:
    series = Series(parse("FREQ=YEARLY;BYWEEKNO=20"), When("1997-05-12"))
    found = series.after(series.start.sort_key)
    assert [date.fromisoformat(next(found).local) for _ in range(2)] == [date(1998, 5, 11), date(1999, 5, 17)]
