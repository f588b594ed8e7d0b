"""What the commands of the terminal share: where they print, what they read, and their transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit import migrate
from taskmanager.kit.db import Database
from taskmanager.kit.settings import PREFIX, Settings
from taskmanager.main import open_database

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Result = TypeVar("Result")


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
