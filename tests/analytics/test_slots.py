"""Days in every zone are made of quarters of an hour of UTC, whatever happens to the clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmanager.analytics.models import DAYS, EXACT
from taskmanager.analytics.slots import EPOCH, OF_A_DAY, QUARTER, Piece, number_of, offsets_of, pieces, slot_of

ZONES = (
    *("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham", "Australia/Lord_Howe"),
    # At midnight the clocks go forward (Cairo, Beirut), back into the day before (Nuuk), or a day is left out (Apia).
    *("Africa/Cairo", "Asia/Beirut", "America/Nuuk", "Pacific/Apia"),
)


def days_by_slot(found: list[Piece]) -> dict[int, int]:
    """Return the day of each slot, as the pieces say."""
    days: dict[int, int] = {}
    for piece in found:
        for number in range(piece.low, piece.high):
            whole = piece.grain != EXACT
            begin = number * OF_A_DAY - piece.offset if whole else number
            for slot in range(begin, begin + (OF_A_DAY if whole else 1)):
                assert slot not in days
                days[slot] = (slot + piece.offset) // OF_A_DAY
            assert piece.grain in {EXACT, DAYS + piece.offset}
    return days


@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2008, 1, 1), date(2027, 1, 1)),
    length=st.integers(0, 40),
    kept=st.booleans(),
)
def test_every_slot_belongs_to_the_day_that_clocks_show(zone: str, first: date, length: int, kept: bool) -> None:
    last = first + timedelta(days=length)
    offsets = sorted(offsets_of(zone, datetime.combine(last, datetime.min.time(), UTC))) if kept else []
    shown = {}
    around = range(slot_of(datetime.combine(first, datetime.min.time(), UTC)) - 150, (number_of(last) + 1) * 96 + 150)
    for slot in around:
        day = (EPOCH + slot * QUARTER).astimezone(ZoneInfo(zone)).date()
        if first <= day <= last:
            shown[slot] = number_of(day)
    assert days_by_slot(list(pieces(first, last, zone, offsets))) == shown


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Nuuk", date(2024, 10, 26), 25),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_days_on_which_clocks_are_changed_are_as_long_as_they_are(zone: str, day: date, hours: float) -> None:
    assert len(days_by_slot(list(pieces(day, day, zone, [4, 8])))) == hours * 4


def test_a_year_is_few_pieces_where_its_days_are_kept() -> None:
    found = list(pieces(date(2026, 1, 1), date(2026, 12, 31), "Europe/Berlin", [4, 8]))
    assert sum(piece.high - piece.low for piece in found if piece.grain != EXACT) == 363
    assert sum(piece.high - piece.low for piece in found if piece.grain == EXACT) == 48 * 4
