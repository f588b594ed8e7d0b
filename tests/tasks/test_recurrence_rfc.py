"""The examples of RFC 5545, section 3.8.5.3, in the order in which they stand there.

All begin in New York at nine unless they say otherwise. Of a rule without end, as many as are written down are looked
at. The three hours of "9:00 AM to 5:00 PM" end at 21:00Z, as the erratum has it.
"""

from itertools import islice

import pytest

from taskmanager.tasks.dates import When
from taskmanager.tasks.recurrence.rule import parse
from taskmanager.tasks.recurrence.series import Series

ZONE = "America/New_York"
START = "1997-09-02"
WEEKLY_TO_CHRISTMAS = "9-2 9-9 9-16 9-23 9-30 10-7 10-14 10-21 10-28 11-4 11-11 11-18 11-25 12-2 12-9 12-16 12-23"
TUESDAYS_AND_THURSDAYS = "9-2 9-4 9-9 9-11 9-16 9-18 9-23 9-25 9-30 10-2"
JANUARIES = " ".join(f"{year}-1-{day}" for year in (1998, 1999, 2000) for day in range(1, 32))
TWENTY_MINUTES = [f"1997-09-0{day}T{hour:02}:{minute:02}" for day in (2, 3) for hour in range(9, 17)
                  for minute in (0, 20, 40)]  # fmt: skip

