"""Writing the journal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import ACCESS, Entry, Operation
from taskmanager.kit import clock, late
from taskmanager.kit.columns import TransactionId
from taskmanager.kit.events import record
from taskmanager.kit.ids import new_id
from taskmanager.kit.prepared import Prepared

BATCH = 1000
"""Ids in one statement: both databases limit its parameters."""
_OPERATION = Prepared(insert(cast("Table", Operation.__table__)), ("id", "actor_id", "undoes", "at"))
_ENTRY = Prepared(
    insert(cast("Table", Entry.__table__)).values(xid=TransactionId()),
    (
        "operation_id",
        "actor_id",
        "entity_kind",
        "entity_id",
        "project_before",
        "project_after",
        "action",
        "before",
        "after",
        "at",
    ),
)
# Before which transaction all have ended that this one could ever overtake.
_SETTLED = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


@dataclass(frozen=True)
class Journalled:
    """A fact: a transaction wrote something into the journal."""


class Journal:
    """Records changes in the transaction that makes them; the first one opens the request's operation."""

    def __init__(self, session: AsyncSession, actor_id: str) -> None:
        self._session = session
        self._actor_id = actor_id

    async def open(self, *, undoes: str | None = None) -> str:
        """Return the id of the transaction's operation, which answers carry as ``X-Operation-ID``."""
        known: str | None = self._session.info.get("operation_id")
        if known is not None:
            return known
        operation_id = new_id()
        row = {"id": operation_id, "actor_id": self._actor_id, "undoes": undoes, "at": clock.now()}
        late.add(self._session, _OPERATION, row)
        self._session.info["operation_id"] = operation_id
        await record(self._session, Journalled())
        return operation_id

    async def write_access(self, user_id: str, project_id: str, before: str | None, after: str | None) -> None:
        """Record that an account's role in a project, worked out with all above it, is not what it was.

        Of a gain it is noted before which transaction everything had ended by then (PostgreSQL).
        """
        gained = before is None
        settled = await self._settled() if gained else None
        await self.write(
            ACCESS,
            user_id,
            "gained" if gained else "lost" if after is None else "regraded",
            before=None if gained else {"role": before},
            after=None if after is None else {"role": after, **({"settled": settled} if gained and settled else {})},
            project_before=None if gained else project_id,
            project_after=None if after is None else project_id,
        )

    async def write(
        self,
        kind: str,
        entity_id: str,
        action: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        project_before: str | None = None,
        project_after: str | None = None,
    ) -> None:
        """Record one change. ``before`` and ``after`` hold the changed fields as JSON values."""
        row = {
            "operation_id": await self.open(),
            "actor_id": self._actor_id,
            "entity_kind": kind,
            "entity_id": entity_id,
            "project_before": project_before,
            "project_after": project_after,
            "action": action,
            "before": dict(before) if before is not None else None,
            "after": dict(after) if after is not None else None,
            "at": clock.now(),
        }
        late.add(self._session, _ENTRY, row)

    async def _settled(self) -> int | None:
        if self._session.get_bind().dialect.name != "postgresql":
            return None
        return cast("int", await self._session.scalar(_SETTLED))

    async def write_created(self, kind: str, things: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Record many new things by few statements, each as its id, its project and its fields."""
        shared = {
            "operation_id": await self.open(),
            "actor_id": self._actor_id,
            "entity_kind": kind,
            "project_before": None,
            "action": "created",
            "before": None,
            "at": clock.now(),
        }
        rows = [
            {**shared, "entity_id": entity_id, "project_after": project_id, "after": dict(after)}
            for entity_id, project_id, after in things
        ]
        await late.write(self._session)  # what was recorded before keeps its place before them
        await _ENTRY.run_many(self._session, rows)


async def scrub(session: AsyncSession, kind: str, ids: Sequence[str]) -> None:
    """Forget the contents of everything recorded about things that are deleted for good."""
    await late.write(session)
    for begin in range(0, len(ids), BATCH):
        mine = (Entry.entity_kind == kind, Entry.entity_id.in_(ids[begin : begin + BATCH]))
        await session.execute(update(Entry).where(*mine).values(before=None, after=None))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that differ between two states, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
