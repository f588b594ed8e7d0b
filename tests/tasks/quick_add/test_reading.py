"""How lines are read: a table of cases, and what holds for any text at all."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.quick_add.marks import marks_of
from taskmanager.tasks.quick_add.moments import Asked
from taskmanager.tasks.quick_add.reading import Reading, read
from taskmanager.tasks.recurrence.rule import parse
from taskmanager.tasks.recurrence.series import Series
from tests.tasks.quick_add.table import ASKED, CASES, as_case, known

# Words that mean something, alone and together, and others.
WORDS = sorted({word for case in CASES for word in case["text"].split()})
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from([*WORDS, " ", "\t", "\u2003"]), max_size=12).map(" ".join)
MOMENTS = st.datetimes(timezones=st.just(UTC))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_how_lines_are_read(case: dict[str, Any]) -> None:
    assert as_case(case["text"], read(case["text"], known(), ASKED)) == case


def outside(text: str, reading: Reading) -> str:
    """Return what is in no token, white space collapsed."""
    ends = [0, *(end for token in reading.tokens for end in (token.start, token.end)), len(text)]
    return " ".join(" ".join(text[begin:end] for begin, end in zip(ends[::2], ends[1::2], strict=True)).split())


@given(TEXTS, MOMENTS, ZONES, st.booleans())
def test_any_text_can_be_read_at_any_time(text: str, now: datetime, zone: str, create_missing: bool) -> None:
    names, asked = known(create_missing=create_missing), Asked(now, zone)
    reading = read(text, names, asked)
    assert read(text, names, asked) == reading
    assert all(0 <= token.start < token.end <= len(text) for token in reading.tokens)
    assert all(one.end <= other.start for one, other in pairwise(reading.tokens))
    if not any(mark.kind is None for mark in marks_of(text)):
        assert reading.title == outside(text, reading)
    assert {character for character in outside(text, reading) if character not in '\\"'} <= set(reading.title)
    if reading.plan.rule is not None:
        assert reading.plan.due is not None
        Series(parse(reading.plan.rule), reading.plan.due).check()


@given(TEXTS.filter(lambda text: "\n" not in text))
def test_a_quoted_title_is_never_read(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    reading = read(quoted, known(), ASKED)
    assert (reading.title, reading.tokens, reading.unknown) == (text.strip(), (), ())
    assert read(quoted + " tomorrow", known(), ASKED).title == text.strip()


@given(TEXTS)
def test_a_title_that_was_read_reads_as_itself_in_quotes(text: str) -> None:
    title = read(text, known(), ASKED).title
    again = read('"' + title.replace("\\", "\\\\").replace('"', '\\"') + '"', known(), ASKED)
    assert (again.title, again.tokens) == (title, ())


def test_missing_projects_and_sections_are_tokens_where_they_would_be_made() -> None:
    text = 'x #Garden /"Spring work"'
    assert [token.value for token in read(text, known(), ASKED).unknown] == ["Garden", "Spring work"]
    reading = read(text, known(create_missing=True), ASKED)
    assert (reading.title, reading.value("project"), reading.value("section")) == ("x", "Garden", "Spring work")
    # A number alone is no project that anybody wants, unless it is in quotes.
    assert read("Fix issue #42", known(create_missing=True), ASKED).title == "Fix issue #42"
    assert read('Fix it #"42"', known(create_missing=True), ASKED).value("project") == "42"


@pytest.mark.parametrize(
    ("now", "text", "due"),
    [
        # Clocks in Berlin go forward on 28 March 2027 and back on 31 October.
        ("2027-03-28T00:30:00Z", "x in 1 hour", "2027-03-28T03:30:00"),
        ("2027-03-27T12:00:00Z", "x tomorrow 2:30", "2027-03-28T02:30:00"),
        ("2027-10-30T22:30:00Z", "x in 4 hours", "2027-10-31T03:30:00"),
        # It is tomorrow already where the task is.
        ("2026-12-02T23:30:00Z", "x today", "2026-12-03"),
        ("2026-12-02T08:00:00Z", "x 9am", "2026-12-03T09:00:00"),
        ("2026-12-02T07:59:59Z", "x 9am", "2026-12-02T09:00:00"),
        ("2026-12-31T12:00:00Z", "x next month", "2027-01-01"),
        ("2027-01-31T12:00:00Z", "x in 1 month", "2027-02-28"),
        ("2028-02-29T12:00:00Z", "x in 1 year", "2029-02-28"),
        ("2027-01-31T12:00:00Z", "x every month", "2027-01-31"),
        ("2026-12-06T12:00:00Z", "x this weekend", "2026-12-06"),
        ("2026-12-06T12:00:00Z", "x next mon", "2026-12-07"),
        ("2026-12-07T12:00:00Z", "x every monday", "2026-12-07"),
        ("2026-12-07T12:00:00Z", "x every monday 9am", "2026-12-14T09:00:00"),
        ("2026-12-07T12:00:00Z", "x every other monday 9am", "2026-12-14T09:00:00"),
        ("2026-12-24T12:00:00Z", "x 24 dec", "2026-12-24"),
        ("2026-12-25T12:00:00Z", "x 24 dec", "2027-12-24"),
    ],
)
def test_the_same_words_at_other_times(now: str, text: str, due: str) -> None:
    reading = read(text, known(), Asked(datetime.fromisoformat(now), "Europe/Berlin"))
    assert reading.plan.due is not None
    assert reading.plan.due.local == due


@given(st.integers(1, 31), st.dates(date(2026, 1, 1), date(2028, 12, 31)))
def test_a_day_that_a_month_does_not_have_is_its_last(day: int, today: date) -> None:
    asked = Asked(datetime(today.year, today.month, today.day, 12, tzinfo=UTC), "UTC")
    plan = read(f"x every {day}th", known(), asked).plan
    assert plan.due is not None
    assert plan.rule is not None
    series = Series(parse(plan.rule), plan.due)
    days = [plan.due.local]
    for when in series.after(plan.due.sort_key):
        days.append(when.local)
        if len(days) == 14:
            break
    months = [text[:7] for text in days]
    assert len(set(months)) == 14
    for text in days:
        following = datetime.fromisoformat(text).date() + timedelta(days=1)
        assert int(text[8:]) == day or (following.day == 1 and int(text[8:]) < day)
