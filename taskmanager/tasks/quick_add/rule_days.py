"""The days that a recurrence names: ``mon and thu``, ``the 1st and 15th``, ``last friday``, ``jan 5``, ``weekday``."""

import re
from calendar import monthrange
from collections.abc import Callable
from typing import NamedTuple

from taskmanager.tasks.quick_add.grammar import (
    MONTH,
    ORDINAL,
    PLACE,
    WEEKDAY,
    any_of,
    listed,
    month,
    place,
    spelled,
    weekday,
)
from taskmanager.tasks.recurrence.rule import WEEKDAYS

Parts = dict[str, str]
SHORTEST_MONTH = 28
_LONGEST_MONTH = 31
_LEAP_YEAR = 2024
_FEBRUARY = 2
_SECOND = 2


class RuleDays(NamedTuple):
    """The days, read up to ``end``, as parts of a rule of that frequency.

    Vague ones could as well count something else: every 3rd customer.
    """

    end: int
    freq: str
    parts: Parts
    vague: bool = False


def rule_days_at(text: str, position: int, *, within: bool = False) -> RuleDays | None:
    """Return the days that a readable text names at a position.

    ``within`` tells that a period was named before, as in ``every month on the second friday``.
    """
    best: RuleDays | None = None
    if _ANY.match(text, position) is None:
        return None
    for pattern, meaning in _RULES:
        match = pattern.match(text, position)
        if match is not None and (best is None or match.end() > best.end):
            best = meaning(match, within) or best
    return best


def month_days(days: set[int]) -> Parts:
    """Return the parts for days of a month: its last day instead of one that it does not have."""
    beyond = {day for day in days if day > SHORTEST_MONTH}
    if not beyond:
        return {"BYMONTHDAY": _joined(days)}
    fixed = days - beyond
    places = [*range(1, len(fixed) + 1), -1]
    return {"BYMONTHDAY": _joined(fixed | set(range(SHORTEST_MONTH, max(beyond) + 1))), "BYSETPOS": _joined(places)}


def _joined(numbers: set[int] | list[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))


def _weekdays(match: re.Match[str], _: bool) -> RuleDays:
    return _weekly(match, {weekday(word) for word in re.findall(r"[a-z]+", match["days"]) if word != "and"})


def _weekday_range(match: re.Match[str], _: bool) -> RuleDays:
    first, last = weekday(match["first"]), weekday(match["last"])
    return _weekly(match, {(first + count) % 7 for count in range((last - first) % 7 + 1)})


def _weekly(match: re.Match[str], days: set[int]) -> RuleDays:
    return RuleDays(match.end(), "WEEKLY", {"BYDAY": ",".join(WEEKDAYS[day] for day in sorted(days))})


def _month_days(match: re.Match[str], _: bool) -> RuleDays | None:
    days = {place(word) for word in re.findall(ORDINAL, match["days"])}
    # Of two that a month may not have, each would have to become its last day by itself.
    if not all(1 <= day <= _LONGEST_MONTH for day in days) or len([day for day in days if day > SHORTEST_MONTH]) > 1:
        return None
    vague = not (match["day"] or match["of"])
    return RuleDays(match.end(), "MONTHLY", month_days(days), vague)


def _placed(match: re.Match[str], within: bool) -> RuleDays | None:
    """Return the third Friday of months. The second, without a month, may be every other Friday: nobody knows."""
    at = place(match["place"])
    if at == _SECOND and not (within or match["of"]):
        return None
    return RuleDays(match.end(), "MONTHLY", {"BYDAY": f"{at}{WEEKDAYS[weekday(match['day'])]}"})


