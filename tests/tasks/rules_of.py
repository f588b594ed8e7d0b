"""Hypothesis strategies of recurrence rules and the dates that they begin at."""

from datetime import date

from hypothesis import strategies as st

from taskmanager.tasks.dates import When
from taskmanager.tasks.recurrence.rule import WEEKDAYS

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Apia", "Asia/Kathmandu")
# Around what clocks do there: both ways in Berlin and Los Angeles, the day that Samoa left out.
EDGES = {
    "UTC": ["2026-01-01"],
    "Europe/Berlin": ["2026-03-28", "2026-10-24"],
    "America/Los_Angeles": ["2026-03-07", "2026-10-31"],
    "Pacific/Apia": ["2011-12-28", "2011-09-23"],
    "Asia/Kathmandu": ["2026-05-04"],
}
_DAYS = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True).map(",".join)
_PLACES = st.lists(
    st.tuples(st.sampled_from([1, 2, 4, 5, -1, -2, -5]), st.sampled_from(WEEKDAYS)).map(
        lambda one: f"{one[0]}{one[1]}"
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(",".join)


def _numbers(least: int, most: int, *, signed: bool = False) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    if signed:
        number |= st.integers(-most, -least)
    return st.lists(number, min_size=1, max_size=4, unique=True).map(lambda found: ",".join(map(str, found)))


@st.composite
def rules(draw: st.DrawFn, frequencies: tuple[str, ...] = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"),
          *, times: bool = True) -> str:  # fmt: skip
    """Return the text of a rule without end."""
    freq = draw(st.sampled_from(frequencies))
    within_days = freq in {"HOURLY", "MINUTELY"}
    parts = {"FREQ": freq, "INTERVAL": str(draw(st.integers(1, 5)))}
    if draw(st.booleans()):
        parts["BYMONTH"] = draw(_numbers(1, 12))
    choices: dict[str, dict[str, st.SearchStrategy[str]]] = {
        "weekdays": {"BYDAY": _DAYS},
        "places": {"BYDAY": _PLACES},
        "days of months": {"BYMONTHDAY": _numbers(1, 31, signed=True)},
        "days of years": {"BYYEARDAY": _numbers(1, 366, signed=True)},
    }
    fitting = {"YEARLY": 4, "MONTHLY": 3}.get(freq, 1)
    chosen = draw(st.sampled_from([{}, *list(choices.values())[:fitting]]))
    parts.update((name, draw(strategy)) for name, strategy in chosen.items())
    if times and (within_days or draw(st.booleans())):
        if freq != "MINUTELY":
            parts["BYMINUTE"] = draw(_numbers(0, 59))
        if not within_days:
            parts["BYHOUR"] = draw(_numbers(0, 23))
    if len(parts) > 2 and draw(st.booleans()):
        parts["BYSETPOS"] = draw(_numbers(1, 3, signed=True))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    return ";".join(f"{name}={value}" for name, value in parts.items())


@st.composite
def starts(draw: st.DrawFn, zones: tuple[str, ...] = ZONES) -> When:
    """Return a first date of any of the three kinds, often around what clocks do."""
    zone = draw(st.sampled_from(zones))
    day = draw(st.sampled_from(EDGES[zone]) | st.dates(date(2005, 1, 1), date(2030, 1, 1)).map(str))
    time = draw(st.sampled_from(["00:00:00", "01:30:00", "02:00:00", "02:30:00", "12:00:00", "23:59:00"]))
    return draw(st.sampled_from([When(day), When(f"{day}T{time}"), When(f"{day}T{time}", zone)]))
