"""Rows that nothing of their own transaction reads: kept until it ends, then written together in their order."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit.prepared import Prepared


def add(session: AsyncSession, statement: Prepared, row: Mapping[str, Any]) -> None:
    """Let ``statement`` be run with ``row`` right before the commit, or as soon as :func:`write` is called."""
    session.info.setdefault("late", []).append((statement, row))


async def write(session: AsyncSession) -> None:
    """Write what was kept so far: before somebody reads it, and before a part that may be taken back alone."""
    if "late" not in session.info:
        return
    kept: list[tuple[Prepared, Mapping[str, Any]]] = session.info.pop("late")
    for statement, rows in groupby(kept, key=lambda one: one[0]):
        await statement.run_many(session, [row for _, row in rows])