def _year_days(match: re.Match[str], _: bool) -> RuleDays | None:
    """Return a day of a year, or several that a rule can name: one day of some months, some days of one month."""
    dates = {_month_and_day(found[0]) for found in _A_DATE.finditer(match[0])}
    months, days = {at for at, _ in dates}, {day for _, day in dates}
    if min(len(months), len(days)) > 1 or not all(1 <= day <= monthrange(_LEAP_YEAR, at)[1] for at, day in dates):
        return None
    if _FEBRUARY not in months:
        return RuleDays(match.end(), "YEARLY", {"BYMONTH": _joined(months), "BYMONTHDAY": _joined(days)})
    # Of several days each may be one that February does not have.
    parts = month_days(days) if len(dates) == 1 or max(days) <= SHORTEST_MONTH else None
    return RuleDays(match.end(), "YEARLY", {"BYMONTH": _joined(months), **parts}) if parts is not None else None


def _month_and_day(text: str) -> tuple[int, int]:
    named, numbered = re.search(r"[a-z]{3,}", text.replace("the ", "")), re.search(r"\d+", text)
    return (month(named[0]), int(numbered[0])) if named is not None and numbered is not None else (0, 0)


def _placed_in_year(match: re.Match[str], _: bool) -> RuleDays:
    day = f"{place(match['place'])}{WEEKDAYS[weekday(match['day'])]}"
    return RuleDays(match.end(), "YEARLY", {"BYMONTH": str(month(match["month"])), "BYDAY": day})


def _workday(match: re.Match[str], within: bool) -> RuleDays | None:
    """Return the first working day of months, or the last. The second may be every other one, without a month."""
    at = place(match["place"])
    if at not in {1, -1} and not (within or match["of"]):
        return None
    return RuleDays(match.end(), "MONTHLY", {"BYDAY": _WORKDAYS, "BYSETPOS": str(at)})


def _numbers(match: re.Match[str], _: bool) -> RuleDays | None:
    days = {int(word) for word in re.findall(r"\d+", match["days"])}
    if not all(1 <= day <= _LONGEST_MONTH for day in days) or len([day for day in days if day > SHORTEST_MONTH]) > 1:
        return None
    return RuleDays(match.end(), "MONTHLY", month_days(days), vague=True)


_OF_MONTH = r"(?P<of> (?:of|in) (?:the|each|every) month)?"
_DATE = rf"(?:(?:the )?\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}|{MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?)"
_A_DATE = re.compile(_DATE.replace(" ", " +"), re.ASCII)
_WORKDAYS = "MO,TU,WE,TH,FR"
_MEANINGS: dict[str, Callable[[re.Match[str], bool], RuleDays | None]] = {
    rf"(?P<days>{listed(f'{WEEKDAY}s?')})": _weekdays,
    r"(?:week|work|working |business )days?": (lambda match, _: RuleDays(match.end(), "WEEKLY", {"BYDAY": _WORKDAYS})),
    r"weekends?": lambda match, _: RuleDays(match.end(), "WEEKLY", {"BYDAY": "SA"}),
    rf"(?P<first>{WEEKDAY})s?(?: (?:to|through|thru) |\x20*-\x20*)(?P<last>{WEEKDAY})s?": _weekday_range,
    rf"(?:the )?(?P<days>{listed(ORDINAL)})(?P<day> day)?{_OF_MONTH}": _month_days,
    rf"(?:the )?(?:last day{_OF_MONTH}|end of (?:the |each |every )?month|month end)": (
        lambda match, _: RuleDays(match.end(), "MONTHLY", {"BYMONTHDAY": "-1"})
    ),
    rf"(?:the )?(?P<place>{PLACE}) (?P<day>{WEEKDAY}){_OF_MONTH}": _placed,
    rf"(?:the )?(?P<place>{PLACE}) (?P<day>{WEEKDAY}) (?:of |in )?(?P<month>{MONTH})": _placed_in_year,
    rf"(?:the )?(?P<place>{PLACE}|{ORDINAL}) (?:work|week|working |business )day{_OF_MONTH}": _workday,
    # One number alone counts something: every 2 customers.
    r"(?P<days>\d{1,2}(?:, ?\d{1,2})+(?:,? (?:and|&) \d{1,2})?)": _numbers,
    listed(_DATE): _year_days,
}
_RULES = tuple((spelled(pattern), meaning) for pattern, meaning in _MEANINGS.items())
_ANY = any_of(tuple(_MEANINGS))
