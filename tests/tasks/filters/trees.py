"""Filters by chance: any tree that can be written."""

from typing import Any

from hypothesis import strategies as st

from taskmanager.tasks.filters.tree import (
    AssignedTo,
    Dated,
    DateField,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Plain,
    PlainWord,
    Priority,
    Query,
    Relation,
    Search,
    all_of,
    any_of,
)
from tests.tasks.test_date_words import DAYS

PLAIN: tuple[PlainWord, ...] = PlainWord.__args__  # type: ignore[attr-defined]
STATUSES = ("todo", "in_progress", "done", "cancelled")
FIELDS: tuple[DateField, ...] = ("due", "deadline", "created", "completed")
RELATIONS: tuple[Relation, ...] = ("before", "on", "after")
# Names of what people call things, and of what they had better not.
NAMES = st.one_of(
    st.sampled_from(["Home", "Home & Garden", "a|b", "(x)", "!", '"', "\\", "*", "a*", "#a", "##", "/", "me", "OTHERS",
                     " a ", "today", "p1", "a\\*", "ß", "日本", "no date", 'say "hi"', "\\\\", "end\\"]),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
)  # fmt: skip
TERMS = st.one_of(
    st.builds(Plain, st.sampled_from(PLAIN)),
    st.builds(NextDays, st.integers(1, 99_999)),
    st.builds(Dated, st.sampled_from(FIELDS), st.sampled_from(RELATIONS), DAYS),
    st.builds(Priority, st.integers(1, 4)),
    st.builds(Label, NAMES, st.booleans()),
    st.just(Label("", begins=True)),
    st.builds(InProject, NAMES, st.booleans()),
    st.builds(InSection, NAMES),
    st.builds(AssignedTo, NAMES),
    st.builds(HasStatus, st.sampled_from(STATUSES)),
    st.builds(Search, NAMES),
)


def _branch(below: Any) -> Any:
    several = st.lists(below, min_size=1, max_size=3)
    return st.one_of(st.builds(all_of, several), st.builds(any_of, several), st.builds(Not, below))


TREES: st.SearchStrategy[Query] = st.recursive(TERMS, _branch, max_leaves=8)
