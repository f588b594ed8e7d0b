"""Filters by chance about the tasks of ``corpus.py``."""

import random
from datetime import date

from taskmanager.tasks.date_words import Day, DayFromToday, FixedDay, NextWeekday
from taskmanager.tasks.filters.tree import (
    AssignedTo,
    Dated,
    HasStatus,
    InProject,
    InSection,
    Label,
    NextDays,
    Not,
    Plain,
    Priority,
    Query,
    Search,
    Term,
    all_of,
    any_of,
)
from tests.tasks.filters.corpus import WORDS
from tests.tasks.filters.trees import FIELDS, PLAIN, RELATIONS, STATUSES


class Asker:
    """Asks what depends on nothing but the seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for tests

    def query(self, depth: int = 3) -> Query:
        """Return any filter."""
        kind = self._random.random() if depth else 0.0
        if kind < 0.4:
            return self._term()
        if kind < 0.55:
            return Not(self.query(depth - 1))
        parts = [self.query(depth - 1) for _ in range(self._random.randint(2, 3))]
        return all_of(parts) if kind < 0.8 else any_of(parts)

    def _term(self) -> Term:
        choose, number = self._random.choice, self._random.randint
        days: tuple[Day, ...] = (
            FixedDay(date(2026, 3, number(25, 31))),
            DayFromToday(number(-4, 4)),
            NextWeekday(number(0, 6)),
        )
        day = choose(days)
        terms: list[Term] = [
            Plain(choose(PLAIN)),
            Plain(choose(PLAIN)),
            NextDays(number(1, 5)),
            Dated("due", choose(RELATIONS), day),
            Dated(choose(FIELDS), choose(RELATIONS), day),
            Priority(number(1, 4)),
            Label(choose(("HOME", "home office", "lab", "strasse", "x*", "none"))),
            Label(choose(("home", "LAB", "s", "x", "", "none")), begins=True),
            InProject(choose(("home", "GARDEN", "Secret", "Open", "Work", "none")), below=choose((True, False))),
            InSection(choose(("doing", "DOING IT", "später", "a/b", "none"))),
            AssignedTo(choose(("me", "BEN", "cora", "none"))),
            HasStatus(choose(STATUSES)),
            Search(" ".join(choose((*WORDS, "re", "g", "東", "京", "mail", "none", "!")) for _ in range(number(1, 2)))),
        ]
        return choose(terms)
