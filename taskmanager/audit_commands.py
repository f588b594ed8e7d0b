"""The commands `taskmanager audit verify` and `taskmanager audit export`."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from taskmanager.auth import audit as trail
from taskmanager.auth.audit_chain import Kind, Point, Seals, Verdict, holds, verify
from taskmanager.auth.audit_repository import lines
from taskmanager.auth.audit_schemas import AuditQuery
from taskmanager.auth.master import load_master
from taskmanager.kit.db import Database
from taskmanager.terminal import UsageProblem, err, out, read_settings, run_on_database

audit = typer.Typer(help="The security audit trail: verify that it is whole, take it out.", no_args_is_help=True)

_WORDS: dict[Kind, str] = {
    "edited": "the record was edited",
    "removed": "a record was removed",
    "inserted": "a record was put in",
    "reordered": "records were moved",
    "tail_cut": "this and all newer records were cut off",
    "head": "the noted end of the trail was changed",
    "checkpoint": "the noted beginning of the trail was changed",
}


@audit.command("verify")
def verify_command(
    head: Annotated[
        str | None, typer.Option(help="An earlier head, POSITION:CHAIN as the log tells it, that must still be there.")
    ] = None,
) -> None:
    """Verify the whole trail. The exit status is 0 if it is what was sealed, else 1."""
    point = _read_head(head) if head is not None else None
    seals = Seals(load_master(read_settings()))

    async def work(database: Database) -> tuple[Verdict, bool]:
        async with database.read(snapshot=True) as session:
            return await verify(session, seals), point is None or await holds(session, point)

    found, held = run_on_database(work)
    if found.unsealed:
        out.print(f"Not sealed yet: {found.unsealed:,}")
    if found.broken is not None:
        place = found.broken.position
        err.print(f"taskmanager: The audit trail is broken at position {place:,}: {_WORDS[found.broken.kind]}.")
    elif not held:
        err.print("taskmanager: The audit trail is whole, but does not hold the head that you gave.")
    else:
        out.print(f"The audit trail is whole. Records checked: {found.checked:,}")
        out.print(f"Head: {found.end.position}:{found.end.chain.hex()}")
        return
    raise typer.Exit(1)


@audit.command("export")
def export_command(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Only records from this UTC time on."),
    ] = None,
) -> None:
    """Print the trail as lines of JSON, oldest first."""
    query = AuditQuery(since=since.replace(tzinfo=UTC) if since is not None else None)

    async def work(database: Database) -> None:
        async with database.write() as session:
            await trail.record(session, trail.Event.AUDIT_EXPORTED)
        async for text in lines(database, query):
            sys.stdout.buffer.write(text)

    run_on_database(work)
    sys.stdout.flush()


def _read_head(text: str) -> Point:
    position, _, chain = text.partition(":")
    try:
        return Point(int(position), bytes.fromhex(chain))
    except ValueError as error:
        message = "The head must look like 1234:9f86d0..., as the log and this command tell it."
        raise UsageProblem(message) from error
