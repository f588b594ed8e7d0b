"""What the commands of the terminal share: where they print, what they read, and their transaction."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock, migrate
from taskmanager.kit.db import Database
from taskmanager.kit.settings import PREFIX, Settings
from taskmanager.lifetime import open_database

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Result = TypeVar("Result")
UserOption = Annotated[
    str | None, typer.Option("--user", help="Act as this account; the only administrator unless said.")
]


class UsageProblem(Exception):  # noqa: N818 - told to the user, without a traceback
    """What the user can put right."""


def read_settings(**given: Any) -> Settings:
    """Return the settings of the environment, with options of the command line put over them."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        lines = [f"{PREFIX}{'_'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()]
        raise UsageProblem("\n".join(line.replace(f"{PREFIX}: Value error, ", "") for line in lines)) from error


def run(work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    """Run ``work`` in one transaction on the database of the settings, brought up to date first."""

    async def in_transaction(database: Database) -> Result:
        async with database.write() as session:
            return await work(session)

    return run_on_database(in_transaction)


def run_on_database(work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Run ``work`` on the database of the settings, brought up to date first."""
    settings = read_settings()
    migrate.upgrade(settings)

    async def on_database() -> Result:
        database = open_database(settings)
        try:
            return await work(database)
        finally:
            await database.stop()

    return asyncio.run(on_database())


@contextmanager
def interrupts() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C take effect where the yielded function is called, which raises KeyboardInterrupt then.

    Anywhere else it would cancel a statement under way, after which asyncpg may wait for ever. A second Ctrl-C does.
    """
    asked: list[bool] = []

    def note(*_: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)


def progress_bar() -> Progress:
    """Return a display of how far a long work is; nothing is shown unless a person looks."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


async def acting(session: AsyncSession, name: str | None) -> Actor:
    """Return who a command acts as: the account of that name, or the only administrator."""
    accounts = AccountRepository(session)
    if name is not None:
        user = await accounts.find_by_username(name.lower())
        if user is None or not user.active:
            message = f"There is no active account named {name}; `taskmanager users list` shows all."
            raise UsageProblem(message)
        return _as_actor(user)
    admins = [user for user in await accounts.all_for_system() if user.active and user.role == "admin"]
    if not admins:
        message = "There is no administrator yet. Start the server and open its link, or: users add NAME --role admin"
        raise UsageProblem(message)
    if len(admins) > 1:
        names = ", ".join(user.username for user in admins)
        message = f"Say as whom, with --user NAME; the administrators are {names}."
        raise UsageProblem(message)
    return _as_actor(admins[0])


def _as_actor(user: User) -> Actor:
    return Actor(
        user_id=user.id,
        username=user.username,
        role=user.role,  # type: ignore[arg-type]
        timezone=user.timezone,
        session_id="",
        signed_in_at=clock.now(),
    )
