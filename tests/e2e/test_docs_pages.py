"""The documentation pages in a real browser, under their own strict policy."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Journey
from tests.e2e.site import ADMIN, PASSWORD

pytestmark = pytest.mark.e2e


def test_swagger_authorizes_and_tries_an_operation(journey: Journey) -> None:
    page = journey.page()
    page.goto("/docs")
    login = page.request.post("/login", data={"username": ADMIN, "password": PASSWORD}).json()
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").first.fill(login["access_token"])
    page.locator(".auth-btn-wrapper .authorize").first.click()
    page.locator(".btn-done").first.click()
    operation = page.locator(".opblock", has=page.locator('[data-path="/me"]')).filter(has_text="GET").first
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table")).to_contain_text(f'"username": "{ADMIN}"', timeout=30_000)
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_redoc_shows_and_finds_operations(journey: Journey) -> None:
    page = journey.page()
    page.goto("/redoc")
    # It draws all operations before it shows any.
    expect(page.locator("h2", has_text="List Tasks")).to_be_visible(timeout=30_000)
    page.get_by_role("textbox", name="Search").fill("undo")

    expect(page.locator('[data-role="search:results"]')).to_contain_text("Undo", timeout=30_000)


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_an_injected_inline_script_does_not_run(journey: Journey, path: str) -> None:
    journey.allow("Content Security Policy")
    page = journey.page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path)
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = true';"
        " document.body.append(s); }"
    )

    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
