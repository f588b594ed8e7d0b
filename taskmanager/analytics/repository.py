"""Every query of counts, limited to the projects that the actor may see at that moment."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.analytics.counting import DUES
from taskmanager.analytics.models import DAYS, EXACT, NOBODY, Count, Progress
from taskmanager.analytics.slots import EPOCH, OF_A_DAY, Piece
from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.journal.feed import JournalFeed, Position
from taskmanager.kit import clock
from taskmanager.kit.errors import NotFoundError
from taskmanager.projects.models import Project, ProjectAccess
from taskmanager.tasks.dates import in_zone

Sums = tuple[int, int]
"""How many, and the total of what was measured."""
_OF_AN_HOUR = 4
# The first day of 1970 was a Thursday.
_FIRST_WEEKDAY = 3


class CountRepository:
    """Counts of what one actor may see, of all projects or of one."""

    def __init__(self, session: AsyncSession, actor: Actor, project_id: str | None) -> None:
        self._session = session
        self._actor = actor
        self._project_id = project_id

    def _projects(self) -> Select[str]:
        found = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._actor.user_id)
        return found if self._project_id is None else found.where(ProjectAccess.project_id == self._project_id)

    async def _sums(self, columns: Iterable[ColumnElement[Any]], *conditions: ColumnElement[bool]) -> Iterable[Any]:
        """Return rows of these columns, how many, and the total."""
        # Grouped by name: the numbers in an expression are parameters, and of two PostgreSQL cannot know that they
        # are the same.
        named = {f"column_{number}": column for number, column in enumerate(columns)}
        labelled = [column.label(name) for name, column in named.items()]
        statement = select(*labelled, func.sum(Count.n), func.sum(Count.total))
        mine = Count.project_id.in_(self._projects())
        return await self._session.execute(statement.where(mine, *conditions).group_by(*named))

    async def progress(self) -> Progress | None:
        """Return how far the counting has come; ``as_of`` is now where nothing is left to count."""
        progress = await self._session.get(Progress, 1)
        if progress is not None:
            self._session.expunge(progress)  # what is shown differs from what is stored
            if progress.walked is None and not await is_news(self._session, progress):
                progress.as_of = clock.now()
        return progress

    async def require_project(self) -> None:
        """Raise 404 if the one project that is asked for is not to be seen."""
        if self._project_id is not None and await self._session.scalar(self._projects()) is None:
            raise NotFoundError

    async def by_day(self, pieces: Iterable[Piece], kinds: Sequence[str]) -> dict[tuple[str, int], Sums]:
        """Return what happened by kind and number of the day."""

        def day(piece: Piece) -> ColumnElement[Any]:
            number: ColumnElement[Any] = (Count.slot + piece.offset) // OF_A_DAY
            return number if piece.grain == EXACT else Count.slot.expression

        return await self._flows(pieces, kinds, lambda piece: (Count.kind, day(piece)))

    async def by_project(self, pieces: Iterable[Piece], kinds: Sequence[str]) -> dict[tuple[str, str], Sums]:
        """Return what happened by kind and project."""
        return await self._flows(pieces, kinds, lambda _: (Count.kind, Count.project_id))

    async def by_person(self, pieces: Iterable[Piece]) -> dict[tuple[str, str], Sums]:
        """Return how much was completed by who was to do it."""
        return await self._flows(pieces, ["done_for"], lambda _: (Count.kind, Count.who))

    async def by_hour(self, pieces: Iterable[Piece], kinds: Sequence[str]) -> dict[tuple[str, int], Sums]:
        """Return what happened by kind and hour of the week."""

        def hour(piece: Piece) -> ColumnElement[Any]:
            shown = Count.slot + piece.offset
            return (shown // OF_A_DAY + _FIRST_WEEKDAY) % 7 * 24 + shown % OF_A_DAY // _OF_AN_HOUR

        return await self._flows(pieces, kinds, lambda piece: (Count.kind, hour(piece)))

    async def _flows(self, pieces: Iterable[Piece], kinds: Sequence[str], group: Any) -> dict[Any, Sums]:
        found: defaultdict[Any, Sums] = defaultdict(lambda: (0, 0))
        for piece in pieces:
            within = Count.grain == piece.grain, Count.slot >= piece.low, Count.slot < piece.high
            for *key, n, total in await self._sums(group(piece), Count.kind.in_(kinds), *within):
                known = found[tuple(key)]
                found[tuple(key)] = (known[0] + int(n), known[1] + int(total))
        return dict(found)

    async def open_since(self, slots: Sequence[int]) -> list[int]:
        """Return how many open tasks were made since each of some slots, and last how many there are."""
        bounds = [_since(slot) for slot in slots]
        whole = Count.grain == DAYS
        counted = [func.coalesce(func.sum(case((bound, Count.n), else_=0)), 0) for bound in [*bounds, whole]]
        # Of exact slots only those of the days in which a bound lies.
        days = [and_(Count.slot >= slot, Count.slot < _next_day(slot)) for slot in slots]
        statement = select(*counted).where(
            Count.project_id.in_(self._projects()),
            Count.kind == "open",
            or_(whole, and_(Count.grain == EXACT, or_(*days))),
        )
        return [int(n) for n in (await self._session.execute(statement)).one()]

    async def open_by_project(self) -> dict[str, int]:
        return await self._stock(Count.project_id, Count.grain == DAYS, Count.kind == "open")

    async def open_by_priority(self) -> dict[int, int]:
        return await self._stock(Count.slot, Count.grain == EXACT, Count.kind == "priority")

    async def open_by_person(self) -> dict[str, int]:
        return await self._stock(Count.who, Count.grain == EXACT, Count.kind == "load")

    async def overdue_by_project(self, now: datetime, timezone: str) -> dict[str, int]:
        """Return how many open tasks are overdue, as the filter ``overdue`` finds them."""
        return await self._stock(Count.project_id, *_overdue(now, timezone), Count.who == NOBODY)

    async def overdue_by_person(self, now: datetime, timezone: str) -> dict[str, int]:
        return await self._stock(Count.who, *_overdue(now, timezone), Count.who != NOBODY)

    async def _stock(self, column: Any, *conditions: ColumnElement[bool]) -> dict[Any, int]:
        return {key: int(n) for key, n, _ in await self._sums([column], *conditions)}

    async def names_of_projects(self, ids: Sequence[str]) -> dict[str, Project]:
        """Return those of some projects that the actor may see."""
        statement = select(Project).where(Project.id.in_(ids), Project.id.in_(self._projects()))
        return {project.id: project for project in (await self._session.execute(statement)).scalars()}

    async def names_of_people(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the names of those accounts that are in a project of the actor's."""
        together = select(ProjectAccess.user_id).where(ProjectAccess.project_id.in_(self._projects()))
        statement = select(User.id, User.username).where(User.id.in_(ids), User.id.in_(together))
        return dict((await self._session.execute(statement)).all())


