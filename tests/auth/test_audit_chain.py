"""Z9: the trail says so when somebody has changed it behind our back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from sqlalchemy import update

from taskmanager.auth import audit
from taskmanager.auth.audit_chain import Point, Seals, TrailBrokenError, holds
from taskmanager.auth.audit_sealing import Sealer, purge
from taskmanager.auth.master import Master
from taskmanager.auth.models import AuditEvent, AuditMark
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from tests.architecture.source import python_files
from tests.auth.trail import Event, Trail

RECORDS = 9
DAY = timedelta(days=1)


@pytest.fixture
async def trail(settings: Settings) -> AsyncIterator[Trail]:
    """Yield a trail of nine sealed records."""
    trail = Trail(settings)
    await trail.write(RECORDS)
    assert await trail.seal() == RECORDS
    assert await trail.broken() is None
    yield trail
    await trail.database.stop()


async def test_z9_only_the_vocabulary_can_be_written(trail: Trail) -> None:
    async def write(event: object) -> None:
        async with trail.database.write() as session:
            await audit.record(session, event)  # type: ignore[arg-type]

    for word in ("made_up", "LOGIN", ""):
        with pytest.raises(ValueError, match="is not a valid Event"):
            await write(word)
    assert await trail.count() == RECORDS
    writers = [
        path for path, text in python_files("taskmanager") if "insert(AuditEvent" in text or "AuditEvent(" in text
    ]
    assert writers == ["taskmanager/auth/audit.py", "taskmanager/auth/models.py"]


EDITS = {
    "at": clock.now() - DAY,
    "event": "session_ended",
    "outcome": "failure",
    "actor_id": new_id(),
    "subject_id": new_id(),
    "session_id": new_id(),
    "ip": "203.0.113.9",
    "user_agent": "another",
    "request_id": "another",
    "detail": {"number": 4},
    "id": 1_000_000_000,
}


@pytest.mark.parametrize("column", EDITS)
async def test_z9_an_edited_record_is_reported(trail: Trail, column: str) -> None:
    for position in (4, RECORDS, 1):
        async with trail.database.write() as session:
            changed = update(AuditEvent).where(AuditEvent.position == position)
            await session.execute(
                changed.values({column: EDITS[column]} if column != "id" else {"id": AuditEvent.id + 10**9})
            )
        assert await trail.broken() == (min(position, 4), "edited")


async def test_z9_an_edited_chain_is_reported(trail: Trail) -> None:
    await trail.run("UPDATE audit_events SET chain = :chain WHERE position = 4", chain=bytes(32))
    assert await trail.broken() == (4, "edited")


async def test_z9_a_removed_record_is_reported(trail: Trail) -> None:
    await trail.run("DELETE FROM audit_events WHERE position = 4")
    assert await trail.broken() == (4, "removed")
    await trail.renumber("position > 4", "position - 1")
    assert await trail.broken() == (4, "removed")
    # What is written later does not cover it up.
    await trail.write()
    assert await trail.seal() == 1
    assert await trail.broken() == (4, "removed")


@pytest.mark.parametrize(("one", "other"), [(4, 5), (3, 7), (1, RECORDS)])
async def test_z9_reordered_records_are_reported(trail: Trail, one: int, other: int) -> None:
    await trail.renumber(f"position IN ({one}, {other})", f"{one + other} - position")
    assert await trail.broken() == (one, "reordered")


async def test_z9_an_inserted_record_is_reported(trail: Trail) -> None:
    await trail.write()
    await trail.renumber("position > 3", "position + 1")
    await trail.run("UPDATE audit_events SET position = 4, chain = :chain WHERE position IS NULL", chain=bytes(32))
    assert await trail.broken() == (4, "inserted")


@pytest.mark.parametrize("position", [0, -7, RECORDS + 1])
async def test_z9_a_record_outside_of_the_chain_is_reported(trail: Trail, position: int) -> None:
    await trail.write()
    forged = f"UPDATE audit_events SET position = {position}, chain = :chain WHERE position IS NULL"  # noqa: S608
    await trail.run(forged, chain=bytes(32))
    assert await trail.broken() == (position, "inserted")


async def test_z9_a_cut_tail_is_reported(trail: Trail) -> None:
    await trail.run("DELETE FROM audit_events WHERE position > 6")
    assert await trail.broken() == (7, "tail_cut")
    await trail.write(5)
    await trail.seal()
    assert await trail.broken() == (7, "removed")


async def test_z9_all_records_gone_is_a_cut_tail(trail: Trail) -> None:
    await trail.run("DELETE FROM audit_events")
    assert await trail.broken() == (1, "tail_cut")


async def test_z9_nothing_is_sealed_onto_a_trail_without_its_head(trail: Trail) -> None:
    await trail.run("DELETE FROM audit_events WHERE position > 6", "DELETE FROM audit_marks")
    assert await trail.broken() == (6, "head")
    await trail.write()
    with pytest.raises(TrailBrokenError):
        await trail.seal()
    assert (await trail.verify()).unsealed == 1


async def test_z9_a_forged_head_is_reported(trail: Trail) -> None:
    chain = (await trail.records())[5].chain
    await trail.run(
        "DELETE FROM audit_events WHERE position > 6",
        "UPDATE audit_marks SET position = 6, chain = :chain",
        chain=chain,
    )
    assert await trail.broken() == (6, "head")
    await trail.write()
    with pytest.raises(TrailBrokenError):
        await trail.seal()


async def test_z9_a_head_put_back_is_told_by_the_log_alone(trail: Trail, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever restores an older state of the whole database restores a trail that is whole."""
    async with trail.database.read() as session:
        mark = await session.get_one(AuditMark, "head")
        old = {"position": mark.position, "chain": mark.chain, "mac": mark.mac}
    await trail.write(3)
    with caplog.at_level("INFO", "taskmanager.auth.audit_sealing"):
        await trail.seal(Sealer(trail.database, trail.seals))
    logged = caplog.messages[-1].rpartition(" ")[2].split(":")
    head = Point(int(logged[0]), bytes.fromhex(logged[1]))
    assert head == await trail.head()
    await trail.run("UPDATE audit_marks SET position = :position, chain = :chain, mac = :mac", **old)
    assert await trail.broken() == (RECORDS, "head")
    await trail.run(f"DELETE FROM audit_events WHERE position > {RECORDS}")  # noqa: S608
    assert await trail.broken() is None
    async with trail.database.read() as session:
        assert not await holds(session, head)
        assert await holds(session, Point(RECORDS, old["chain"]))  # type: ignore[arg-type]


