"""What a page of results shows of why each task was found: parts of its texts, and where the words stand in them.

Texts come as they were written, with offsets beside them, never as markup: whoever shows them decides how.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.tasks.models import Comment
from taskmanager.tasks.search.places import Place, places, spans
from taskmanager.tasks.search.words import Wanted

FRAGMENT = 200
"""Characters of a description or comment that are shown."""
BEFORE = 50
"""Of them before the first word."""
WORDS = 32
"""Words of a search that are looked for; a pair of characters of an unspaced script is one."""
MAX_COMMENTS = 3
"""Shown of one task, the newest that have any of the words."""
COMMENTS_READ = 2000
"""Most comments that are looked through for one page, of each task the newest first."""
LENGTH_READ = 4000
"""Characters of each of them."""

_THESE: BindParameter[Sequence[str]] = bindparam("ids", expanding=True)
_COMMENTS = (
    select(Comment.task_id, Comment.id, func.substr(Comment.body, 1, LENGTH_READ))
    .where(Comment.task_id.in_(_THESE), Comment.deleted_at.is_(None))
    .order_by(Comment.task_id, Comment.created_at.desc(), Comment.id.desc())
    .limit(COMMENTS_READ)
)

Highlight = Mapping[str, Any]
"""As ``schemas.Highlight`` reads it."""


class Highlights:
    """Reads no task by itself: only what is said about those that the actor was found to see."""

    def __init__(self, session: AsyncSession, asked: Sequence[Wanted]) -> None:
        self._session = session
        self._asked = asked[:WORDS]

    async def of(self, tasks: Sequence[Row[Any]]) -> dict[str, list[Highlight]]:
        """Return for each task, by id, what shows its words: its title, its description, then comments.

        Comments are looked through where title and description do not have all of the words.
        """
        shown: dict[str, list[Highlight]] = {}
        missing: dict[str, set[int]] = {}
        for task in tasks:
            title, description = places(task.title, self._asked), places(task.description, self._asked)
            parts = [_highlight("title", task.title, title, whole=True)] if title else []
            parts += [_highlight("description", task.description, description)] if description else []
            shown[task.id] = parts
            words = set(range(len(self._asked))) - {place.word for place in (*title, *description)}
            if words:
                missing[task.id] = words
        for task_id, said in (await self._said(list(missing))).items():
            shown[task_id] += self._in_comments(said, missing[task_id])
        return shown

    async def _said(self, ids: Sequence[str]) -> Mapping[str, list[tuple[str, str]]]:
        """Return the comments of some tasks, newest first: id and text."""
        said: dict[str, list[tuple[str, str]]] = defaultdict(list)
        if ids:
            for task_id, comment_id, body in await self._session.execute(_COMMENTS, {"ids": ids}):
                said[task_id].append((comment_id, body))
        return said

    def _in_comments(self, said: Sequence[tuple[str, str]], missing: set[int]) -> list[Highlight]:
        found: list[Highlight] = []
        for comment_id, body in said:
            there = places(body, self._asked)
            if missing & {place.word for place in there}:
                found.append(_highlight("comment", body, there, comment_id))
            if len(found) == MAX_COMMENTS:
                break
        return found


def _highlight(
    field: str, text: str, found: Sequence[Place], comment_id: str | None = None, *, whole: bool = False
) -> Highlight:
    begin, end = (0, len(text)) if whole else _part(text, found)
    marked = [(max(first, begin), min(last, end)) for first, last in spans(found) if first < end and last > begin]
    return {
        "field": field,
        "comment_id": comment_id,
        "text": text[begin:end],
        "cut_before": begin > 0,
        "cut_after": end < len(text),
        "spans": [{"start": first - begin, "end": last - begin} for first, last in marked],
    }


def _part(text: str, found: Sequence[Place]) -> tuple[int, int]:
    """Return where to cut a text: around the first place that has most of the words near it."""
    room = FRAGMENT - BEFORE
    best = _richest(found, room)
    begin, end = max(best.begin - BEFORE, 0), min(best.begin + room, len(text))
    if begin:
        # At the border of a word, if there is one: cut in the middle, a word reads as another.
        begin = min(_after_blank(text, begin), best.begin)
    if end < len(text):
        end = max(_before_blank(text, end), best.end)
    return begin, end


def _richest(found: Sequence[Place], room: int) -> Place:
    """Return the first place that has most of the words within so many characters."""
    best, most, last = found[0], 0, 0
    near: Counter[int] = Counter()
    for at, first in enumerate(found):
        while last < len(found) and (last <= at or found[last].end <= first.begin + room):
            near[found[last].word] += 1
            last += 1
        if len(near) > most:
            best, most = first, len(near)
        near[first.word] -= 1
        if not near[first.word]:
            del near[first.word]
    return best


def _after_blank(text: str, at: int) -> int:
    while not text[at - 1].isspace() and at < len(text):
        at += 1
    return at


def _before_blank(text: str, at: int) -> int:
    while not text[at].isspace() and at > 0:
        at -= 1
    return at
