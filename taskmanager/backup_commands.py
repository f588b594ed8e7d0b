"""The commands `taskmanager backup` and `taskmanager restore`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from sqlalchemy import make_url

from taskmanager import backups
from taskmanager.auth.master import master_path
from taskmanager.kit.copies import CopyProblem, Header
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.terminal import UsageProblem, err, interrupts, out, progress_bar, read_settings

File = Annotated[Path, typer.Argument(dir_okay=False, help="The file of the backup.")]
_WARNING = (
    "The backup holds the master secret: whoever reads it can act as anybody. "
    "Keep it like a private key: encrypted, away from other backups."
)


def backup_command(
    path: File,
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Put the master secret into the file too. Whoever has it has it all.")
    ] = False,
) -> None:
    """Copy the whole database into a new file while it is in use, and read the copy again to be sure of it."""
    settings = read_settings()
    _require_database(settings)

    async def work() -> Header:
        database = open_database(settings)
        try:
            with progress_bar() as bar, interrupts() as check:

                def begin(rows: int) -> Callable[[int], None]:
                    return _advance(bar, "Backing up", rows, check)

                return await backups.back_up(settings, database, path, with_secret=with_secret, begin=begin)
        finally:
            await database.stop()

    header = asyncio.run(work())
    out.print(f"Backed up and verified: {header.rows:,} rows, {path.stat().st_size:,} bytes, {path}", markup=False)
    if with_secret:
        err.print(f"taskmanager: {_WARNING}", markup=False)
    else:
        err.print(f"taskmanager: The master secret is not in it; keep a copy of {master_path(settings)} too.")


def restore_command(
    path: File,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the backup take the place of everything in the database.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before replacing.")] = False,
    lost_secret: Annotated[
        bool, typer.Option("--lost-secret", help="The master secret of then is lost; begin with another one.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only read the file and tell whether it is whole.")] = False,
) -> None:
    """Bring a backup back, into this or the other kind of database: all of it or nothing. Servers must be stopped."""
    settings = read_settings()
    with progress_bar() as bar, interrupts() as interrupted:
        header = backups.verify(path, _advance(bar, "Verifying", None, interrupted))
    when = f"{header.made_at:%Y-%m-%d %H:%M:%S} UTC"
    out.print(f"The backup is whole: {header.rows:,} rows of {when}, from {header.database}, {header.program}.")
    if check:
        return
    where = make_url(settings.database).render_as_string()
    accounts = asyncio.run(backups.find_accounts(settings))
    if accounts is not None and not replace:
        message = f"{where} has {accounts:,} accounts. Restore into an empty database, or use --replace."
        raise UsageProblem(message)
    if accounts is not None and not yes:
        typer.confirm(f"Replace everything in {where} ({accounts:,} accounts) by the backup of {when}?", abort=True)
    anew = backups.settle_secret(settings, header, lost=lost_secret)
    with progress_bar() as bar, interrupts() as interrupted:
        progress = _advance(bar, "Restoring", header.rows, interrupted)
        filled = asyncio.run(backups.restore(settings, path, anew=anew, progress=progress))
    out.print(f"Restored: {sum(filled.values()):,} rows in {len(filled)} tables. Nobody is signed in any more.")
    out.print("Passwords, roles and closed accounts are those of the backup; API tokens must be made again.")
    if anew:
        err.print("taskmanager: The audit trail was sealed anew under another secret; its record says so.")


def _advance(bar: Progress, what: str, rows: int | None, check: Callable[[], None]) -> Callable[[int], None]:
    """Return what shows progress, and lets Ctrl-C take effect."""
    task = bar.add_task(what, total=rows)

    def advance(count: int) -> None:
        bar.advance(task, count)
        check()

    return advance


def _require_database(settings: Settings) -> None:
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        raise CopyProblem(f"there is no database {url.database}")
