"""The text of an RRULE (RFC 5545, section 3.3.10): read strictly, written in one form.

A part whose name starts with ``X-`` belongs to another program and means nothing here: it is kept to the letter. Any
other unknown part is refused, because a date would be wrong without it.
"""

import re
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_TEXT = 1000
MAX_INTERVAL = 10_000
MAX_COUNT = 10_000
MAX_TIMES_A_DAY = 96

# Least and greatest number, and whether it can be counted from the end as well.
_NUMBERS = {
    "BYMONTH": (1, 12, False),
    "BYWEEKNO": (1, 53, True),
    "BYYEARDAY": (1, 366, True),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 60, False),
    "BYSETPOS": (1, 366, True),
}
_DAY_PARTS = ("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY")
_TIME_PARTS = ("BYHOUR", "BYMINUTE", "BYSECOND")
_NAMES = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", "RSCALE", "SKIP", *_NUMBERS}
# RFC 7529: what leaves every date as it is without them.
_NEUTRAL = {"RSCALE": "GREGORIAN", "SKIP": "OMIT"}
_NOT_WITH = {
    "BYWEEKNO": {"MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"},
    "BYYEARDAY": {"MONTHLY", "WEEKLY", "DAILY"},
    "BYMONTHDAY": {"WEEKLY"},
}
_PRIVATE = re.compile(r"X-[A-Z0-9-]+", re.IGNORECASE | re.ASCII)
_UNTIL = re.compile(r"(\d{8})(?:T(\d{6})(Z)?)?", re.ASCII)
_WEEKDAY = re.compile(rf"([+-]?\d{{1,2}})?({'|'.join(WEEKDAYS)})", re.ASCII)
_MOST_WEEKS = {"MONTHLY": 5, "YEARLY": 53}


class RuleError(ValueError):
    """A rule that is wrong, or that nothing can be done with; the message is for people."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as numbers. ``days`` pairs weekdays (0 is Monday) with their place in month or year, 0 for every one."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    by: tuple[tuple[str, tuple[int, ...]], ...] = ()
    days: tuple[tuple[int, int], ...] = ()
    week_start: int = 0
    kept: tuple[str, ...] = ()

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return the numbers of a part such as ``BYMONTH``, or none."""
        return dict(self.by).get(name, ())

    @property
    def within_days(self) -> bool:
        """Whether the rule can hold several times a day, which only a time of day has."""
        return self.freq in {"HOURLY", "MINUTELY"} or any(self.numbers(name) for name in _TIME_PARTS)

    @property
    def text(self) -> str:
        """The canonical text: parts in one order, lists ascending, nothing that is the default."""
        parts = [("FREQ", self.freq)]
        if self.interval > 1:
            parts.append(("INTERVAL", str(self.interval)))
        if self.count is not None:
            parts.append(("COUNT", str(self.count)))
        if self.until is not None:
            parts.append(("UNTIL", _until_text(self.until)))
        parts += [(name, _joined(self.numbers(name))) for name in _DAY_PARTS]
        parts.append(("BYDAY", ",".join(f"{place or ''}{WEEKDAYS[day]}" for day, place in self.days)))
        parts += [(name, _joined(self.numbers(name))) for name in (*_TIME_PARTS, "BYSETPOS")]
        if self.week_start:
            parts.append(("WKST", WEEKDAYS[self.week_start]))
        return ";".join([*(f"{name}={value}" for name, value in parts if value), *self.kept])


def parse(text: str) -> Rule:
    """Read an RRULE, with or without its name in front; raises :class:`RuleError`."""
    text = re.sub(r"^RRULE:", "", text.strip(), flags=re.IGNORECASE)
    if len(text) > MAX_TEXT:
        raise RuleError(f"must have at most {MAX_TEXT:,} characters")
    if not text.isprintable():
        raise RuleError("must be one line without control characters")
    parts, kept = _split(text)
    if "FREQ" not in parts:
        raise RuleError("must have a FREQ, such as FREQ=WEEKLY")
    rule = Rule(
        freq=_frequency(parts["FREQ"]),
        interval=_positive("INTERVAL", parts.get("INTERVAL", "1"), MAX_INTERVAL),
        count=_positive("COUNT", parts["COUNT"], MAX_COUNT) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        by=tuple((name, _numbers(name, parts[name])) for name in _NUMBERS if name in parts),
        days=_weekdays(parts["BYDAY"]) if "BYDAY" in parts else (),
        week_start=_weekday("WKST", parts.get("WKST", "MO")),
        kept=kept,
    )
    _check_together(rule)
    return rule


