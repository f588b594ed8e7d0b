"""What holds for every rule, date and zone: order, clocks, no drift, agreement with python-dateutil."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from taskmanager.tasks.dates import When, resolve
from taskmanager.tasks.recurrence.recurrence import CatchUp, Recurrence
from taskmanager.tasks.recurrence.rule import RuleError, parse
from taskmanager.tasks.recurrence.series import Series
from tests.tasks.rules_of import ZONES, rules, starts

# Some examples walk far, and many rules never hold.
patiently = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
DAYS = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
LATENESS = st.lists(st.timedeltas(timedelta(days=-2), timedelta(days=40)), min_size=1, max_size=12)


def begun(text: str, start: When) -> Series:
    """Return a series that may be set, or give up on this example."""
    series = Series(parse(text), start)
    try:
        series.check()
    except RuleError:
        assume(condition=False)
    return series


def recurring(series: Series, catch_up: CatchUp = "none") -> Recurrence:
    return Recurrence(series, "due", catch_up, series.start, 1)


@patiently
@given(rules(("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")), st.data())
def test_the_same_dates_as_python_dateutil_walking_from_the_start(text: str, data: st.DataObject) -> None:
    start = data.draw(starts().filter(lambda when: not when.is_all_day and when.timezone is None))
    series = begun(text, start)
    first = datetime.fromisoformat(start.local)
    span = {"MINUTELY": 5, "HOURLY": 100, "DAILY": 1500}.get(series.rule.freq, 5000)
    near = first + timedelta(days=data.draw(st.integers(0, span)))
    horizon = near + timedelta(days=span)
    walked = takewhile(lambda wall: wall <= horizon, rrulestr(text, dtstart=first))
    expected = [wall for wall in islice(walked, 30_000) if wall > max(near, first)][:20]
    found = [datetime.fromisoformat(when.local) for when in islice(series.after(near.replace(tzinfo=UTC)), 20)]
    assert [wall for wall in found if wall <= horizon] == expected


@patiently
@given(rules(times=False, frequencies=DAYS), starts())
@example("FREQ=YEARLY;INTERVAL=1", When("2016-03-27T02:00:00", "Europe/Berlin"))
def test_each_is_later_keeps_its_kind_and_its_wall_clock(text: str, start: When) -> None:
    series = begun(text, start)
    found = [start, *islice(series.after(start.sort_key), 20)]
    marks = [when.sort_key for when in found]
    assert all(one < other for one, other in pairwise(marks))
    assert {(when.is_all_day, when.timezone) for when in found} == {(start.is_all_day, start.timezone)}
    for when in found:
        if when.timezone is None:
            assert when.local[10:] == start.local[10:]
        else:
            # Where that is skipped by clocks that go forward, the instant is the same under another name.
            same_clock = f"{when.local[:10]}{start.local[10:]}"
            assert when.at == resolve(datetime.fromisoformat(when.local), when.timezone)
            assert when.at == resolve(datetime.fromisoformat(same_clock), when.timezone)


@patiently
@given(rules(), starts(), st.timedeltas(timedelta(0), timedelta(days=3000)), st.floats(0, 1))
def test_the_next_one_does_not_depend_on_where_between_two_one_asks(
    text: str, start: When, passed: timedelta, part: float
) -> None:
    series = begun(text, start)
    mark = start.sort_key + passed
    following = next(series.after(mark), None)
    assume(following is not None)
    assert following is not None
    between = mark + part * (following.sort_key - mark) - timedelta(microseconds=1)
    assert next(series.after(max(mark, between))) == following
    assert next(series.after(following.sort_key - timedelta(seconds=1))) == following


@patiently
@given(rules(), starts(), LATENESS, st.sampled_from(ZONES))
def test_completing_never_drifts_whenever_it_is_done(
    text: str, start: When, lateness: list[timedelta], zone: str
) -> None:
    series = begun(text, start)
    # What has a count is walked through from its start.
    walked = list(islice(replace(series, rule=replace(series.rule, count=2000)).after(start.sort_key), 2000))
    recurrence, now = recurring(series), resolve(series.wall(start), zone)
    for late in lateness:
        now = max(now, resolve(series.wall(recurrence.current), zone)) + late
        following = recurrence.next(recurrence.current, now, zone)
        mark = max(recurrence.current.sort_key, series.mark_of(now, zone))
        expected = next((when for when in walked if when.sort_key > mark), None)
        if expected is None or following is None:
            return
        assert following == expected
        recurrence = replace(recurrence, current=following, number=recurrence.number + 1)


@patiently
@given(rules(), starts(), st.timedeltas(timedelta(0), timedelta(days=500)))
def test_catching_up_leaves_nothing_out(text: str, start: When, late: timedelta) -> None:
    series = begun(text, start)
    expected = list(islice(series.after(start.sort_key), 8))
    now = resolve(series.wall(start), "UTC") + late
    recurrence = recurring(series, "all")
    found: list[When] = []
    while len(found) < len(expected):
        following = recurrence.next(recurrence.current, now, "UTC")
        assert following is not None
        found.append(following)
        recurrence = Recurrence(series, "due", "all", following, recurrence.number + 1)
    assert found == expected


@patiently
@given(rules(), starts(), st.integers(1, 6), st.sampled_from(["due", "completion"]))
def test_what_is_to_come_comes(text: str, start: When, count: int, anchor: str) -> None:
    series = begun(text, start)
    recurrence = Recurrence(series, "due" if anchor == "due" else "completion", "none", start, 1)
    now = resolve(series.wall(start), start.timezone or "UTC")
    promised = list(islice(recurrence.to_come(start, now, "UTC"), count + 1))
    assert promised[0] == start
    for one, following in pairwise(promised):
        if anchor == "completion":
            break
        assert recurrence.next(one, one.at or one.sort_key, "UTC") == following
        recurrence = Recurrence(series, "due", "none", following, recurrence.number + 1)
    if anchor == "completion" and len(promised) > 1:
        assert recurrence.next(start, now, start.timezone or "UTC") == promised[1]


@patiently
@given(rules(), starts(), st.integers(1, 30))
@example("FREQ=HOURLY;INTERVAL=1;BYMINUTE=0", When("2026-03-28T00:00:00", "Europe/Berlin"), 28)
def test_a_count_is_the_beginning_of_the_endless_rule(text: str, start: When, count: int) -> None:
    endless = begun(text, start)
    ended = begun(f"{text};COUNT={count}", start)
    found = list(ended.after(start.sort_key))
    assert found == list(islice(endless.after(start.sort_key), len(found)))
    if len(found) == count - 1:
        return
    # Two readings of a clock that goes forward are one instant: it comes once, and is counted as the two that it is.
    assert len(found) < count - 1
    zone, last = ZoneInfo(start.timezone or "UTC"), (found or [start])[-1].sort_key + timedelta(days=1)
    before, after = ((at.astimezone(zone)).utcoffset() for at in (start.sort_key - timedelta(days=1), last))
    assert before is not None
    assert after is not None
    assert before < after


@pytest.mark.parametrize(
    ("zone", "start", "instants"),
    [
        # Clocks go forward over it: later by the gap, on that day only.
        ("Europe/Berlin", "2026-03-28T02:30:00", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
        ("America/Los_Angeles", "2026-03-07T02:30:00", ["2026-03-07T10:30", "2026-03-08T10:30", "2026-03-09T09:30"]),
        # There twice: the first.
        ("Europe/Berlin", "2026-10-24T02:30:00", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
        ("America/Los_Angeles", "2026-10-31T01:30:00", ["2026-10-31T08:30", "2026-11-01T08:30", "2026-11-02T09:30"]),
        # The 30th never was: noon of it is noon of the 31st, which comes once.
        ("Pacific/Apia", "2011-12-28T12:00:00",
         ["2011-12-28T22:00", "2011-12-29T22:00", "2011-12-30T22:00", "2011-12-31T22:00"]),
        ("Asia/Kathmandu", "2026-05-04T09:00:00", ["2026-05-04T03:15", "2026-05-05T03:15", "2026-05-06T03:15"]),
        ("UTC", "2026-12-31T09:00:00", ["2026-12-31T09:00", "2027-01-01T09:00"]),
    ],
)  # fmt: skip
def test_every_day_where_clocks_change(zone: str, start: str, instants: list[str]) -> None:
    series = Series(parse("FREQ=DAILY"), When(start, zone))
    found = [series.start, *islice(series.after(series.start.sort_key), len(instants) - 1)]
    assert [when.sort_key for when in found] == [datetime.fromisoformat(f"{text}+00:00") for text in instants]
    # Asked from anywhere between them the answer is the same.
    for one, following in pairwise(found):
        for step in range(0, 24 * 60, 30):
            mark = one.sort_key + timedelta(minutes=step)
            if mark < following.sort_key:
                assert next(series.after(mark)).sort_key == following.sort_key


def test_every_hour_where_clocks_change() -> None:
    spring = Series(parse("FREQ=HOURLY"), When("2026-03-29T00:00:00", "Europe/Berlin"))
    assert [when.local[11:16] for when in islice(spring.after(spring.start.sort_key), 4)] == [
        "01:00", "02:00", "04:00", "05:00",
    ]  # fmt: skip
    autumn = Series(parse("FREQ=HOURLY"), When("2026-10-25T00:00:00", "Europe/Berlin"))
    assert [when.local[11:16] for when in islice(autumn.after(autumn.start.sort_key), 4)] == [
        "01:00", "02:00", "03:00", "04:00",
    ]  # fmt: skip


def test_a_day_that_a_zone_left_out_is_a_day_all_the_same() -> None:
    series = Series(parse("FREQ=DAILY"), When("2011-12-29"))
    assert [when.local for when in islice(series.after(series.start.sort_key), 2)] == ["2011-12-30", "2011-12-31"]
    # On the evening before it in Samoa, today is the 29th.
    evening = datetime(2011, 12, 30, 5, tzinfo=UTC)
    assert recurring(series).next(When("2011-12-20"), evening, "Pacific/Apia") == When("2011-12-30")
    assert recurring(series).next(When("2011-12-20"), evening, "Pacific/Kiritimati") == When("2011-12-31")


def test_every_31st_is_the_last_day_where_there_is_none() -> None:
    series = Series(parse("FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"), When("2027-12-31"))
    found = [when.local[5:] for when in islice(series.after(series.start.sort_key), 5)]
    assert found == ["01-31", "02-29", "03-31", "04-30", "05-31"]


def test_the_calendar_has_an_end() -> None:
    series = Series(parse("FREQ=YEARLY"), When("9996-05-04"))
    assert [when.local[:4] for when in series.after(series.start.sort_key)] == ["9997", "9998"]
    series = Series(parse("FREQ=DAILY"), When("9998-12-29T09:00:00", "Pacific/Apia"))
    assert len(list(series.after(series.start.sort_key))) == 2
