"""Dates as files write them: given patterns, ISO 8601, Unix time, and which pattern a column of texts follows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from taskmanager.integrations.formats.drafts import Moment
from taskmanager.tasks.dates import resolve

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3,9})\.?",
    "B": r"(?P<b>[A-Za-z]{3,9})\.?",
    "a": r"[A-Za-z]{2,9}\.?",
    "A": r"[A-Za-z]{2,9}\.?",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{2})",
    "S": r"(?P<S>\d{2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp])\.?[Mm]\.?",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2})",
    "Z": r"(?P<Z>Z|UTC|GMT)",
    "%": "%",
}
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}"
    r"(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d{2}:?\d{2})?(?P<zone>\[[A-Za-z0-9_+\-/]+\])?)?"
)
_UNIX_DIVISORS = {"unix": 1, "unix_ms": 1_000}
_CENTURY_PIVOT = 69
_NOON = 12
_FIRST_YEAR = 2
_LAST_YEAR = 9_998

DateParser = Callable[[str], date]
"""From a text to a date, a local datetime or an aware one (a ZoneInfo where a zone was named); else ValueError."""


@cache
def zones() -> frozenset[str]:
    """Return the names of all IANA time zones."""
    return frozenset(available_timezones())


def local_instant(local: datetime, zone: str) -> datetime:
    """Return the UTC instant of a wall time: one that does not exist moves forward, an ambiguous one is the first.

    Raises ValueError at the edges of the calendar.
    """
    return _within(resolve, local, zone)


def _to_utc(aware: datetime) -> datetime:
    return _within(aware.astimezone, UTC)


def _within(convert: Callable[..., datetime], *args: object) -> datetime:
    """Call, and hold the result to years that every zone and both databases can tell."""
    try:
        found = convert(*args)
    except OverflowError:
        found = datetime.min.replace(tzinfo=UTC)
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        message = "out of range"
        raise ValueError(message)
    return found


def to_instant(value: date, zone: str) -> datetime:
    """Return the instant of a parsed date; what names no zone is wall time in ``zone``, a day is its midnight."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a wall time; its zone follows
    return local_instant(value, zone) if value.tzinfo is None else _to_utc(value.replace(fold=0))


def to_moment(value: date, zone: str | None) -> Moment:
    """Return the kind of date that was meant.

    A wall time stays floating unless ``zone`` is given; an instant becomes wall time in ``zone``, or in UTC.
    """
    if not isinstance(value, datetime):
        return Moment(day=value)
    value = value.replace(microsecond=0, fold=0)
    if value.tzinfo is None:
        return check_moment(Moment(local=value, zone=zone))
    if isinstance(value.tzinfo, ZoneInfo):
        return check_moment(Moment(local=value.replace(tzinfo=None), zone=value.tzinfo.key))
    if zone is not None:
        moved = _to_utc(value).astimezone(ZoneInfo(zone))
        # The second of two equal wall times cannot be said in a zone.
        if moved.fold == 0:
            return Moment(local=moved.replace(tzinfo=None), zone=zone)
    return Moment(local=_to_utc(value).replace(tzinfo=None), zone="UTC")


def check_moment(moment: Moment) -> Moment:
    """Return a moment that names an instant in every zone; raises ValueError at the edges of the calendar."""
    if moment.local is not None:
        local_instant(moment.local, moment.zone or "UTC")
    return moment


