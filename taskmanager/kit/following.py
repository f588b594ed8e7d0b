"""Changes in the order of the database: what was read before one is not believed after it.

Every change writes a row in its own transaction, and every process follows these rows. A position among them is a
moment of the database itself: what is read after a position was learnt has seen every change before it. What is cached
is kept with its position, and believed only while no later change names it. Neither the clocks of the nodes nor what
became of the cache meanwhile has a say in this.
"""

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, SQLColumnExpression, Table, bindparam, literal_column, select

from taskmanager.kit.db import Database
from taskmanager.kit.prepared import Prepared

TRUST_SECONDS = 0.9
# Longer than anything cached is kept: what is older than this may be forgotten.
REMEMBERED_SECONDS = 35.0
# More changes than this at once are not followed one by one; everything cached before them is disbelieved instead.
MOST_FOLLOWED = 2_000
MOST_NOTED = 35
_BEYOND = 2**62

# PostgreSQL commits in another order than it numbers: a position is the oldest transaction that may still commit.
# SQLite has one writer at a time, so the next number will do; its counter outlives the rows.
_POSTGRESQL = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_SQLITE = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0) + 1"

Change = Sequence[Any]
"""A position, the number of a change after the last one (None: there was none), and the ids that it names."""


class Following:
    """What one process knows of the changes that one table tells of."""

    def __init__(
        self, database: Database, table: Table, number: SQLColumnExpression[Any], *names: SQLColumnExpression[Any]
    ) -> None:
        self._database = database
        self._table, self._number, self._names = table, number, names
        self.statement = self.changes()
        self.position = _BEYOND
        self._oldest = _BEYOND
        self._positions: deque[tuple[float, int]] = deque()
        self._changed: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self._looks = 0
        self._followed_at = float("-inf")

    def changes(self) -> Prepared:
        """Return the one statement that reads position and changes as of one moment."""
        position = _SQLITE.format(table=self._table.name) if self._database.is_sqlite else _POSTGRESQL
        now = select(literal_column(position, BigInteger).label("position")).subquery("now")
        since = self._number >= bindparam("since", type_=BigInteger)
        columns: Select[Any] = select(now.c.position, self._number, *self._names)
        return Prepared(columns.select_from(now.outerjoin(self._table, since)).limit(MOST_FOLLOWED + 1))

    def allow(self, position: int, *names: str) -> bool:
        """Tell whether what was read at ``position`` about these may still be believed."""
        return (
            time.monotonic() - self._followed_at < TRUST_SECONDS
            and self._oldest <= position <= self.position
            and not any(name in self._heard or self._changed.get(name, -1) >= position for name in names)
        )

    def hear(self, *names: str) -> None:
        """Know of a change at once, before its row is read; called when it has been committed."""
        for name in names:
            self._heard[name] = self._looks

    def begin(self) -> tuple[int, float]:
        """Note that a look at the database begins; what is returned belongs to :meth:`learn`."""
        self._looks += 1
        return self._looks, time.monotonic()

    def learn(self, look: tuple[int, float], changes: Sequence[Change]) -> bool:
        """Take in what the statement read since :attr:`position`; False if it must be asked once more."""
        number, begun = look
        position: int = changes[0][0]
        again = len(changes) > MOST_FOLLOWED
        if again or (position < self.position and number == self._looks):
            # The first time, another database in the place of the former, or a flood.
            self._begin_anew(position)
            return False
        if position < self.position:
            return True  # a later look was quicker
        news = changes[0][1] is not None
        for _, changed, *names in changes if news else ():
            for name in names:
                if name is not None:
                    self._changed[name] = max(changed, self._changed.get(name, -1))
        self.position = position
        self._followed_at = max(begun, self._followed_at)
        if self._heard:
            self._heard = {name: heard for name, heard in self._heard.items() if heard >= number}
        self._forget_what_is_old(begun)
        return True

    def nothing_new(self, begun: float) -> None:
        """Know that nothing at all was committed since the last look."""
        self._followed_at = begun

    async def follow(self) -> None:
        """Learn what changed since the last time."""
        for _ in range(2):
            look = self.begin()
            async with self._database.read() as session:
                found = await self.statement.run(session, since=self.position)
            if self.learn(look, found.rows):
                return

    def _begin_anew(self, position: int) -> None:
        self.position = self._oldest = position
        self._positions.clear()
        self._changed.clear()

    def _forget_what_is_old(self, now: float) -> None:
        if self._positions and now - self._positions[-1][0] < REMEMBERED_SECONDS / MOST_NOTED:
            return
        self._positions.append((now, self.position))
        while self._positions[0][0] < now - REMEMBERED_SECONDS:
            self._oldest = self._positions.popleft()[1]
        self._changed = {name: number for name, number in self._changed.items() if number >= self._oldest}