DAYS: list[tuple[str, str, str, bool]] = [
    # Start, rule, days (of 1997 unless a year stands before them), whether that is all.
    (START, "FREQ=DAILY;COUNT=10", " ".join(f"9-{day}" for day in range(2, 12)), True),
    (START, "FREQ=DAILY;UNTIL=19971224T000000Z",
     " ".join(f"{month}-{day}" for month, days in ((9, range(2, 31)), (10, range(1, 32)), (11, range(1, 31)),
                                                   (12, range(1, 24))) for day in days), True),
    (START, "FREQ=DAILY;INTERVAL=2", "9-2 9-4 9-6 9-8 9-10 9-12 9-14 9-16 9-18 9-20 9-22 9-24 9-26 9-28 9-30 10-2 10-4",
     False),
    (START, "FREQ=DAILY;INTERVAL=10;COUNT=5", "9-2 9-12 9-22 10-2 10-12", True),
    ("1998-01-01", "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", JANUARIES, True),
    ("1998-01-01", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", JANUARIES, True),
    (START, "FREQ=WEEKLY;COUNT=10", "9-2 9-9 9-16 9-23 9-30 10-7 10-14 10-21 10-28 11-4", True),
    (START, "FREQ=WEEKLY;UNTIL=19971224T000000Z", WEEKLY_TO_CHRISTMAS, True),
    (START, "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "9-2 9-16 9-30 10-14 10-28 11-11 11-25 12-9 12-23 1998-1-6 1998-1-20",
     False),
    (START, "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", TUESDAYS_AND_THURSDAYS, True),
    (START, "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", TUESDAYS_AND_THURSDAYS, True),
    ("1997-09-01", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
     ("9-1 9-3 9-5 9-15 9-17 9-19 9-29 10-1 10-3 10-13 10-15 10-17 10-27 10-29 10-31 11-10 11-12 11-14 11-24 11-26 "
      "11-28 12-8 12-10 12-12 12-22"), True),
    (START, "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "9-2 9-4 9-16 9-18 9-30 10-2 10-14 10-16", True),
    ("1997-09-05", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
     "9-5 10-3 11-7 12-5 1998-1-2 1998-2-6 1998-3-6 1998-4-3 1998-5-1 1998-6-5", True),
    ("1997-09-05", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "9-5 10-3 11-7 12-5", True),
    ("1997-09-07", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
     "9-7 9-28 11-2 11-30 1998-1-4 1998-1-25 1998-3-1 1998-3-29 1998-5-3 1998-5-31", True),
    ("1997-09-22", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "9-22 10-20 11-17 12-22 1998-1-19 1998-2-16", True),
    ("1997-09-28", "FREQ=MONTHLY;BYMONTHDAY=-3", "9-28 10-29 11-28 12-29 1998-1-29 1998-2-26", False),
    (START, "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
     "9-2 9-15 10-2 10-15 11-2 11-15 12-2 12-15 1998-1-2 1998-1-15", True),
    ("1997-09-30", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
     "9-30 10-1 10-31 11-1 11-30 12-1 12-31 1998-1-1 1998-1-31 1998-2-1", True),
    ("1997-09-10", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
     "9-10 9-11 9-12 9-13 9-14 9-15 1999-3-10 1999-3-11 1999-3-12 1999-3-13", True),
    (START, "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
     ("9-2 9-9 9-16 9-23 9-30 11-4 11-11 11-18 11-25 1998-1-6 1998-1-13 1998-1-20 1998-1-27 1998-3-3 1998-3-10 "
      "1998-3-17 1998-3-24 1998-3-31"), False),
    ("1997-06-10", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
     "6-10 7-10 1998-6-10 1998-7-10 1999-6-10 1999-7-10 2000-6-10 2000-7-10 2001-6-10 2001-7-10", True),
    ("1997-03-10", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
     "3-10 1999-1-10 1999-2-10 1999-3-10 2001-1-10 2001-2-10 2001-3-10 2003-1-10 2003-2-10 2003-3-10", True),
    ("1997-01-01", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
     "1-1 4-10 7-19 2000-1-1 2000-4-9 2000-7-18 2003-1-1 2003-4-10 2003-7-19 2006-1-1", True),
    ("1997-05-19", "FREQ=YEARLY;BYDAY=20MO", "5-19 1998-5-18 1999-5-17", False),
    ("1997-05-12", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "5-12 1998-5-11 1999-5-17", False),
    ("1997-03-13", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
     "3-13 3-20 3-27 1998-3-5 1998-3-12 1998-3-19 1998-3-26 1999-3-4 1999-3-11 1999-3-18 1999-3-25", False),
    ("1997-06-05", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
     ("6-5 6-12 6-19 6-26 7-3 7-10 7-17 7-24 7-31 8-7 8-14 8-21 8-28 1998-6-4 1998-6-11 1998-6-18 1998-6-25 1998-7-2 "
      "1998-7-9 1998-7-16 1998-7-23 1998-7-30 1998-8-6 1998-8-13 1998-8-20 1998-8-27 1999-6-3"), False),
    # The start, which the RFC takes out by an EXDATE, is the first one here.
    (START, "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "9-2 1998-2-13 1998-3-13 1998-11-13 1999-8-13 2000-10-13", False),
    ("1997-09-13", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
     "9-13 10-11 11-8 12-13 1998-1-10 1998-2-7 1998-3-7 1998-4-11 1998-5-9 1998-6-13", False),
    ("1996-11-05", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
     "1996-11-5 2000-11-7 2004-11-2", False),
    ("1997-09-04", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "9-4 10-7 11-6", True),
    ("1997-09-29", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
     "9-29 10-30 11-27 12-30 1998-1-29 1998-2-26 1998-3-30", False),
    ("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "8-5 8-10 8-19 8-24", True),
    ("1997-08-05", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "8-5 8-17 8-19 8-31", True),
    ("2007-01-15", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-1-15 2007-1-30 2007-2-15 2007-3-15 2007-3-30", True),
]  # fmt: skip

TIMES: list[tuple[str, list[str], bool]] = [
    ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", [f"1997-09-02T{time}:00" for time in ("09", "12", "15")], True),
    ("FREQ=MINUTELY;INTERVAL=15;COUNT=6",
     [f"1997-09-02T{time}" for time in ("09:00", "09:15", "09:30", "09:45", "10:00", "10:15")], True),
    ("FREQ=MINUTELY;INTERVAL=90;COUNT=4",
     [f"1997-09-02T{time}" for time in ("09:00", "10:30", "12:00", "13:30")], True),
    ("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", TWENTY_MINUTES, False),
    ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", TWENTY_MINUTES, False),
]  # fmt: skip


def full(day: str) -> str:
    year, month, rest = (day if day.count("-") == 2 else f"1997-{day}").split("-")
    return f"{year}-{int(month):02}-{int(rest):02}"


def dates(series: Series, most: int) -> list[str]:
    return [series.start.local, *(when.local for when in islice(series.after(series.start.sort_key), most))]


@pytest.mark.parametrize(("start", "rule", "days", "is_all"), DAYS)
def test_examples_of_days(start: str, rule: str, days: str, is_all: bool) -> None:
    expected = [f"{full(day)}T09:00:00" for day in days.split()]
    series = Series(parse(rule), When(f"{start}T09:00:00", ZONE))
    series.check()
    assert dates(series, len(expected) if is_all else len(expected) - 1) == expected


@pytest.mark.parametrize(("start", "rule", "days", "is_all"), DAYS)
def test_the_same_examples_all_day_and_without_a_zone(start: str, rule: str, days: str, is_all: bool) -> None:
    expected = [full(day) for day in days.split()]
    rule = rule.replace("19971224T000000Z", "19971223").replace("T140000Z", "").replace("19971007T000000Z", "19971006")
    for when, time in ((When(start), ""), (When(f"{start}T09:00:00"), "T09:00:00")):
        series = Series(parse(rule), when)
        series.check()
        assert dates(series, len(expected) if is_all else len(expected) - 1) == [day + time for day in expected]


@pytest.mark.parametrize(("rule", "times", "is_all"), TIMES)
def test_examples_of_times(rule: str, times: list[str], is_all: bool) -> None:
    expected = [f"{time}:00" for time in times]
    series = Series(parse(rule), When(f"{START}T09:00:00", ZONE))
    series.check()
    assert dates(series, len(expected) if is_all else len(expected) - 1) == expected
