"""Writing the journal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import ACCESS, Entry, Operation
from taskmanager.kit import clock
from taskmanager.kit.events import record
from taskmanager.kit.ids import new_id

BATCH = 1000
"""Ids in one statement: both databases limit its parameters."""
# Which transaction this is, and before which one all have ended that this one could ever overtake.
_TRANSACTION = text("SELECT pg_current_xact_id()::text::bigint, pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


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
        operation = Operation(id=new_id(), actor_id=self._actor_id, undoes=undoes, at=clock.now())
        self._session.add(operation)
        await self._session.flush()  # entries refer to it
        if self._session.get_bind().dialect.name == "postgresql":
            xid, settled = (await self._session.execute(_TRANSACTION)).one()
            self._session.info.update(xid=xid, settled=settled)
        self._session.info["operation_id"] = operation.id
        await record(self._session, Journalled())
        return operation.id

    async def write_access(self, user_id: str, project_id: str, before: str | None, after: str | None) -> None:
        """Record that an account's role in a project, worked out with all above it, is not what it was.

        Of a gain it is noted before which transaction everything had ended by then (PostgreSQL).
        """
        await self.open()
        settled: int | None = self._session.info.get("settled")
        gained = before is None
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
        operation_id = await self.open()
        self._session.add(
            Entry(
                operation_id=operation_id,
                actor_id=self._actor_id,
                entity_kind=kind,
                entity_id=entity_id,
                project_before=project_before,
                project_after=project_after,
                action=action,
                before=dict(before) if before is not None else None,
                after=dict(after) if after is not None else None,
                at=clock.now(),
                xid=self._session.info.get("xid"),
            )
        )

    async def write_created(self, kind: str, things: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Record many new things by few statements, each as its id, its project and its fields."""
        operation_id = await self.open()
        await self._session.flush()  # what was recorded before keeps its place before them
        shared = {
            "operation_id": operation_id,
            "actor_id": self._actor_id,
            "entity_kind": kind,
            "action": "created",
            "at": clock.now(),
            "xid": self._session.info.get("xid"),
        }
        rows = [
            {**shared, "entity_id": entity_id, "project_after": project_id, "after": dict(after)}
            for entity_id, project_id, after in things
        ]
        if rows:
            await self._session.execute(insert(Entry), rows)


async def scrub(session: AsyncSession, kind: str, ids: Sequence[str]) -> None:
    """Forget the contents of everything recorded about things that are deleted for good."""
    for begin in range(0, len(ids), BATCH):
        mine = (Entry.entity_kind == kind, Entry.entity_id.in_(ids[begin : begin + BATCH]))
        await session.execute(update(Entry).where(*mine).values(before=None, after=None))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that differ between two states, as they were and as they are."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
