"""The hash chain of the audit trail: each sealed record proves everything sealed before it.

The chain is an HMAC under a key that is not in the database. Whoever can write to the database, but does not have
the key, can change no record, leave none out, put none in and cut no tail without :func:`verify` saying so.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.master import Master
from taskmanager.auth.models import AuditEvent, AuditMark
from taskmanager.kit.columns import instant_text

Kind = Literal["edited", "removed", "inserted", "reordered", "tail_cut", "head", "checkpoint"]
MarkName = Literal["head", "checkpoint"]
BATCH = 500
# What a record says. The transaction number is not in it: it only orders what is not sealed yet.
SAID = (
    AuditEvent.id,
    AuditEvent.at,
    AuditEvent.event,
    AuditEvent.outcome,
    AuditEvent.actor_id,
    AuditEvent.subject_id,
    AuditEvent.session_id,
    AuditEvent.ip,
    AuditEvent.user_agent,
    AuditEvent.request_id,
    AuditEvent.detail,
)
SEALED = (*SAID, AuditEvent.position, AuditEvent.chain)


class TrailBrokenError(Exception):
    """The trail was changed behind our back: nothing is sealed onto it or purged from it until somebody has looked."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the chain: how many records were sealed up to it, and the chain's value there."""

    position: int
    chain: bytes


START = Point(0, bytes(32))


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the trail is not what was sealed, and what seems to have been done to it."""

    position: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole trail found; ``end`` is the last point that holds."""

    checked: int
    unsealed: int
    end: Point
    broken: Broken | None

    @property
    def ok(self) -> bool:
        return self.broken is None


class Seals:
    """Seals records and marks with keys derived from the master secret."""

    def __init__(self, master: Master) -> None:
        self._chain_key = master.derive("audit-chain")
        self._mark_key = master.derive("audit-marks")

    def chain(self, previous: bytes, record: Row[Any], position: int) -> bytes:
        """Return the chain's value after ``record``, were it sealed at ``position``."""
        return hmac.digest(self._chain_key, previous + canonical(record, position), hashlib.sha256)

    def mark(self, name: MarkName, point: Point) -> bytes:
        """Return the MAC of a mark."""
        return hmac.digest(self._mark_key, f"{name}|{point.position}|".encode() + point.chain, hashlib.sha256)


def canonical(record: Row[Any], position: int) -> bytes:
    """Return the one spelling of a record that is sealed: JSON with sorted names, the same on both databases."""
    said = {column.key: getattr(record, column.key) for column in SAID}
    said |= {"at": instant_text(record.at), "position": position}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


def follow(seals: Seals, begin: Point, records: Iterable[Row[Any]]) -> tuple[Point, Row[Any] | None]:
    """Return the last point of the chain that holds, and the first record that does not continue it."""
    for record in records:
        expected = seals.chain(begin.chain, record, begin.position + 1)
        if record.position != begin.position + 1 or not hmac.compare_digest(expected, record.chain or b""):
            return begin, record
        begin = Point(record.position, record.chain)
    return begin, None


async def sealed_after(session: AsyncSession, position: int, limit: int = BATCH) -> Sequence[Row[Any]]:
    """Return sealed records in the order of the chain."""
    statement = select(*SEALED).where(AuditEvent.position > position).order_by(AuditEvent.position).limit(limit)
    return (await session.execute(statement)).all()


async def read_mark(session: AsyncSession, seals: Seals, name: MarkName) -> Point | None:
    """Return a mark, or None where there is none yet; raises :class:`TrailBrokenError` if it is not ours."""
    mark = await session.get(AuditMark, name, populate_existing=True)
    if mark is None:
        return None
    point = Point(mark.position, mark.chain)
    if not hmac.compare_digest(seals.mark(name, point), mark.mac):
        message = f"the {name} of the audit trail is not what was sealed"
        raise TrailBrokenError(message)
    return point


async def count_unsealed(session: AsyncSession) -> int:
    return (await session.execute(select(func.count()).where(AuditEvent.position.is_(None)))).scalar_one()


async def verify(session: AsyncSession, seals: Seals) -> Verdict:
    """Look through the whole trail; ``session`` must see one moment of it (a snapshot)."""
    unsealed = await count_unsealed(session)
    try:
        begin = await read_mark(session, seals, "checkpoint") or START
    except TrailBrokenError:
        return Verdict(0, unsealed, START, Broken(0, "checkpoint"))
    before = select(func.min(AuditEvent.position)).where(AuditEvent.position <= begin.position)
    stray = (await session.execute(before)).scalar_one()
    if stray is not None:
        return Verdict(0, unsealed, begin, Broken(stray, "inserted"))
    end, wrong = begin, None
    while wrong is None and (records := await sealed_after(session, end.position)):
        end, wrong = follow(seals, end, records)
    broken = await _name(session, seals, end, wrong) if wrong is not None else await _at_the_end(session, seals, end)
    return Verdict(end.position - begin.position, unsealed, end, broken)


async def holds(session: AsyncSession, point: Point) -> bool:
    """Tell whether a head that was logged or noted earlier is a place of the chain as it is now."""
    found = await session.scalar(select(AuditEvent.chain).where(AuditEvent.position == point.position))
    return hmac.compare_digest(found or b"", point.chain)


async def _at_the_end(session: AsyncSession, seals: Seals, end: Point) -> Broken | None:
    """Hold the end of the chain against the head: a tail that was cut leaves a chain that is whole."""
    try:
        head = await read_mark(session, seals, "head")
    except TrailBrokenError:
        return Broken(end.position, "head")
    if head is None:
        return Broken(end.position, "head") if end.position else None
    if end.position < head.position:
        return Broken(end.position + 1, "tail_cut")
    return Broken(head.position, "head") if end != head else None


async def _name(session: AsyncSession, seals: Seals, end: Point, wrong: Row[Any]) -> Broken:
    """Tell what was done to the trail after ``end``, as far as the records around the break show it."""
    place = end.position + 1
    if wrong.position != place:
        return Broken(place, "removed")
    head = await session.get(AuditMark, "head")
    if head is not None and place > head.position:
        return Broken(place, "inserted")
    following = await sealed_after(session, place, 1)
    return Broken(place, _kind(seals, end, wrong, following[0]) if following else "edited")


def _kind(seals: Seals, end: Point, wrong: Row[Any], after: Row[Any]) -> Kind:
    def fits(previous: bytes, record: Row[Any], position: int) -> bool:
        return hmac.compare_digest(seals.chain(previous, record, position), record.chain or b"")

    place = end.position + 1
    if fits(wrong.chain or b"", after, after.position):
        return "edited"  # what follows was sealed onto it
    if fits(wrong.chain or b"", after, after.position + 1):
        return "removed"  # and the rest renumbered
    if fits(end.chain, after, place):
        return "reordered" if fits(after.chain, wrong, place + 1) else "inserted"
    return "reordered" if wrong.id > after.id else "edited"
