"""Which pattern do the dates of a column follow? The data decides; where it cannot, the person is asked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from taskmanager.integrations.formats.dates import parse_iso

_TIME = (
    r"(?P<gap>,?\s+|[Tt]|,?\s+at\s+)(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?(?P<fraction>\.\d{1,9})?"
    r"(?P<half>\s*[AaPp]\.?[Mm]\.?)?(?P<offset>\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?"
)
_YEAR_FIRST = re.compile(rf"\d{{4}}(?P<sep>[./-])\d{{1,2}}(?P=sep)\d{{1,2}}(?:{_TIME})?")
_YEAR_LAST = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<sep>[./-])(?P<then>\d{{1,2}})(?P=sep)(?P<year>\d{{4}}|\d{{2}})(?:{_TIME})?"
)
_DAY_NAMED = re.compile(
    rf"(?P<week>[A-Za-z]{{2,9}},?\s+)?\d{{1,2}}(?P<sep>\s+|[./-])[A-Za-z]{{3,9}}(?P<then>,?\s+|[./-])"
    rf"(?P<year>\d{{4}}|\d{{2}})(?:{_TIME})?"
)
_NAMED_DAY = re.compile(
    rf"(?P<week>[A-Za-z]{{2,9}},?\s+)?[A-Za-z]{{3,9}}(?P<sep>\s+)\d{{1,2}}(?P<then>,?\s+)(?P<year>\d{{4}})(?:{_TIME})?"
)
_DIGITS = {8: "%Y%m%d", 10: "unix", 13: "unix_ms"}
_MONTHS_OF_A_YEAR = 12
_DAYS_OF_A_MONTH = 31


@dataclass(slots=True)
class Guess:
    """The patterns that a column follows. ``ambiguous`` holds a value that can be read as day or as month first."""

    patterns: list[str] = field(default_factory=list)
    ambiguous: str | None = None


def guess(texts: Iterable[str]) -> Guess:
    """Return the patterns of the texts of one column; a text that looks like no date adds none.

    ``3/14/2025`` shows that a column puts the month first, ``14/3/2025`` that it puts the day first. With dots the day
    is first. Where no text shows it, or some show one and some the other, the guess is ambiguous.
    """
    found: dict[str, None] = {}
    undecided: list[re.Match[str]] = []
    for text in texts:
        match = _YEAR_LAST.fullmatch(text)
        if match is not None:
            if _can_be_date(match):
                undecided.append(match)
        elif (pattern := _plain_pattern(text)) is not None:
            found[pattern] = None
    result = Guess(list(found))
    if undecided:
        _decide(undecided, result)
    return result


def _can_be_date(match: re.Match[str]) -> bool:
    low, high = sorted((int(match["first"]), int(match["then"])))
    return 1 <= low <= _MONTHS_OF_A_YEAR and high <= _DAYS_OF_A_MONTH


def _decide(matches: list[re.Match[str]], result: Guess) -> None:
    month_first = all(int(match["first"]) <= _MONTHS_OF_A_YEAR for match in matches)
    day_first = all(int(match["then"]) <= _MONTHS_OF_A_YEAR for match in matches)
    if month_first and day_first:
        open_ones = [m for m in matches if int(m["first"]) != int(m["then"]) and m["sep"] != "."]
        if open_ones:
            result.ambiguous = open_ones[0][0]
            return
    elif not month_first and not day_first:
        result.ambiguous = next(m[0] for m in matches if int(m["then"]) > _MONTHS_OF_A_YEAR)
        return
    order = "%d{0}%m{0}" if day_first else "%m{0}%d{0}"
    patterns = {order.format(match["sep"]) + _year(match) + _time(match): None for match in matches}
    result.patterns += [pattern for pattern in patterns if pattern not in result.patterns]


def _plain_pattern(text: str) -> str | None:
    try:
        parse_iso(text)
    except ValueError:
        pass
    else:
        return "iso"
    if text.isascii() and text.isdigit():
        return _DIGITS.get(len(text))
    if match := _YEAR_FIRST.fullmatch(text):
        return "%Y{0}%m{0}%d".format(match["sep"]) + _time(match)
    if match := _DAY_NAMED.fullmatch(text):
        return f"{_week(match)}%d{match['sep']}%b{match['then']}{_year(match)}{_time(match)}"
    if match := _NAMED_DAY.fullmatch(text):
        return f"{_week(match)}%b{match['sep']}%d{match['then']}{_year(match)}{_time(match)}"
    return None


def _week(match: re.Match[str]) -> str:
    return re.sub(r"[A-Za-z]+", "%a", match["week"]) if match["week"] else ""


def _year(match: re.Match[str]) -> str:
    return "%Y" if len(match["year"]) > len("25") else "%y"


def _time(match: re.Match[str]) -> str:
    if match["hour"] is None:
        return ""
    clock = (
        ("%I:%M" if match["half"] else "%H:%M")
        + (":%S" if match["second"] else "")
        + (".%f" if match["fraction"] else "")
    )
    for name, directive in (("half", "%p"), ("offset", "")):
        text = match[name]
        if text:
            tail = directive or ("%Z" if text.strip().isalpha() else "%z")
            clock += (" " if text[0].isspace() else "") + tail
    return match["gap"] + clock
