"""The command `taskmanager add`."""

from typing import Annotated

import typer

from taskmanager.kit.db import Database
from taskmanager.tasks.quick_add.schemas import QuickAdd, QuickAdded, QuickPreview
from taskmanager.tasks.quick_add.service import QuickAddService
from taskmanager.tasks.schemas import AllDayOut, WhenOut
from taskmanager.terminal import UsageProblem, UserOption, acting, out, run_on_database


def add_command(
    text: Annotated[str, typer.Argument(help='Such as "Pay rent #Home p1 tomorrow 9am // by card"; a task a line.')],
    user: UserOption = None,
    create_missing: Annotated[
        bool, typer.Option("--create-missing", help="Make projects and sections that are not there yet.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; tell how the text is understood.")] = False,
) -> None:
    """Add tasks from lines as people type them; docs/quick-add.md says what they may hold."""
    body = QuickAdd(text=text, dry_run=dry_run, create_missing=create_missing)

    async def work(database: Database) -> QuickAdded | QuickPreview:
        async with database.read() as session:
            actor = await acting(session, user)
        if not actor.may_write:
            raise UsageProblem(f"{actor.username} is a guest, who reads only.")
        async with database.read() if dry_run else database.write() as session:
            return await QuickAddService(session, actor).run(body)

    _tell(run_on_database(work))


def _tell(answer: QuickAdded | QuickPreview) -> None:
    if isinstance(answer, QuickPreview):
        out.print("A dry run: nothing was written.")
    for line in answer.tasks:
        key = f"{line.task.key}  " if hasattr(line.task, "key") else ""
        out.print(f"{key}{line.task.title}", markup=False)
        said = [f"{token.kind} {token.value}" for token in line.tokens if token.kind != "date"]
        due = [f"due {_written(line.task.due)}"] if line.task.due is not None else []
        if due or said:
            out.print(f"  {', '.join([*due, *said])}", markup=False)
        for token in line.unknown:
            out.print(
                f"  There is no {token.kind} {token.value} that you could mean; it stays in the title.", markup=False
            )


def _written(when: WhenOut) -> str:
    return when.date.isoformat() if isinstance(when, AllDayOut) else when.datetime.replace("T", " ").removesuffix(":00")