async def test_z9_a_chain_made_anew_without_the_key_is_reported(trail: Trail) -> None:
    await trail.run("UPDATE audit_events SET ip = '203.0.113.9' WHERE position = 3")
    await trail.run("UPDATE audit_events SET position = NULL, chain = NULL", "DELETE FROM audit_marks")
    await trail.seal(Sealer(trail.database, Seals(Master(bytes(range(32))))))
    assert [record.position for record in await trail.records()] == list(range(1, RECORDS + 1))
    assert await trail.broken() == (1, "edited")


async def test_z9_a_sealed_record_cannot_be_sealed_anew(trail: Trail) -> None:
    await trail.run("UPDATE audit_events SET position = NULL, chain = NULL, ip = '203.0.113.9' WHERE position = 4")
    assert await trail.broken() == (4, "removed")
    assert await trail.seal() == 1
    assert await trail.broken() == (4, "removed")


async def test_z9_what_is_not_sealed_yet_is_reported(trail: Trail) -> None:
    await trail.write(3)
    found = await trail.verify()
    assert (found.ok, found.checked, found.unsealed) == (True, RECORDS, 3)
    assert await trail.seal() == 3
    found = await trail.verify()
    assert (found.ok, found.checked, found.unsealed) == (True, RECORDS + 3, 0)


async def test_z9_old_records_are_purged_and_the_rest_still_holds(trail: Trail) -> None:
    with time_machine.travel(clock.now() + 10 * DAY, tick=True):
        await trail.write(4, Event.SESSION_ENDED)
        await trail.seal()
        removed = []
        for _ in count():
            async with trail.database.write() as session:
                removed.append(await purge(session, trail.seals, clock.now() - DAY, limit=6))
            await trail.seal()
            if not removed[-1]:
                break
        assert removed == [6, 3, 0]
        assert [record.event for record in await trail.records()] == 4 * ["session_ended"] + 2 * ["audit_purged"]
        assert (await trail.records())[-1].detail == {"count": 3, "position": 9}
        assert await trail.broken() is None
        assert (await trail.verify()).checked == 6
    # More than it says cannot be taken, neither by moving the checkpoint nor without it.
    await trail.run("DELETE FROM audit_events WHERE position = 10")
    assert await trail.broken() == (10, "removed")
    await trail.run("UPDATE audit_marks SET position = 10 WHERE name = 'checkpoint'")
    assert await trail.broken() == (0, "checkpoint")
    await trail.run("DELETE FROM audit_marks WHERE name = 'checkpoint'")
    assert await trail.broken() == (1, "removed")


async def test_z9_what_was_tampered_with_is_not_purged(trail: Trail) -> None:
    await trail.run("UPDATE audit_events SET ip = '203.0.113.9' WHERE position = 5")

    async def purge_all() -> None:
        async with trail.database.write() as session:
            await purge(session, trail.seals, clock.now() + DAY)

    with pytest.raises(TrailBrokenError):
        await purge_all()
    assert await trail.count() == RECORDS


async def test_a_purge_keeps_what_is_not_sealed(trail: Trail) -> None:
    await trail.write(2)
    async with trail.database.write() as session:
        assert await purge(session, trail.seals, clock.now() + DAY) == RECORDS
    found = await trail.verify()
    assert (found.ok, found.checked, found.unsealed) == (True, 0, 3)
    await trail.seal()
    assert (await trail.verify()).checked == 3
