"""`python -m bench.lists`: what lists and searches cost among a thousand tasks, a hundred thousand and a million.

One account sees all of them, in ten projects; another one sees a thousand of its own beside them. Requests go over
HTTP, one after the other, each asking for another number of tasks about fifty, so that no answer was kept.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
from rich.console import Console
from rich.table import Table

from bench import dataset, processes, report
from bench.__main__ import RESULTS
from bench.scenarios import Target, ask, login_request
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.settings import Settings
from tests.services import own_postgres

SIZES = (1_000, 100_000, 1_000_000)
EVERYTHING, SOME = "everything", "some"
OTHERS = 100
"""Accounts of a thousand tasks each beside the one that has them all, at most."""

LISTS: dict[str, dict[str, str]] = {
    **{f"sort={sign}{name}": {"sort": sign + name} for name in (
        "created_at", "updated_at", "due", "priority", "position", "title") for sign in ("", "-")},
    "sort=-priority,due": {"sort": "-priority,due"},
    "open, newest first": {"status": "todo,in_progress"},
    "open, by due date": {"status": "todo,in_progress", "sort": "due"},
    "done": {"status": "done"},
    "in progress": {"status": "in_progress"},
    "recurring, of which there are none": {"filter": "recurring"},
    "trash, which is empty": {"deleted": "true"},
    "today": {"filter": "today"},
    "overdue, by due date": {"filter": "overdue", "sort": "due"},
    "next 7 days, by due date": {"filter": "next 7 days & status: todo", "sort": "due"},
    "no date": {"filter": "no date"},
    "p1": {"filter": "p1"},
    "@home": {"label": "home"},
    "@rare": {"label": "rare"},
    "assigned to me": {"assignee": "me"},
    "@someday & p1 & !overdue": {"filter": "@someday & p1 & !overdue"},
    "@home & p1, which nothing is": {"filter": "@home & p1"},
}  # fmt: skip
SEARCHES: dict[str, dict[str, str]] = {
    "a word that a fifth has": {"q": "invoice"},
    "its beginning": {"q": "inv"},
    "two such words": {"q": "invoice garden"},
    "a word of a few": {"q": "4711"},
    "the beginning of a few": {"q": "letter 471"},
    "a word and a filter": {"q": "kitchen", "filter": "p1 & @someday"},
    "a word, by due date": {"q": "kitchen", "sort": "due"},
    "no such word": {"q": "zeppelin"},
}


@dataclass(frozen=True)
class Measurement:
    """One kind of list at one size, in milliseconds; the least is what a busy machine disturbs least."""

    database: str
    tasks: int
    account: str
    kind: str
    asked: str
    found: int
    least_ms: float
    p50_ms: float
    p95_ms: float


def read_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--databases", nargs="+", choices=("SQLite", "PostgreSQL"), default=["SQLite", "PostgreSQL"])
    parser.add_argument("--requests", type=int, default=40, help="of each kind (default 40)")
    parser.add_argument("--output", type=Path, help="the JSON file (default: bench/results/ by time)")
    return parser.parse_args()


def measure(database: str, tasks: int, requests: int) -> list[Measurement]:
    """Fill one database and measure everything there."""
    with tempfile.TemporaryDirectory(prefix="taskmanager-lists-") as name, contextlib.ExitStack() as stack:
        given: dict[str, str] = {}
        if database == "PostgreSQL":
            given["database_url"] = stack.enter_context(own_postgres("shared_buffers=512MB")).url
        data, begun = Path(name) / "data", time.perf_counter()
        owners = [dataset.Owner(EVERYTHING, tasks, 10, varied=True), dataset.Owner(SOME, 1000, varied=True)]
        owners += [dataset.Owner(f"other{number}", 1000) for number in range(min(OTHERS, tasks // 1000) - 1)]
        dataset.fill_accounts(Settings(data_dir=data, **given), owners)  # type: ignore[arg-type]
        print(f"{database}, {tasks:,} tasks: filled in {time.perf_counter() - begun:.0f} s", flush=True)
        if "database_url" in given:
            # As it would have done by itself before long.
            asyncio.run(_tidy(given["database_url"]))
        server = stack.enter_context(processes.taskmanager(data, **given))
        found = []
        for account in (EVERYTHING, SOME):
            token = json.loads(ask(Target("", server.port, server.process.pid), login_request(account)).body)
            for kind, table in (("list", LISTS), ("search", SEARCHES)):
                for asked, fields in table.items():
                    count, times = _ask(server.port, token["access_token"], fields, requests)
                    p50, p95 = statistics.median(times), times[max(0, round(0.95 * len(times)) - 1)]
                    figures = [round(one, 2) for one in (times[0], p50, p95)]
                    found.append(Measurement(database, tasks, account, kind, asked, count, *figures))
        return found


async def _tidy(url: str) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _ask(port: int, token: str, fields: dict[str, str], requests: int) -> tuple[int, Sequence[float]]:
    """Return how many tasks the last page had, and the milliseconds of each request, the shortest first."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    times, count = [], 0
    # The first ones bring pages of the database into memory; what takes seconds is asked for less often.
    for number in range(requests + 3):
        query = urlencode({**fields, "limit": 50 - requests // 2 + number})
        begun = time.perf_counter()
        connection.request("GET", f"/tasks?{query}", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1000
        if answer.status != http.HTTPStatus.OK:
            refusal = f"{fields}: {answer.status} {body!r}"
            raise RuntimeError(refusal)
        count = len(json.loads(body)["items"])
        times += [took] if number >= 3 else []
        if number > 5 and sum(times) > 10_000:
            break
    connection.close()
    return count, sorted(times)


def show(found: Sequence[Measurement]) -> None:
    """Print the least, p50 and p95 by size, and how much the least grows."""
    console = Console(width=150, highlight=False)
    sizes = sorted({one.tasks for one in found})
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("database", "account", "asked", "found", *(f"{size:,}" for size in sizes), "growth"):
        table.add_column(name, justify="left" if name in {"database", "account", "asked"} else "right")
    by_key: dict[tuple[str, str, str], dict[int, Measurement]] = {}
    for one in found:
        by_key.setdefault((one.database, one.account, one.asked), {})[one.tasks] = one
    for key, by_size in by_key.items():
        first, last = by_size[sizes[0]], by_size[sizes[-1]]
        figures = [by_size[size] for size in sizes]
        cells = [f"{one.least_ms:.1f} / {one.p50_ms:.1f} / {one.p95_ms:.1f}" for one in figures]
        table.add_row(*key, str(last.found), *cells, f"{last.least_ms / first.least_ms:.2f}")
    console.print(table)


def main() -> None:
    """Run it."""
    options = read_arguments()
    facts: dict[str, Any] = {"at": instant_text(clock.now()), "machine": processes.machine()}
    os.sched_setaffinity(0, {processes.cores()[1]})
    found: list[Measurement] = []
    for database in options.databases:
        for tasks in options.sizes:
            found += measure(database, tasks, options.requests)
    path = options.output or RESULTS / f"{facts['at'][:10]}-lists.json"
    show(found)
    report.write(path, facts, lists=found)


if __name__ == "__main__":
    main()
