"""Dates of three honest kinds, at the edges of clocks and calendars."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.dates import When, in_zone, resolve, start_of_day
from tests.factories import Api, add_task, pages


async def test_the_three_kinds_stay_what_they_are(api: Api) -> None:
    anna = await api.user()
    for given_date, answered in (
        ({"date": "2026-12-01"}, {"date": "2026-12-01"}),
        ({"datetime": "2026-12-01T09:00:00"}, {"datetime": "2026-12-01T09:00:00"}),
        (
            {"datetime": "2026-12-01T09:00:00", "timezone": "Europe/Berlin"},
            {"datetime": "2026-12-01T09:00:00", "timezone": "Europe/Berlin", "at": "2026-12-01T08:00:00Z"},
        ),
    ):
        task = await add_task(anna, due=given_date, start=given_date)
        assert task["due"] == task["start"] == answered
        assert (await anna.get(f"/tasks/{task['id']}")).json()["due"] == answered


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        # Clocks go forward over it: later by the gap.
        ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T01:30:00+00:00"),
        ("2026-03-08T02:15:00", "America/New_York", "2026-03-08T07:15:00+00:00"),
        # A whole day that Samoa never had.
        ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T22:00:00+00:00"),
        # It is there twice: the first.
        ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T00:30:00+00:00"),
        ("2026-04-05T01:45:00", "Australia/Lord_Howe", "2026-04-04T14:45:00+00:00"),
        # Nothing special.
        ("2026-07-01T12:00:00", "Asia/Kathmandu", "2026-07-01T06:15:00+00:00"),
    ],
)
def test_wall_times_that_are_missing_or_double(wall: str, zone: str, instant: str) -> None:
    assert resolve(datetime.fromisoformat(wall), zone) == datetime.fromisoformat(instant)
    assert When(wall, zone).at == datetime.fromisoformat(instant)


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Africa/Casablanca"])


@given(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), ZONES)  # noqa: DTZ001 - wall times
def test_a_wall_time_that_exists_comes_back(wall: datetime, zone: str) -> None:
    shown = in_zone(resolve(wall, zone), zone).replace(tzinfo=None)
    gap = shown - wall
    assert gap == timedelta(0) or (timedelta(0) < gap <= timedelta(hours=1))


@given(st.dates(), ZONES)
def test_every_day_has_a_beginning(day: date, zone: str) -> None:
    start = start_of_day(day, zone)
    assert start.tzinfo is UTC or start.utcoffset() == timedelta(0)
    assert abs(start - datetime.combine(day, datetime.min.time(), tzinfo=UTC)) <= timedelta(days=1)


def test_beyond_the_calendar_is_the_nearest_there_is() -> None:
    early = datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert in_zone(early, "UTC").year == 1
    assert in_zone(datetime(9999, 12, 31, 23, tzinfo=UTC), "Asia/Tokyo").year == 9999


async def test_what_is_no_date_is_refused_at_its_place(api: Api) -> None:
    anna = await api.user()
    for due, pointer in (
        ({"date": "2026-02-30"}, "/due/date"),
        ({"date": "2026-1-1"}, "/due/date"),
        ({"date": "0001-01-01"}, "/due/date"),
        ({"date": "9999-12-31"}, "/due/date"),
        ({"date": 20260101}, "/due/date"),
        ({"date": "2026-12-01", "timezone": "Europe/Berlin"}, "/due/timezone"),
        ({"date": "2026-12-01", "datetime": "2026-12-01T09:00:00"}, "/due/date"),
        ({"datetime": "2026-12-01"}, "/due/datetime"),
        ({"datetime": "2026-12-01T25:00:00"}, "/due/datetime"),
        ({"datetime": "2026-12-01T09:00:00Z"}, "/due/datetime"),
        ({"datetime": "2026-12-01T09:00:00", "timezone": "Berlin"}, "/due/timezone"),
        ({"datetime": "2026-12-01T09:00:00", "timezone": "../etc/passwd"}, "/due/timezone"),
        ({"datetime": "0001-01-01T00:00:00", "timezone": "Asia/Tokyo"}, "/due/datetime"),
        ({"datetime": "9999-12-31T23:00:00", "timezone": "America/New_York"}, "/due/datetime"),
        ({}, "/due/date"),
        ("2026-12-01", "/due"),
        ([], "/due"),
    ):
        refused = await anna.post("/tasks", json={"title": "x", "due": due})
        assert refused.status_code == 422, due
        assert refused.json()["errors"][0]["pointer"] == pointer, due


async def test_due_before_and_after_in_the_asker_s_zone(api: Api) -> None:
    anna = await api.user()
    for title, due in (
        ("day", {"date": "2026-06-10"}),
        ("floating", {"datetime": "2026-06-10T12:00:00"}),
        # 18:00 UTC, which is the 11th already in Tokyo.
        ("zoned", {"datetime": "2026-06-10T20:00:00", "timezone": "Europe/Berlin"}),
        ("never", None),
    ):
        await add_task(anna, title, due=due)

    async def found(**query: str) -> set[str]:
        return {task["title"] for task in await pages(anna, "/tasks", **query)}

    assert await found(due_before="2026-06-11") == {"day", "floating", "zoned"}
    assert await found(due_after="2026-06-10") == set()
    assert await found(due_before="2026-06-10T13:00:00Z") == {"day", "floating"}
    assert await found(due_after="2026-06-10T11:00:00Z") == {"floating", "zoned"}
    assert (await anna.patch("/me", json={"timezone": "Asia/Tokyo"})).status_code == 200
    assert await found(due_before="2026-06-11") == {"day", "floating"}
    assert await found(due_after="2026-06-10") == {"zoned"}


async def test_the_ends_of_the_calendar_can_be_asked_for(api: Api) -> None:
    anna = await api.user()
    for title, due in (("first", {"date": "0002-01-01"}), ("last", {"date": "9998-12-31"})):
        await add_task(anna, title, due=due)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        await anna.patch("/me", json={"timezone": zone})
        for text in ("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"):
            for name in ("due_before", "due_after"):
                assert (await anna.get("/tasks", params={name: text})).status_code == 200
    assert [task["title"] for task in await pages(anna, "/tasks", sort="due")] == ["first", "last"]
