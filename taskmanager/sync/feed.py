"""The feed of one account: pages of what changed for it since a sequence token.

Each page is read in one snapshot of the database. What is not in that snapshot comes later in the journal's order, so
a client that has applied all pages has what a new bootstrap would give it.
"""

from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.roles import Actor
from taskmanager.journal.feed import START, JournalFeed, Line, Position
from taskmanager.projects.repository import LabelRepository, ProjectRepository, SectionRepository
from taskmanager.projects.service import project_out
from taskmanager.sync.folding import Access, Folded
from taskmanager.sync.sequences import Sequence, Sequences, account_mark, mark_of, may_see_account
from taskmanager.sync.states import States
from taskmanager.tasks.filters.repository import FilterRepository
from taskmanager.tasks.working_set import WorkingSet

SCANNED = 1000
"""Entries looked through for a page, whoever they concern."""
MOST_TASKS = 5000
NOTHING: dict[str, Any] = {
    "upserts": {
        "account": None, "projects": [], "sections": [], "labels": [], "filters": [],
        "tasks": [], "comments": [], "relations": [],
    },
    "deletions": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """A page as :class:`~taskmanager.sync.schemas.Changes` reads it, and what following it takes."""

    body: dict[str, Any]
    sequence: Sequence
    projects: frozenset[str]

    @property
    def says_something(self) -> bool:
        return bool(self.body["deletions"] or self.body["reset"] or any(self.body["upserts"].values()))


class Feed:
    """Reads for one account, in a session that sees one moment."""

    def __init__(self, session: AsyncSession, actor: Actor, sequences: Sequences) -> None:
        self._session = session
        self._actor = actor
        self._sequences = sequences
        self._journal = JournalFeed(session)

    async def page(self, since: Sequence | None, limit: int) -> Page:
        """Return what changed since a place, about ``limit`` things at most; None: a place of another history."""
        user = await self._load_account()
        account = account_mark(user, self._actor)
        seen = await ProjectRepository(self._session, self._actor).ids()
        lines = await self._journal.since(since.position, SCANNED + 1) if since is not None else []
        if since is None or not _goes_on(since, lines):
            return self._page(NOTHING, Sequence.at(await self._journal.last(), account), seen, reset=True)
        lines = lines[:SCANNED] if since.position == START else lines[1:]
        if not lines and account == since.account:
            return self._page(NOTHING, replace(since, day=Sequence().day), seen)
        states = await self._states(since.position, seen)
        place, whole = await _fold(states, since, lines, limit)
        if account != since.account:
            states.add_account(user if may_see_account(self._actor) else None)
        more = not whole or len(lines) == SCANNED
        return self._page(await states.body(), replace(place, account=account), seen, more=more)

    async def here(self) -> Sequence:
        """Return the place that everything after now follows."""
        user = await self._load_account()
        return Sequence.at(await self._journal.last(), account_mark(user, self._actor))

    async def bootstrap(self) -> dict[str, Any]:
        """Return all that a client needs to begin, as :class:`~taskmanager.sync.schemas.Bootstrap` reads it."""
        user = await self._load_account()
        tasks, complete = await WorkingSet(self._session, self._actor).newest(MOST_TASKS)
        seen = await ProjectRepository(self._session, self._actor).all()
        place = Sequence.at(await self._journal.last(), account_mark(user, self._actor))
        return {
            "account": user if may_see_account(self._actor) else None,
            "projects": [project_out(one) for one in seen],
            "sections": await SectionRepository(self._session, self._actor).all(),
            "labels": await LabelRepository(self._session, self._actor).all(),
            "filters": await FilterRepository(self._session, self._actor).all(),
            "tasks": tasks,
            "complete": complete,
            "sequence": self._sequences.token(place, self._actor.user_id),
        }

    async def _load_account(self) -> User:
        """Return the asker's account, and go on with the role that it has in this snapshot."""
        user = await AccountRepository(self._session).get(self._actor.user_id)
        self._actor = replace(self._actor, role=user.role)  # type: ignore[arg-type]
        return user

    async def _states(self, position: Position, seen: frozenset[str]) -> States:
        changes = await self._journal.access_changes(self._actor.user_id, position)
        return States(self._session, self._actor, Folded(self._actor.user_id, Access.of(seen, changes)))

    def _page(
        self,
        told: dict[str, Any],
        place: Sequence,
        seen: frozenset[str],
        *,
        more: bool = False,
        reset: bool = False,
    ) -> Page:
        token = self._sequences.token(place, self._actor.user_id)
        return Page({**told, "sequence": token, "more": more, "reset": reset}, place, seen)


def _goes_on(since: Sequence, lines: Many[Line]) -> bool:
    """Tell whether the entry at a place is there still: another one, or none, is another history."""
    if since.position == START:
        return True
    return bool(lines) and lines[0].position == since.position and mark_of(lines[0]) == since.mark


async def _fold(states: States, since: Sequence, lines: Many[Line], limit: int) -> tuple[Sequence, bool]:
    """Take entries in until the page is full; return the place after them and whether those were all."""
    place, inside = Sequence(since.position, since.mark), since.inside
    whole: set[str] = set()
    for line in lines:
        if len(states) >= limit:
            return place, False
        gained = states.folded.add(line)
        if gained is not None and gained not in whole:
            inside = await states.add_project(gained, inside, max(1, limit - len(states)))
            if inside:
                return replace(place, inside=inside), False
            whole.add(gained)
        place, inside = Sequence(line.position, mark_of(line)), 0
    return place, True
