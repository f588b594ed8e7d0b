"""The commands `taskmanager keys`: signing keys of access tokens."""

import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from taskmanager.admin.repository import keys_for_system
from taskmanager.admin.schemas import KeyOut
from taskmanager.auth.master import load_master
from taskmanager.auth.rotation import Rotation
from taskmanager.terminal import UsageProblem, out, read_settings, run

keys = typer.Typer(help="Signing keys of access tokens: list, rotate.", no_args_is_help=True)


@keys.command("list")
def list_keys() -> None:
    """List the signing keys, newest first."""

    async def work(session: Any) -> list[KeyOut]:
        return await keys_for_system(session)

    table = Table(box=None, pad_edge=False)
    for heading in ("KEY", "ALGORITHM", "STATE", "MADE", "ACTIVE SINCE"):
        table.add_column(heading)
    for key in run(work):
        since = f"{key.activated_at:%Y-%m-%d %H:%M}" if key.activated_at is not None else ""
        table.add_row(key.kid, key.algorithm, key.state, f"{key.created_at:%Y-%m-%d %H:%M}", since)
    out.print(table)


@keys.command("rotate")
def rotate(
    emergency: Annotated[bool, typer.Option("--emergency", help="Drop all keys at once, as after a theft.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before an emergency rotation.")] = False,
) -> None:
    """Sign with another key from now on; nobody is signed out."""
    if emergency and not yes:
        _confirm()
    settings = read_settings()
    rotation = Rotation(load_master(settings), settings)

    async def work(session: Any) -> bool:
        return await rotation.rotate(session, None, emergency=emergency)

    if not run(work):
        out.print("The next key signs as soon as every running server has loaded it, within seconds.")
    elif emergency:
        out.print("All signing keys are replaced. Access tokens are dead; clients get new ones by themselves.")
    else:
        out.print("Another key signs from now on. Tokens of the one before stay valid until they expire.")


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise UsageProblem("An emergency rotation ends all access tokens at once; confirm it with --yes.")
    typer.confirm("All access tokens die at once; clients need their refresh tokens. Go on?", abort=True)
