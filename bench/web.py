"""`python -m bench.web`: the web application with 5,000 tasks in headless Chromium, at full and a quarter of speed.

What is loaded, when something and when rows are painted, how long after a key or click the next paint is, when another
client's change is seen, memory. Each figure is the median of several visits; the budgets stand beside them.
"""

import argparse
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from bench import dataset, processes, report
from bench.__main__ import RESULTS
from bench.web_visit import PROBE, Visit
from taskmanager.kit import clock
from taskmanager.kit.columns import instant_text
from taskmanager.kit.settings import Settings
from tests.e2e.browsing import DESKTOP, FLAGS, kept, sign_in
from tests.servers import app_server
from tests.services import chromium

TASKS = 5000
OWNER = "everything"
# Budgets in bytes, milliseconds and MiB: at full speed, and at a quarter of it.
BUDGETS: dict[str, tuple[float | None, float | None]] = {
    "scripts of the first load, bytes": (75_000, None),
    "styles of the first load, bytes": (12_000, None),
    "first contentful paint, ms": (300, 900),
    "first rows of 5,000, ms": (400, 1500),
    "first rows of a return visit, ms": (400, 1500),
    "move by key, p95 ms": (50, 100),
    "complete a task, p95 ms": (50, 100),
    "open the palette, ms": (50, 120),
    "key in the palette, p95 ms": (50, 100),
    "open quick add, ms": (50, 120),
    "key in quick add, p95 ms": (50, 100),
    "open a task, ms": (50, 120),
    "another list, ms": (100, None),
    "frames over 34 ms while scrolling": (0, None),
    "another client's change, ms": (1000, 1000),
    "heap, MiB": (20, None),
    "elements on the page": (1500, None),
}


@dataclass(frozen=True)
class Figure:
    """One line: the median of the visits at each speed, beside its budget."""

    what: str
    full: float
    quarter: float
    budget: float | None
    budget_of_a_quarter: float | None


def read_arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.web", description=__doc__)
    parser.add_argument("--visits", type=int, default=5, help="of each speed (default 5)")
    parser.add_argument("--output", type=Path, help="the JSON file (default: bench/results/ by date)")
    return parser.parse_args()


def measure(visits: int) -> list[Figure]:
    """Fill a server, visit it, and return what was found."""
    with tempfile.TemporaryDirectory(prefix="taskmanager-web-") as name:
        data = Path(name) / "data"
        dataset.fill_accounts(Settings(data_dir=data), [dataset.Owner(OWNER, TASKS, 5, varied=True)])
        # The browser's driver has an event loop, beside which there is no other.
        with app_server(data) as server, httpx.Client(base_url=server.url) as client, sync_playwright() as playwright:
            body = {"username": OWNER, "password": dataset.PASSWORD}
            tokens = client.post("/login", json=body).raise_for_status().json()
            client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            found = {speed: [_visit(browser, server.url, client, speed) for _ in range(visits)] for speed in (1, 4)}
            browser.close()
    return [
        Figure(what, _median(found[1], what), _median(found[4], what), *budgets) for what, budgets in BUDGETS.items()
    ]


def _visit(browser: Browser, url: str, client: httpx.Client, slowdown: int) -> dict[str, float]:
    options: dict[str, Any] = {"base_url": url, "locale": "en-GB", "service_workers": "block", **DESKTOP}
    context = browser.new_context(**options)
    page = context.new_page()
    sign_in(page, OWNER, dataset.PASSWORD)
    page.locator("main h1").wait_for()
    kept(page)
    page.goto("about:blank")
    # Signed in, and nothing else is kept there.
    tools = context.new_cdp_session(page)
    tools.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "indexeddb,cache_storage"})
    context.add_init_script(path=PROBE)
    found = Visit(context, slowdown, client).run()
    context.close()
    return found


def _median(visits: list[dict[str, float]], what: str) -> float:
    return round(statistics.median(one[what] for one in visits), 1)


def show(figures: list[Figure]) -> None:
    """Print a run for people."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("5,000 tasks")
    for name in ("found", "budget", "at a quarter of speed", "budget"):
        table.add_column(name, justify="right")
    for one in figures:
        table.add_row(
            one.what,
            f"{one.full:,.0f}",
            "" if one.budget is None else f"{one.budget:,.0f}",
            f"{one.quarter:,.0f}",
            "" if one.budget_of_a_quarter is None else f"{one.budget_of_a_quarter:,.0f}",
        )
    Console(width=118, highlight=False).print(table)


def main() -> None:
    """Run it."""
    options = read_arguments()
    facts: dict[str, Any] = {"at": instant_text(clock.now()), "machine": processes.machine()}
    figures = measure(options.visits)
    path = options.output or RESULTS / f"{facts['at'][:10]}-web.json"
    show(figures)
    report.write(path, facts, web=figures)


if __name__ == "__main__":
    main()
