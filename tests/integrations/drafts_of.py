"""Hypothesis strategies of drafts, as each format can carry them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from taskmanager.integrations.formats.drafts import (
    CommentDraft,
    Moment,
    OccurrenceDraft,
    RecurrenceDraft,
    RelationDraft,
    ReminderDraft,
    TaskDraft,
)
from taskmanager.integrations.formats.values import check_names
from taskmanager.tasks.reminders.times import MOST_MINUTES
from taskmanager.tasks.schemas import STATUSES

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]

# Whatever a database can hold; what starts formulas, and what quoting must survive, more often than chance has it.
CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), st.sampled_from("=+-@'\"\\,;:|\t\r\nN ")
)
TEXTS = st.text(CHARACTERS, max_size=60)
LINES = (
    st.text(st.one_of(st.characters(exclude_categories=["Cs", "Cc"]), st.sampled_from("=+-@'\"\\,;:|nN ")), max_size=40)
    .map(str.strip)
    .filter(bool)
)


def wall(*parts: int) -> datetime:
    """Return a wall time."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def instants(*, whole_seconds: bool = False) -> st.SearchStrategy[datetime]:
    found = st.datetimes(wall(3, 1, 1), wall(9990, 1, 1), timezones=st.just(UTC))
    return found.map(lambda at: at.replace(microsecond=0)) if whole_seconds else found


def moments() -> st.SearchStrategy[Moment]:
    local = st.datetimes(wall(1900, 1, 1), wall(2200, 1, 1)).map(lambda at: at.replace(microsecond=0))
    return st.one_of(
        st.dates(date(2, 1, 1), date(9998, 1, 1)).map(lambda day: Moment(day=day)),
        local.map(lambda at: Moment(local=at)),
        st.tuples(local, st.sampled_from(ZONES)).map(lambda pair: Moment(local=pair[0], zone=pair[1])),
    )


def names(most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(LINES, max_size=5).map(lambda found: check_names(found, most, 50))


RULES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TH;WKST=SU", 'FREQ=MONTHLY;COUNT=3;BYMONTHDAY=-1;X-A=b, "c":\\n;X-B=ü')


def recurrences() -> st.SearchStrategy[Any]:
    """Return what becomes a recurrence where a task has a due date."""
    return st.none() | st.tuples(
        st.sampled_from(RULES),
        st.sampled_from(["due", "completion"]),
        st.sampled_from(["none", "all"]),
        st.integers(1, 9),
    )


def reminders(*, before_due: bool = True) -> st.SearchStrategy[tuple[ReminderDraft, ...]]:
    """Return reminders in the order in which an export has them."""
    at = st.builds(ReminderDraft, at=instants(whole_seconds=True))
    some = at | st.builds(ReminderDraft, st.integers(0, MOST_MINUTES)) if before_due else at
    return st.lists(some, max_size=4, unique=True).map(
        lambda found: tuple(sorted(found, key=lambda one: (str(one.at or ""), -(one.minutes_before_due or 0))))
    )


@st.composite
def related(draw: st.DrawFn, found: list[TaskDraft]) -> list[TaskDraft]:
    """Return the drafts with relations between them, none of which close a circle."""
    kinds = st.sampled_from(["blocks", "relates", "duplicates", "precedes"])
    told = []
    for number, draft in enumerate(found):
        later = [one.external_id or "" for one in found[number + 1 :]]
        pairs = st.lists(st.tuples(kinds, st.sampled_from(later)), max_size=3, unique=True) if later else st.just([])
        relations = draw(pairs)
        told.append(replace(draft, relations=tuple(RelationDraft(*one) for one in sorted(relations))))
    return told


def occurrences() -> st.SearchStrategy[tuple[OccurrenceDraft, ...]]:
    kinds = st.sampled_from(["completed", "skipped"])
    authors = st.sampled_from([None, "anna", "Bén, the 2nd"])
    one = st.builds(OccurrenceDraft, moments(), kinds, instants(), authors)
    return st.lists(one, max_size=2, unique_by=lambda past: past.at).map(
        lambda found: tuple(sorted(found, key=lambda past: past.at))
    )


def _recurrence(due: Moment | None, drawn: Any) -> RecurrenceDraft | None:
    if due is None or drawn is None:
        return None
    rule, anchor, catch_up, number = drawn
    return RecurrenceDraft(rule, due, due, anchor, catch_up, number)


def _agree(fields: dict[str, Any]) -> TaskDraft:
    if "recurrence" in fields:
        fields["recurrence"] = _recurrence(fields["due"], fields["recurrence"])
    if fields["status"] in {"todo", "in_progress"}:
        fields["completed_at"] = None
    return TaskDraft(**fields)


def drafts(*, whole_seconds: bool = False, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[list[TaskDraft]]:
    """Return lists of drafts with distinct ids; ``more`` adds or replaces fields."""
    at = instants(whole_seconds=whole_seconds)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "title": LINES,
        "description": TEXTS,
        "status": st.sampled_from(STATUSES),
        "priority": st.integers(0, 4),
        "start": st.none() | moments(),
        "due": st.none() | moments(),
        "deadline": st.none() | st.dates(date(2, 1, 1), date(9998, 1, 1)),
        "labels": names(60),
        "parent": st.none() | LINES.map("far ".__add__),
        "estimate_minutes": st.none() | st.integers(1, 1_000_000),
        "created_at": st.none() | at,
        "completed_at": st.none() | at,
        "external_id": LINES.map("id ".__add__),
        **more,
    }
    return st.lists(st.fixed_dictionaries(fields).map(_agree), max_size=4, unique_by=lambda draft: draft.external_id)


def comments() -> st.SearchStrategy[tuple[CommentDraft, ...]]:
    body = TEXTS.filter(lambda text: bool(text.strip())).map(str.strip)
    comment = st.builds(CommentDraft, body, st.none() | LINES, st.none() | instants(), st.none() | instants())
    return st.lists(comment, max_size=3).map(tuple)
