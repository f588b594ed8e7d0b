"""How dates in files are read, and how their pattern is found."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from taskmanager.integrations.formats.date_patterns import guess
from taskmanager.integrations.formats.dates import parse_iso, parser_of, read_date
from tests.integrations.drafts_of import wall

CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("texts", "patterns", "last"),
    [
        (["3/14/2025 1:20", "1/2/2025"], ["%m/%d/%Y %H:%M", "%m/%d/%Y"], date(2025, 1, 2)),
        (["14/3/2025", "1/2/2025"], ["%d/%m/%Y"], date(2025, 2, 1)),
        (["1.2.2025 09:00"], ["%d.%m.%Y %H:%M"], wall(2025, 2, 1, 9)),
        (["5-5-25"], ["%d-%m-%y"], date(2025, 5, 5)),
        (["03/Mar/24 10:00 PM"], ["%d/%b/%y %I:%M %p"], wall(2024, 3, 3, 22)),
        (["Mar 3, 2024 at 12:06 AM"], ["%b %d, %Y at %I:%M %p"], wall(2024, 3, 3, 0, 6)),
        (["Mon, 3 March 2024 10:00:00 +0100"], ["%a, %d %b %Y %H:%M:%S %z"], datetime(2024, 3, 3, 10, tzinfo=CET)),
        (["2013-02-07 02:43:31 UTC"], ["%Y-%m-%d %H:%M:%S %Z"], datetime(2013, 2, 7, 2, 43, 31, tzinfo=UTC)),
        (["2026-01-02T03:04:05.5+01:00"], ["iso"], datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=CET)),
        (["2026/1/2"], ["%Y/%m/%d"], date(2026, 1, 2)),
        (["20260102"], ["%Y%m%d"], date(2026, 1, 2)),
        (["1700000000000"], ["unix_ms"], datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ],
)
def test_patterns_of_a_column(texts: list[str], patterns: list[str], last: date) -> None:
    found = guess(texts)

    assert (found.patterns, found.ambiguous) == (patterns, None)
    assert read_date(texts[-1], map(parser_of, found.patterns)) == last


@pytest.mark.parametrize("texts", [["1/2/2025"], ["01-02-25", "03-04-25"], ["13/2/2025", "2/13/2025"]])
def test_an_order_that_nothing_shows_is_ambiguous(texts: list[str]) -> None:
    assert guess(texts).ambiguous is not None


@pytest.mark.parametrize("text", ["tomorrow", "45/99/2025", "12", "2025", "1.2", ""])
def test_no_date_gives_no_pattern(text: str) -> None:
    found = guess([text])

    assert (found.patterns, found.ambiguous) == ([], None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2026-1-2",
        "2026-01-02T25:00",
        "2026-01-02T10:00[Mars/Base]",
        "2026-01-02T10:00+25:00",
        "2026-W01-1",
        "٢٠٢٦-01-02",
    ],
)
def test_what_is_no_iso_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_iso(text)


@pytest.mark.parametrize("pattern", ["%Q-%m-%d", "%d.%m", "%Y-%m-%d %Y", "", "%", "%b %B %d %Y"])
def test_a_pattern_that_makes_no_date_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parser_of(pattern)