def to_day(value: date, zone: str) -> date:
    """Return the day of a parsed date; the day of an instant is the one it has in ``zone``."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None or isinstance(value.tzinfo, ZoneInfo):
        return value.date()
    return _to_utc(value).astimezone(ZoneInfo(zone)).date()


def parse_iso(text: str) -> date:
    """Read a date or date and time as RFC 3339 and ISO 8601 write it, with an optional ``[Zone]`` (RFC 9557)."""
    match = _ISO.fullmatch(text)
    if match is None:
        message = "not an ISO date"
        raise ValueError(message)
    zone = match["zone"]
    if zone is not None:
        text = text.removesuffix(zone)
        if zone[1:-1] not in zones():
            message = "unknown time zone"
            raise ValueError(message)
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone[1:-1]))
    if len(text) == len("2026-12-01"):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text.upper().replace(",", "."))


def write_moment(moment: Moment) -> str:
    """Return the text that `parse_iso` reads back into the same kind."""
    if moment.local is None:
        return str(moment.day)
    return moment.local.isoformat(timespec="seconds") + (f"[{moment.zone}]" if moment.zone else "")


def write_instant(instant: datetime) -> str:
    """Return RFC 3339 in UTC with ``Z``."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parser_of(pattern: str) -> DateParser:
    """Return the reader of ``iso``, ``unix``, ``unix_ms`` or a pattern of strptime directives.

    Raises ValueError for a directive that is not known. English names of months whatever the locale.
    """
    if pattern == "iso":
        return parse_iso
    if pattern in _UNIX_DIVISORS:
        return _Unix(_UNIX_DIVISORS[pattern])
    return _Pattern.compile(pattern)


@dataclass(frozen=True, slots=True)
class _Unix:
    divisor: int

    def __call__(self, text: str) -> datetime:
        try:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(text) * (1_000_000 // self.divisor))
        except OverflowError as error:
            message = "out of range"
            raise ValueError(message) from error


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    has_time: bool

    @classmethod
    def compile(cls, pattern: str) -> "_Pattern":
        parts: list[str] = []
        seen: set[str] = set()
        for piece in re.findall(r"%.?|\s+|[^%\s]+", pattern):
            if piece.startswith("%"):
                expression = _DIRECTIVES.get(piece[1:])
                if expression is None or piece[1:] in seen:
                    message = f"{piece} is not a directive that can stand here"
                    raise ValueError(message)
                seen |= {piece[1:]} - {"%"}
                parts.append(expression)
            else:
                parts.append(r"\s+" if piece.isspace() else re.escape(piece))
        if not (seen & {"Y", "y"} and seen & {"m", "b", "B"} and "d" in seen) or {"b", "B"} <= seen:
            message = "a pattern needs a year, a month and a day, such as %d.%m.%Y"
            raise ValueError(message)
        return cls(re.compile("".join(parts)), has_time=bool(seen & {"H", "I"}))

    def __call__(self, text: str) -> date:
        match = self.regex.fullmatch(text)
        if match is None:
            message = "does not follow the pattern"
            raise ValueError(message)
        part = match.groupdict()
        day = date(_year(part), _month(part), int(part["d"]))
        if not self.has_time:
            return day
        micro = int((part.get("f") or "0").ljust(6, "0")[:6])
        minute, second = int(part.get("M") or 0), int(part.get("S") or 0)
        moment = datetime(day.year, day.month, day.day, _hour(part), minute, second, micro)  # noqa: DTZ001
        return moment.replace(tzinfo=_offset(part.get("z") or part.get("Z")))


def _year(part: dict[str, str]) -> int:
    if "Y" in part:
        return int(part["Y"])
    return int(part["y"]) + (1900 if int(part["y"]) >= _CENTURY_PIVOT else 2000)


def _month(part: dict[str, str]) -> int:
    return _MONTHS.index(part["b"][:3].lower()) + 1 if "b" in part else int(part["m"])


def _hour(part: dict[str, str]) -> int:
    if "H" in part:
        return int(part["H"])
    hour = int(part["I"])
    if not 1 <= hour <= _NOON:
        message = "hour out of range"
        raise ValueError(message)
    return hour % _NOON + (_NOON if part.get("p", "a").lower() == "p" else 0)


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if not text.startswith(("+", "-")):
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text.startswith("-") else minutes))


def read_date(text: str, parsers: Iterable[DateParser]) -> date:
    """Return what the first fitting parser reads; ValueError where none does."""
    for parse in parsers:
        try:
            return parse(text)
        except ValueError:
            continue
    message = "no pattern fits"
    raise ValueError(message)