def _next_day(slot: int) -> int:
    return (slot // OF_A_DAY + 1) * OF_A_DAY


def _since(slot: int) -> ColumnElement[bool]:
    """Since a slot: the rest of its day of UTC by slots, and all days after it."""
    rest = and_(Count.grain == EXACT, Count.slot >= slot, Count.slot < _next_day(slot))
    return or_(rest, and_(Count.grain == DAYS, Count.slot > slot // OF_A_DAY))


def _overdue(now: datetime, timezone: str) -> tuple[ColumnElement[bool], ...]:
    wall = in_zone(now, timezone).replace(tzinfo=now.tzinfo)
    midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = zip(DUES, (_second(now), _second(midnight), _second(wall)), strict=True)
    return Count.grain == EXACT, or_(*(and_(Count.kind == kind, Count.slot < end) for kind, end in ends))


def _second(moment: datetime) -> int:
    """Return the first whole second that is not before a moment."""
    passed = moment - EPOCH
    return passed.days * 86_400 + passed.seconds + (passed.microseconds > 0)


async def is_news(session: AsyncSession, progress: Progress) -> bool:
    """Tell whether something stands in the journal that is not counted yet."""
    position = Position(progress.xid, progress.seq)
    return any(line.position != position for line in await JournalFeed(session).since(position, 2))
