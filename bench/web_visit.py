"""One visit to the web application: what is measured in the browser, and how."""

import json
import math
import statistics
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, CDPSession, Page

from tests.e2e.browsing import kept

PROBE = Path(__file__).parent / "probe.js"
SECONDS_TO_ARRIVE = 30
_ENTRIES = """performance.getEntriesByType('resource').map(one =>
  ({ name: new URL(one.name).pathname, size: one.encodedBodySize, early: one.startTime < window.seen.rows }))"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"


class Visit:
    """One window of a browser at some speed, with what is measured there."""

    def __init__(self, context: BrowserContext, slowdown: int, client: httpx.Client) -> None:
        self._context = context
        self._slowdown = slowdown
        self._client = client
        self.found: dict[str, float] = {}

    def _page(self) -> tuple[Page, CDPSession]:
        page = self._context.new_page()
        tools = self._context.new_cdp_session(page)
        tools.send("Emulation.setCPUThrottlingRate", {"rate": self._slowdown})
        return page, tools

    def run(self) -> dict[str, float]:
        """Visit twice and use the application; return figures by the names of the budgets."""
        first, _ = self._page()
        self.found["first rows of 5,000, ms"] = self._rows(first)
        self._load(first)
        kept(first)
        first.close()
        again, tools = self._page()
        self.found["first rows of a return visit, ms"] = self._rows(again)
        self._use(again)
        self._memory(tools)
        again.close()
        return self.found

    def _rows(self, page: Page) -> float:
        page.goto("/app/all")
        return _wait(page, "Math.max(0, window.seen.rows)")

    def _load(self, page: Page) -> None:
        entries: list[dict[str, Any]] = page.evaluate(_ENTRIES)
        for what, ending in (("scripts", ".js"), ("styles", ".css")):
            sizes = [one["size"] for one in entries if one["name"].endswith(ending) and one["early"]]
            self.found[f"{what} of the first load, bytes"] = sum(sizes)
        self.found["first contentful paint, ms"] = _wait(page, _FIRST_PAINT)

    def _use(self, page: Page) -> None:
        page.locator("[role=row] .text").first.click()
        self._keys(page, "move by key, p95 ms", ["j"] * 20)
        self._keys(page, "complete a task, p95 ms", ["e"] * 6)
        self._keys(page, "open a task, ms", ["Enter"])
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
        self._keys(page, "open the palette, ms", ["Control+k"])
        self._keys(page, "key in the palette, p95 ms", list("invoice gard"))
        page.keyboard.press("Escape")
        self._keys(page, "open quick add, ms", ["q"])
        self._keys(page, "key in quick add, p95 ms", list("Call Ana tomorrow 9am p1"))
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        self._keys(page, "another list, ms", ["u"])
        page.keyboard.press("g")
        page.keyboard.press("l")
        self.found["elements on the page"] = page.evaluate("document.querySelectorAll('*').length")
        self._scroll(page)
        self._hear(page)

    def _keys(self, page: Page, name: str, keys: list[str]) -> None:
        """Press keys, each after the page has settled; note the time to the next paint."""
        page.evaluate("window.seen.events.length = 0")
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(60)
        times = sorted(page.evaluate("window.seen.events"))[: max(1, len(keys))]
        # Modifiers are keys of their own; what is asked about is the slowest of those that do something.
        self.found[name] = times[-1] if len(keys) == 1 else times[math.ceil(0.95 * len(times)) - 1]

    def _scroll(self, page: Page) -> None:
        page.mouse.move(700, 400)
        page.wait_for_timeout(500)
        page.evaluate("window.seen.frames.length = 0")
        for _ in range(60):
            page.mouse.wheel(0, 900)
            page.wait_for_timeout(16)
        self.found["frames over 34 ms while scrolling"] = page.evaluate(
            "window.seen.frames.filter(ms => ms > 34).length"
        )

    def _hear(self, page: Page) -> None:
        times = []
        page.keyboard.press("Home")
        for number in range(3):
            title = f"Heard {self._slowdown} {number} {time.time_ns()}"
            page.evaluate("text => (window.seen.awaited = text)", title)
            begun = time.time() * 1000
            self._client.post("/tasks", json={"title": title}).raise_for_status()
            times.append(_wait(page, f"window.seen.texts[{json.dumps(title)}] ?? 0") - begun)
        self.found["another client's change, ms"] = statistics.median(times)

    def _memory(self, tools: CDPSession) -> None:
        tools.send("HeapProfiler.collectGarbage")
        self.found["heap, MiB"] = tools.send("Runtime.getHeapUsage")["usedSize"] / 2**20


def _wait(page: Page, expression: str) -> float:
    """Ask the page until it says a number."""
    deadline = time.monotonic() + SECONDS_TO_ARRIVE
    while not (value := page.evaluate(expression)):
        if time.monotonic() > deadline:
            message = f"the page does not get there: {expression}"
            raise TimeoutError(message)
        page.wait_for_timeout(20)
    return float(value)
