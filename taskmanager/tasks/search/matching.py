"""What a search asks of the index, as each database writes it. Words have no character that is an operator there."""

from collections.abc import Sequence

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from taskmanager.tasks.search.models import TaskWords
from taskmanager.tasks.search.words import TITLE, Wanted, project_token

PREFIX = 3
"""The longest beginning of words that FTS5 keeps an index of, see the table's migration."""

RANKED = 16
"""Words of a search that are looked for in titles; all of them are in what is found."""


class Matching:
    """Searches within some projects: the only ones of which the index is asked."""

    def __init__(self, projects: Sequence[str], *, fts5: bool) -> None:
        self._projects = [project_token(project_id) for project_id in projects]
        self._fts5 = fts5

    def tasks(self, wanted: Sequence[Wanted]) -> Select[str]:
        """Return the ids of the tasks that have all of the words."""
        return select(TaskWords.task_id).where(self._has(wanted))

    def ranked(self, wanted: Sequence[Wanted]) -> CTE:
        """Return ``task_id`` of the tasks that have all of the words, and ``rank``: how many their title has.

        The rank depends on nothing but the task: it tells nothing of tasks that are hidden, and pages stay where they
        are. PostgreSQL would rather begin with the tasks in their order, however few have the words.
        """
        rank = self._in_title(wanted).label("rank")
        found = select(TaskWords.task_id, rank).where(self._has(wanted))
        return found.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")

    def _has(self, wanted: Sequence[Wanted]) -> ColumnElement[bool]:
        if not wanted or not self._projects:
            return false()
        if not self._fts5:
            within = " | ".join(f"'{token}'" for token in self._projects)
            return _matches(f"({within}) & {' & '.join(_lexeme(one) for one in wanted)}")
        within = " OR ".join(f'"{token}"' for token in self._projects)
        table = literal_column("task_words", String)
        match = table.op("MATCH", is_comparison=True)(f"({within}) AND {' AND '.join(_phrase(one) for one in wanted)}")
        # Longer beginnings would be collected from the whole index, of all accounts, before the projects are asked for.
        return and_(match, *(_contains(one) for one in wanted if one.begins and len(one.word) > PREFIX))

    def _in_title(self, wanted: Sequence[Wanted]) -> ColumnElement[int]:
        marked = [Wanted(TITLE + one.word, one.begins) for one in wanted[:RANKED]]
        conditions = [_contains(one) if self._fts5 else _matches(_lexeme(one)) for one in marked]
        return sum((cast(condition, Integer) for condition in conditions), start=literal_column("0", Integer))


def _phrase(one: Wanted) -> str:
    return f'"{one.word[:PREFIX]}" *' if one.begins else f'"{one.word}"'


def _contains(one: Wanted) -> ColumnElement[bool]:
    """Look for a word in the text of a document that was found already."""
    text = " " + TaskWords.words + " "
    return func.instr(text, f" {one.word}" if one.begins else f" {one.word} ") > 0


def _lexeme(one: Wanted) -> str:
    return f"'{one.word}'{':*' if one.begins else ''}"


def _matches(query: str) -> ColumnElement[bool]:
    return TaskWords.words.op("@@", is_comparison=True)(cast(bindparam(None, query, String), TSQUERY))
