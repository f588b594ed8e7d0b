"""The command `taskmanager doctor`."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

import typer

from taskmanager.doctor.database import check_clock, check_database, check_replica
from taskmanager.doctor.findings import Finding
from taskmanager.doctor.services import check_cache, check_mail
from taskmanager.doctor.surroundings import (
    check_address,
    check_disk,
    check_python,
    check_secrets,
    check_settings,
    check_web,
)
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.terminal import UsageProblem, out, read_settings

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object, for programs.")] = False,
) -> None:
    """Look for whatever is wrong with settings, database, cache, clock, files and mail, and say what to do."""
    try:
        settings = read_settings()
    except UsageProblem as problem:
        found = [Finding("settings", "fail", line, "see docs/settings.md") for line in str(problem).splitlines()]
    else:
        found = asyncio.run(_examine(settings))
    worst = next((level for level in ("fail", "warn") if any(one.level == level for one in found)), "ok")
    if as_json:
        report = {"status": worst, "findings": [asdict(one) for one in found]}
        sys.stdout.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    else:
        for one in found:
            _print(one)
    if worst == "fail":
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    return [finding async for finding in _findings(settings)]


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    database = open_database(settings)
    try:
        for check in (
            check_settings(settings),
            check_python(),
            check_database(settings, database),
            check_replica(settings),
            check_clock(database),
            check_cache(settings),
            check_secrets(settings),
            check_disk(settings),
            check_mail(settings),
            check_address(settings),
            check_web(settings),
        ):
            async for finding in check:
                yield finding
    finally:
        await database.stop()


def _print(one: Finding) -> None:
    mark = f"[{_COLOURS[one.level]}]{one.level:<4}[/]"
    out.print(f"{mark} {one.check:<9}", end=" ")
    out.print(one.found, markup=False)
    if one.advice:
        out.print(f"{'':15}-> {one.advice}", markup=False)
