"""The filter language: what each text means, what is no filter, and that canonical text says the same."""

import string
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmanager.tasks.date_words import DayFromToday, FixedDay
from taskmanager.tasks.filters.reading import MAX_DEPTH, MAX_LENGTH, FilterSyntaxError, parse
from taskmanager.tasks.filters.tree import (
    And,
    AssignedTo,
    Dated,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Or,
    Plain,
    Priority,
    Query,
    Search,
    as_json,
    terms,
    without_nested_not,
)
from taskmanager.tasks.filters.writing import canonical
from tests.architecture.source import ROOT
from tests.tasks.filters.trees import TREES

TODAY, P1, P2 = Plain("today"), Priority(1), Priority(2)


@pytest.mark.parametrize(
    ("text", "tree", "written"),
    [
        ("TODAY", TODAY, "today"),
        ("tomorrow", Plain("tomorrow"), "tomorrow"),
        ("overdue", Plain("overdue"), "overdue"),
        ("No   Date", Plain("no date"), "no date"),
        ("next 7 days", NextDays(7), "next 7 days"),
        ("next 1 day", NextDays(1), "next 1 days"),
        ("due before: +3 days", Dated("due", "before", DayFromToday(3)), "due before: +3 days"),
        ("due after:2026-12-01", Dated("due", "after", FixedDay(date(2026, 12, 1))), "due after: 2026-12-01"),
        ("date: +1 day", Dated("due", "on", DayFromToday(1)), "date: tomorrow"),
        ("deadline before: today", Dated("deadline", "before", DayFromToday(0)), "deadline before: today"),
        ("created after: yesterday", Dated("created", "after", DayFromToday(-1)), "created after: yesterday"),
        ("completed: today", Dated("completed", "on", DayFromToday(0)), "completed: today"),
        ("recurring", Plain("recurring"), "recurring"),
        ("subtask", Plain("subtask"), "subtask"),
        ("P1", P1, "p1"),
        ("no priority", Plain("no priority"), "no priority"),
        ("@home", Label("home"), "@home"),
        ("@ two words ", Label("two words"), "@two words"),
        ("@lab*", Label("lab", begins=True), "@lab*"),
        ("@lab\\*", Label("lab*"), '@"lab*"'),
        ('@"a & b"*', Label("a & b", begins=True), '@"a & b"*'),
        ("no labels", Plain("no labels"), "no labels"),
        ("#Home", InProject("Home"), "#Home"),
        ("##Home", InProject("Home", below=True), "##Home"),
        ("#Rent \\& Co", InProject("Rent & Co"), '#"Rent & Co"'),
        ('#Rent" & "Co', InProject("Rent & Co"), '#"Rent & Co"'),
        ("/Bills", InSection("Bills"), "/Bills"),
        ("assigned to: me", Plain("assigned to: me"), "assigned to: me"),
        ("ASSIGNED TO:Others", Plain("assigned to: others"), "assigned to: others"),
        ("assigned to: anna", AssignedTo("anna"), "assigned to: anna"),
        ('assigned to: "me"', AssignedTo("me"), 'assigned to: "me"'),
        ("no assignee", Plain("no assignee"), "no assignee"),
        ("shared", Plain("shared"), "shared"),
        ("blocked", Plain("blocked"), "blocked"),
        ("has:comments", Plain("has: comment"), "has: comment"),
        ("status: In Progress", HasStatus("in_progress"), "status: in_progress"),
        ("search: pay rent", Search("pay rent"), "search: pay rent"),
        ('search: "a | b"', Search("a | b"), 'search: "a | b"'),
        # & binds closer than |, and ! closest.
        ("p1 | p2 & today", Or((P1, And((P2, TODAY)))), "p1 | p2 & today"),
        ("(p1 | p2) & today", And((Or((P1, P2)), TODAY)), "(p1 | p2) & today"),
        ("!p1 & p2", And((Not(P1), P2)), "!p1 & p2"),
        ("!(p1 & p2)", Not(And((P1, P2))), "!(p1 & p2)"),
        ("!!today", Not(Not(TODAY)), "!!today"),
        ("((p1) | (p2 | today))", Or((P1, P2, TODAY)), "p1 | p2 | today"),
        ("\n today\t&\np1 ", And((TODAY, P1)), "today & p1"),
        ("#Home&p1", And((InProject("Home"), P1)), "#Home & p1"),
    ],
)
def test_what_a_text_means(text: str, tree: Query, written: str) -> None:
    assert parse(text) == tree
    assert canonical(tree) == written


