"""The commands `taskmanager import` and `taskmanager export`."""

import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import IO, Annotated, Any, Literal

import typer
from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth import audit
from taskmanager.auth.roles import Actor
from taskmanager.integrations.exporting import Exporter, Format
from taskmanager.integrations.formats.detection import Kind
from taskmanager.integrations.preparing import prepare
from taskmanager.integrations.repository import PlaceRepository
from taskmanager.integrations.schemas import ImportQuery, ImportReport
from taskmanager.integrations.service import DuplicatesError, ImportService, WrongRowsError
from taskmanager.kit.db import Database
from taskmanager.projects.names import name_key
from taskmanager.terminal import UsageProblem, UserOption, acting, err, interrupts, out, progress_bar, run_on_database

_SHOWN = 20
_IN_MEMORY = 4 * 1024 * 1024


def import_command(  # noqa: PLR0917 - options have names
    file: Annotated[Path, typer.Argument(dir_okay=False, help='The file; "-" is standard input.')],
    user: UserOption = None,
    project: Annotated[
        str | None, typer.Option(help="Name of the project for all tasks; else as the file says, else the Inbox.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="Which column feeds which field: a JSON file, or the JSON itself.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of times that name none; else the account's own.")
    ] = None,
    format: Annotated[Kind | None, typer.Option(help="Of the file; recognised unless said.")] = None,  # noqa: A002 - the name of the option
    on_duplicate: Annotated[
        Literal["skip", "refuse"], typer.Option(help="When tasks of the file are here already.")
    ] = "skip",
    on_invalid: Annotated[
        Literal["refuse", "skip"], typer.Option(help="Refuse the file for one wrong row, or leave such rows out.")
    ] = "refuse",
    source: Annotated[str | None, typer.Option(help="Where the file comes from; ids are told apart by it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; tell what would happen.")] = False,
) -> None:
    """Take in tasks from a CSV, JSON or iCalendar file: all of it, or nothing."""
    content, rules = _read(file), _read_mapping(mapping)
    query = ImportQuery(
        timezone=timezone, on_duplicate=on_duplicate, on_invalid=on_invalid, source=source, dry_run=dry_run
    )

    async def work(database: Database) -> ImportReport:
        async with database.read() as session:
            actor = await acting(session, user)
            if not actor.may_write:
                message = f"{actor.username} is a guest, who reads only."
                raise UsageProblem(message)
            project_id = await _project(session, actor, project)
        asked = query.model_copy(update={"project_id": project_id})
        with progress_bar() as bar:
            reading = bar.add_task("Reading", total=None)
            zone = asked.timezone or actor.timezone
            # A thread, so that Ctrl-C is heard at once.
            prepared = await to_thread.run_sync(prepare, content, format, rules, zone, abandon_on_cancel=True)
            bar.update(reading, visible=False)
            writing = bar.add_task("Importing", total=len(prepared.reading.drafts))
            opened = database.read() if dry_run else database.write()
            with interrupts() as check:

                def progress(count: int) -> None:
                    bar.advance(writing, count)
                    check()

                async with opened as session:
                    report = await ImportService(session, actor).run(asked, prepared, progress)
                    check()
                return report

    try:
        report = run_on_database(work)
    except (WrongRowsError, DuplicatesError) as refusal:
        _tell_refusal(refusal)
        raise typer.Exit(1) from None
    _tell(report)
    if not report.accepted:
        raise typer.Exit(1)


def export_command(
    user: UserOption = None,
    format: Annotated[  # noqa: A002 - the name of the option
        Format, typer.Option(help="json is lossless; csv for spreadsheets; ical for calendars.")
    ] = "json",
    project: Annotated[str | None, typer.Option(help="Only the project of this name.")] = None,
    output: Annotated[
        Path | None, typer.Option(dir_okay=False, writable=True, help="Write to this file instead of standard output.")
    ] = None,
) -> None:
    """Take out everything that an account sees; what lies in the trash stays there."""

    async def work(database: Database) -> int:
        async with _snapshot(database, user) as (session, actor):
            exporter = Exporter(session, actor)
            total = await exporter.open(await _project(session, actor, project))
            with progress_bar() as bar, _destination(output) as file, interrupts() as check:
                writing = bar.add_task("Exporting", total=total)

                def progress(count: int) -> None:
                    bar.advance(writing, count)
                    check()

                await exporter.write(format, file, progress)
        exported = audit.Event.DATA_EXPORTED
        await audit.record_alone(database, exported, actor=actor, format=format, tasks=total)
        return total

    total = run_on_database(work)
    if output is not None:
        err.print(f"Tasks written to {output}: {total:,}", markup=False)


@asynccontextmanager
async def _snapshot(database: Database, user: str | None) -> AsyncIterator[tuple[AsyncSession, Actor]]:
    async with database.read(snapshot=True) as session:
        yield session, await acting(session, user)


@contextmanager
def _destination(output: Path | None) -> Iterator[IO[bytes]]:
    """Yield a file that reaches its destination only as a whole."""
    if output is None:
        with SpooledTemporaryFile(_IN_MEMORY) as spool:
            yield spool
            spool.seek(0)
            try:
                shutil.copyfileobj(spool, sys.stdout.buffer)
                sys.stdout.flush()
            except BrokenPipeError:
                # Whoever read has seen enough; Python must not complain about it at its end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    if not output.parent.is_dir():
        message = f"There is no folder {output.parent}."
        raise UsageProblem(message)
    with NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            Path(file.name).replace(output)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


async def _project(session: AsyncSession, actor: Actor, name: str | None) -> str | None:
    """Return the id of the project of a name."""
    if name is None:
        return None
    known = await PlaceRepository(session, actor).projects()
    found = [project.id for project in known if project.name_key == name_key(name)]
    if len(found) != 1:
        there = ", ".join(sorted(project.name for project in known))
        message = f"{actor.username} sees {len(found) or 'no'} projects named {name}. There are: {there}."
        raise UsageProblem(message)
    return found[0]


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        message = f"The file cannot be read: {error}."
        raise typer.BadParameter(message) from error


def _read_mapping(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        message = f"The mapping cannot be read: {error}."
        raise typer.BadParameter(message) from error
    except (ValueError, RecursionError) as error:
        message = f"The mapping is not JSON: {error}."
        raise typer.BadParameter(message) from error
    if not isinstance(value, dict):
        message = "The mapping must be a JSON object."
        raise typer.BadParameter(message)
    return value


def _tell(report: ImportReport) -> None:
    say = partial(out.print, markup=False)
    counts, would = report.counts, "that would be " if report.dry_run else ""
    if report.dry_run:
        say("A dry run: nothing was written.")
    say(f"Rows read as {report.format}: {counts.read:,}")
    say(f"Tasks {would}made: {counts.created:,}{f', comments: {counts.comments:,}' if counts.comments else ''}")
    for project in report.projects:
        say(f"  in {project.name}{' (new)' if project.created else ''}: {project.tasks:,}")
    if counts.duplicates:
        say(f"Tasks that are here already and stay as they are: {counts.duplicates:,}")
    if report.ignored:
        say(f"No field took: {', '.join(report.ignored)}")
    for note in report.notes:
        say(note)
    if report.dry_run and report.mapping is not None:
        say(f"Mapping: {json.dumps(report.mapping, ensure_ascii=False)}")
    for task in report.sample:
        due = next(iter(task.due.values())) if task.due else "-"
        say(f"  row {task.row}: {task.status}, due {due}, {', '.join(task.labels) or 'no labels'}: {task.title}")
    _tell_problems([problem.model_dump() for problem in report.problems], counts.problems, say)
    if report.operation_id is not None:
        say(f"To take all of it back: POST /undo/{report.operation_id}")


def _tell_refusal(refusal: WrongRowsError | DuplicatesError) -> None:
    say = partial(err.print, markup=False)
    say(f"taskmanager: {refusal.title}")
    if isinstance(refusal, DuplicatesError):
        say(refusal.detail)
        for duplicate in refusal.extra["duplicates"][:_SHOWN]:
            say(f"  {duplicate['place']}: is {duplicate['key']}")
    else:
        _tell_problems(refusal.extra["problems"], refusal.extra["counts"]["problems"], say)


def _tell_problems(problems: list[dict[str, Any]], count: int, say: Callable[[str], None]) -> None:
    if not count:
        return
    say(f"Problems: {count:,}")
    for problem in problems[:_SHOWN]:
        parts = (problem["place"], problem["field"], problem["message"])
        say(f"  {': '.join(part for part in parts if part)}")
    if count > _SHOWN:
        say(f"  and more: {count - _SHOWN:,}")
