"""Days in words: few, and the same for the same today."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.date_words import FIRST, LAST, DayFromToday, FixedDay, NextWeekday, days_after, read_day

WEDNESDAY = date(2026, 12, 2)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", "2026-12-01"),
        ("today", "2026-12-02"),
        ("Tomorrow", "2026-12-03"),
        ("YESTERDAY", "2026-12-01"),
        ("+3 days", "2026-12-05"),
        ("+1 day", "2026-12-03"),
        ("- 7days", "2026-11-25"),
        ("thu", "2026-12-03"),
        ("Monday", "2026-12-07"),
        # Today has a word of its own.
        ("wed", "2026-12-09"),
        ("+0 days", "2026-12-02"),
        ("-99999 days", "1753-02-17"),
        ("0002-01-01", "0002-01-01"),
        ("9998-12-31", "9998-12-31"),
    ],
)
def test_words_for_days(text: str, day: str) -> None:
    read = read_day(text)
    assert read is not None
    assert read.seen_from(WEDNESDAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "3 days", "+3", "+100000 days", "2026-02-30", "0001-12-31", "9999-01-01", "mo", "20261201", "+٣ days"],
)
def test_other_words_are_no_days(text: str) -> None:
    assert read_day(text) is None


DAYS = st.one_of(
    st.builds(FixedDay, st.dates(FIRST, LAST)),
    st.builds(DayFromToday, st.integers(-99_999, 99_999)),
    st.builds(NextWeekday, st.integers(0, 6)),
)


@given(DAYS, st.dates(FIRST, LAST))
def test_every_day_can_be_written_and_seen(day: DayFromToday, today: date) -> None:
    assert read_day(str(day)) == day
    assert FIRST <= day.seen_from(today) <= LAST


@given(st.integers(0, 6), st.dates(FIRST, LAST - timedelta(days=7)))
def test_a_weekday_is_the_next_one_after_today(weekday: int, today: date) -> None:
    seen = NextWeekday(weekday).seen_from(today)
    assert seen.weekday() == weekday
    assert 1 <= (seen - today).days <= 7


def test_beyond_the_outermost_days_are_these() -> None:
    assert (days_after(LAST, 1), days_after(FIRST, -1), days_after(date.max, 0)) == (LAST, FIRST, LAST)
