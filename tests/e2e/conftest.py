"""Fixtures of journeys: one server a run, one browser a module, an account and watched pages a test."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browsing import FLAGS, Journey
from tests.e2e.site import Person, Site, serving
from tests.services import chromium

_numbers = count(1)


# Of a module, not of the run: as long as Playwright is there, no test of the same worker can have an event loop.
@pytest.fixture(scope="module")
def chrome() -> Iterator[Callable[..., Browser]]:
    """Yield a function that starts a browser with further arguments."""
    with sync_playwright() as playwright:
        yield lambda *arguments: playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *arguments])


@pytest.fixture(scope="module")
def browser(chrome: Callable[..., Browser]) -> Iterator[Browser]:
    browser = chrome()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a server with an administrator."""
    with serving(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[Site]:
    """Yield a server that nobody has set up."""
    with serving(tmp_path, admin=False) as site:
        yield site


@pytest.fixture
def person(site: Site) -> Person:
    """Return an account of this test's own, without tasks."""
    return site.person(f"mira{next(_numbers)}")


@pytest.fixture
def journey(browser: Browser, site: Site) -> Iterator[Journey]:
    journey = Journey(browser, site.url)
    yield journey
    journey.finish()