def _split(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the parts by name, and those that are only kept."""
    parts: dict[str, str] = {}
    kept: list[str] = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if _PRIVATE.fullmatch(name) and equals:
            kept.append(part)
            continue
        name, value = name.strip().upper(), value.strip().upper()
        if not equals or name not in _NAMES:
            raise RuleError(f"has a part that is not known: {part[:40]!r}; private ones start with X-")
        if name in parts:
            raise RuleError(f"has {name} twice")
        if name in _NEUTRAL and value != _NEUTRAL[name]:
            raise RuleError(f"must not have {name} other than {_NEUTRAL[name]}")
        parts[name] = value
    return parts, (*(f"{name}={parts[name]}" for name in _NEUTRAL if name in parts), *kept)


def _frequency(word: str) -> str:
    if word == "SECONDLY":
        raise RuleError("must not recur more often than every minute")
    if word not in FREQUENCIES:
        raise RuleError(f"must have a FREQ among {', '.join(FREQUENCIES)}")
    return word


def _positive(name: str, text: str, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise RuleError(f"must have {name} between 1 and {most:,}")
    return int(text)


def _numbers(name: str, text: str) -> tuple[int, ...]:
    least, most, signed = _NUMBERS[name]
    found = set()
    for word in text.split(","):
        number = int(word) if re.fullmatch(r"[+-]?\d{1,3}" if signed else r"\d{1,3}", word, re.ASCII) else None
        if number is None or not least <= abs(number) <= most:
            also = f" or {-most} and {-least}" if signed else ""
            raise RuleError(f"must have numbers between {least} and {most}{also} in {name}")
        # Without leap seconds the sixtieth is the one before it (RFC 5545, section 3.3.12).
        found.add(min(number, 59) if name == "BYSECOND" else number)
    return tuple(sorted(found))


def _weekday(name: str, word: str) -> int:
    if word not in WEEKDAYS:
        raise RuleError(f"must have {name} among {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(word)


def _weekdays(text: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for word in text.split(","):
        match = _WEEKDAY.fullmatch(word)
        if match is None or (match[1] is not None and int(match[1]) == 0):
            raise RuleError(f"must have weekdays such as MO or -1FR in BYDAY, not {word[:20]!r}")
        found.add((WEEKDAYS.index(match[2]), int(match[1] or 0)))
    return tuple(sorted(found))


def _until(text: str) -> date | datetime:
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 - both ways end in the same refusal
        day = date.fromisoformat(match[1])
        if not MINYEAR < day.year < MAXYEAR:
            raise ValueError(text)  # noqa: TRY301
        if match[2] is None:
            return day
        wall = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError as error:
        raise RuleError("must have UNTIL such as 20261231 or 20261231T225959Z") from error
    return wall.replace(tzinfo=UTC) if match[3] else wall


def _check_together(rule: Rule) -> None:
    """Refuse what RFC 5545 forbids to stand together, and what would be too much of it."""
    if rule.count is not None and rule.until is not None:
        raise RuleError("must not have both COUNT and UNTIL")
    for name, frequencies in _NOT_WITH.items():
        if rule.numbers(name) and rule.freq in frequencies:
            raise RuleError(f"must not have {name} with FREQ={rule.freq}")
    places = [abs(place) for _, place in rule.days if place]
    if places:
        most = _MOST_WEEKS.get(rule.freq, 0)
        if most == 0 or rule.numbers("BYWEEKNO"):
            raise RuleError("must have numbers before weekdays only with FREQ=MONTHLY, or FREQ=YEARLY without BYWEEKNO")
        if max(places) > (5 if rule.numbers("BYMONTH") else most):
            raise RuleError("must not count weekdays further than their month or year goes")
    if rule.numbers("BYSETPOS") and not (rule.days or len(rule.by) > 1):
        raise RuleError("must have another BY part for BYSETPOS to choose from")
    if len(rule.numbers("BYSECOND")) > 1:
        raise RuleError("must not recur more often than every minute")
    times = max(len(rule.numbers("BYHOUR")), 1) * max(len(rule.numbers("BYMINUTE")), 1)
    if times > MAX_TIMES_A_DAY:
        raise RuleError(f"must not name more than {MAX_TIMES_A_DAY} times of a day")


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _until_text(until: date | datetime) -> str:
    text = until.isoformat().replace("-", "").replace(":", "")
    return text.removesuffix("+0000") + "Z" if text.endswith("+0000") else text