@given(TREES)
def test_canonical_text_reads_back_as_the_same_tree(tree: Query) -> None:
    text = canonical(tree)
    if len(text) <= MAX_LENGTH:
        assert parse(text) == tree


@given(TREES)
def test_not_can_stand_before_terms_only(tree: Query) -> None:
    def nested(one: Query) -> int:
        match one:
            case And(parts) | Or(parts):
                return sum(nested(part) for part in parts)
            case Not(part):
                return isinstance(part, And | Or | Not) + nested(part)
            case _:
                return 0

    flat = without_nested_not(tree)
    assert nested(flat) == 0
    assert without_nested_not(Not(Not(tree))) == flat
    assert list(terms(flat)) == list(terms(tree))


@given(TREES)
def test_the_tree_is_json_by_kinds(tree: Query) -> None:
    def check(value: dict[str, Any]) -> None:
        for one in value.get("and", value.get("or", [])):
            check(one)
        if "not" in value:
            check(value["not"])
        assert len({"and", "or", "not", "kind"} & set(value)) == 1

    check(as_json(tree))


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "today"),
        ("   ", 1, "today"),
        ("foo", 1, "no date"),
        ("todays", 1, "today"),
        ("today tomorrow", 7, "&"),
        ("today &", 8, "("),
        ("today & & p1", 9, "p1"),
        ("(today", 7, ")"),
        ("today)", 6, "the end"),
        ("due: today", 1, "due before: DAY"),
        ("due before: soon", 13, "tomorrow"),
        ("p1 & date: 2026-02-30", 12, "2026-12-31"),
        ("date: 0001-01-01", 7, "2026-12-31"),
        ("status: open", 9, "done"),
        ("has: children", 6, "comment"),
        ("next 0 days", 1, "next 1 days"),
        ("next 100000 days", 1, "next 7 days"),
        ("p5", 1, "p1"),
        ("@", 2, "a name"),
        ('#""', 2, "a name"),
        ("assigned to:", 13, "others"),
        ("search: ", 8, "a name"),
        ('#"Home', 2, '"'),
        ('#Home" & p1', 6, '"'),
        ("#Home \\", 7, "|"),
        ("today; drop table tasks", 6, "|"),
    ],
)
def test_what_is_no_filter_says_where_and_why(text: str, column: int, expected: str) -> None:
    with pytest.raises(FilterSyntaxError) as caught:
        parse(text)
    assert (caught.value.column, expected in caught.value.expected) == (column, True), caught.value.expected
    assert str(caught.value)


@pytest.mark.parametrize("nest", [lambda text: f"({text})", lambda text: f"!{text}"])
def test_depth_is_limited(nest: Any) -> None:
    text = "today"
    for _ in range(MAX_DEPTH):
        text = nest(text)
    parse(text)
    with pytest.raises(FilterSyntaxError) as caught:
        parse("p1 & " + nest(text))
    assert caught.value.column == 6 + MAX_DEPTH


def test_length_is_limited() -> None:
    parse("@" + "x" * (MAX_LENGTH - 1))
    with pytest.raises(FilterSyntaxError) as caught:
        parse("@" + "x" * MAX_LENGTH)
    assert caught.value.column == MAX_LENGTH + 1


@given(st.text(max_size=60) | st.text('today&|!()@#/:"\\*p1 ' + string.ascii_lowercase, max_size=60))
def test_any_text_is_a_filter_or_says_where_it_is_none(text: str) -> None:
    try:
        tree = parse(text)
    except FilterSyntaxError as error:
        columns = {error.column}
    else:
        columns = set()
        assert parse(canonical(tree)) == tree
    assert columns <= set(range(1, len(text) + 2))


def test_a_start_does_not_pay_for_the_grammar() -> None:
    program = "import sys, taskmanager.main; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT).returncode == 0
