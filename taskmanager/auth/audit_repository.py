"""Every query of the audit trail but those of its chain."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, SQLColumnExpression, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from taskmanager.auth.audit import Event
from taskmanager.auth.audit_chain import SAID, SEALED
from taskmanager.auth.audit_schemas import AuditQuery
from taskmanager.auth.models import AuditEvent, User
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock, ids
from taskmanager.kit.columns import instant_text
from taskmanager.kit.db import Database
from taskmanager.kit.paging import Pager, SortKey

NEWEST_FIRST = [SortKey(AuditEvent.id, lambda row: row.id, descending=True)]
SIGN_INS = (Event.LOGIN, Event.LOGIN_FAILED, Event.LOGIN_THROTTLED)
FAILED_SIGN_INS = (Event.LOGIN_FAILED, Event.LOGIN_THROTTLED)
BATCH = 500


class AuditRepository:
    """The trail as administrators read it, who see all of it; :meth:`sign_ins` is for everybody."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list(self, pager: Pager, query: AuditQuery) -> Sequence[Row[Any]]:
        """Return records with the names of those concerned, newest first."""
        actor, subject = aliased(User), aliased(User)
        statement = (
            select(*SEALED, actor.username.label("actor_name"), subject.username.label("subject_name"))
            .outerjoin(actor, actor.id == AuditEvent.actor_id)
            .outerjoin(subject, subject.id == AuditEvent.subject_id)
            .where(*_wanted(query))
        )
        return (await self._session.execute(pager.apply(statement, NEWEST_FIRST))).all()

    async def sign_ins(self, actor: Actor, pager: Pager) -> Sequence[Row[Any]]:
        """Return the sign-ins to the actor's own account and the tries, newest first."""
        own = (AuditEvent.subject_id == actor.user_id, AuditEvent.event.in_([event.value for event in SIGN_INS]))
        return (await self._session.execute(pager.apply(select(*SAID).where(*own), NEWEST_FIRST))).all()

    async def count_failed_sign_ins(self, span: timedelta) -> int:
        """Return how many sign-ins were refused lately, whoever they were for."""
        failed = AuditEvent.event.in_([event.value for event in FAILED_SIGN_INS])
        statement = select(func.count()).where(failed, AuditEvent.at > clock.now() - span)
        return (await self._session.execute(statement)).scalar_one()


async def lines(database: Database, query: AuditQuery) -> AsyncIterator[bytes]:
    """Yield records as lines of JSON, oldest first, each batch from a session of its own."""
    after = 0
    while True:
        statement = select(*SEALED).where(*_wanted(query), AuditEvent.id > after).order_by(AuditEvent.id).limit(BATCH)
        async with database.read() as session:
            rows = (await session.execute(statement)).all()
        if not rows:
            return
        after = rows[-1].id
        yield b"".join(_line(row) for row in rows)


def _line(row: Row[Any]) -> bytes:
    said = {column.key: getattr(row, column.key) for column in SEALED}
    said |= {"at": instant_text(row.at), "chain": row.chain.hex() if row.chain is not None else None}
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def _wanted(query: AuditQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.event is not None:
        found.append(AuditEvent.event == query.event.value)
    if query.outcome is not None:
        found.append(AuditEvent.outcome == query.outcome)
    if query.actor is not None:
        found.append(_is(AuditEvent.actor_id, query.actor))
    if query.subject is not None:
        found.append(_is(AuditEvent.subject_id, query.subject))
    if query.since is not None:
        found.append(AuditEvent.at >= query.since)
    if query.until is not None:
        found.append(AuditEvent.at < query.until)
    if query.search is not None:
        found.append((AuditEvent.request_id == query.search) | (AuditEvent.ip == query.search))
    return found


def _is(column: SQLColumnExpression[str | None], who: str) -> ColumnElement[bool]:
    """Compare with an account of that id, or of that name."""
    if ids.is_id(who.lower()):
        return column == who.lower()
    return column == select(User.id).where(User.username == who.lower()).scalar_subquery()
