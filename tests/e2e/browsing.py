"""Browser pages that are watched: whatever the browser complains of fails the journey, unless it was foretold."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.e2e.site import PASSWORD, ROOT

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
Options = dict[str, Any]
PHONE: Options = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
DESKTOP: Options = {"viewport": {"width": 1280, "height": 800}}


@dataclass
class Journey:
    """Opens browser windows on one site and keeps a list of what was wrong."""

    browser: Browser
    url: str
    complaints: list[str] = field(default_factory=list)
    _expected: list[str] = field(default_factory=lambda: ["Service Worker registration blocked by Playwright"])
    _contexts: list[BrowserContext] = field(default_factory=list)

    def allow(self, *texts: str) -> None:
        """Expect complaints that hold one of these texts: a refusal that the journey provokes."""
        self._expected.extend(texts)

    def window(self, **options: Any) -> BrowserContext:
        """Open a window with cookies and storage of its own."""
        usual: Options = {"base_url": self.url, "locale": "en-GB", "service_workers": "block", **DESKTOP}
        context = self.browser.new_context(**{**usual, **options})
        context.set_default_timeout(10_000)
        context.on("page", self._watch)
        self._contexts.append(context)
        return context

    def page(self, **options: Any) -> Page:
        return self.window(**options).new_page()

    def signed_in(self, name: str, *, at: str = "/app/inbox", **options: Any) -> Page:
        """Return a page of somebody who came there, was sent to the form, and has signed in."""
        page = self.page(**options)
        sign_in(page, name, at=at)
        page.wait_for_url(f"**{at}")
        expect(page.locator("main h1")).to_be_visible()
        return page

    def finish(self) -> None:
        for context in self._contexts:
            context.close()
        assert not self.complaints, "\n".join(self.complaints)

    def _watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complain(f"exception: {error.stack or error}"))
        page.on("request", lambda request: self._check_origin(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _check_origin(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self._complain(f"foreign: {url}")

    def _complain(self, text: str) -> None:
        if not any(part in text for part in self._expected):
            self.complaints.append(text)


def sign_in(page: Page, name: str, password: str = PASSWORD, *, remember: bool = True, at: str = "/app/signin") -> None:
    page.goto(at)
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("checkbox").set_checked(remember)
    page.get_by_role("button", name="Sign in").click()


def check_accessibility(page: Page, where: str) -> None:
    """Fail on any violation that axe finds on the page as it is now, in this theme and by its colours in the other."""
    page.evaluate(AXE.read_text())
    dark: bool = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    problems = _violations(page, {"runOnly": RULES})
    page.emulate_media(color_scheme="light" if dark else "dark")
    problems += _violations(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    page.emulate_media(color_scheme="dark" if dark else "light")
    assert not problems, "\n".join(f"{where}: {problem}" for problem in problems)


def _violations(page: Page, options: Options) -> list[str]:
    page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)))")
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def rows(page: Page) -> list[str]:
    """Return the titles that the list shows, from top to bottom."""
    titles: list[str] = page.locator("[role=row]").evaluate_all(
        "rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)"
        ".flatMap(row => row.querySelector('.text')?.textContent ?? [])"
    )
    return titles


def expect_rows(page: Page, *titles: str) -> None:
    """Wait until the list shows exactly these tasks."""
    deadline = time.monotonic() + 5
    while rows(page) != list(titles) and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    assert rows(page) == list(titles)


def focused(page: Page) -> str:
    """Return the title of the row that has the focus, or what else has it."""
    text: str = page.evaluate(
        "() => { const at = document.activeElement; "
        "return at.querySelector('.text')?.textContent ?? at.getAttribute('aria-label') ?? at.textContent }"
    )
    return text.strip()


def stored(page: Page) -> dict[str, list[Any]]:
    """Return all that the page keeps in IndexedDB, by store."""
    found: dict[str, list[Any]] = page.evaluate(
        """async () => {
          const read = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))
          const found = {}
          for (const { name } of await indexedDB.databases()) {
            const database = await read(indexedDB.open(name))
            for (const store of database.objectStoreNames)
              found[store] = await read(database.transaction(store).objectStore(store).getAll())
            database.close()
          }
          return found
        }"""
    )
    return found


def kept(page: Page) -> None:
    """Wait until the device has a copy of what the page shows."""
    deadline = time.monotonic() + 5
    while not stored(page).get("head"):
        assert time.monotonic() < deadline, "nothing was kept"
        page.wait_for_timeout(50)


def picture(page: Page, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
