"""Journeys that begin or end in a letter: an address that is confirmed, a password that was forgotten."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.auth.mailbox import Mailbox
from tests.e2e.browsing import DESKTOP, PHONE, Journey, check_accessibility
from tests.e2e.site import PASSWORD, Site, serving
from tests.services import free_port

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Yield a mail server in a thread of its own: the browser keeps this one busy."""
    box, loop = Mailbox(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(box.open(), loop).result(5)
    yield box
    asyncio.run_coroutine_threadsafe(box.close(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def posting(mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield a server that sends mail."""
    folder, port = tmp_path_factory.mktemp("posting"), free_port()
    with serving(folder, smtp_url=mailbox.url, port=port, public_url=f"http://127.0.0.1:{port}") as site:
        yield site


@pytest.fixture
def travel(browser: Browser, posting: Site) -> Iterator[Journey]:
    journey = Journey(browser, posting.url)
    yield journey
    journey.finish()


def token_sent_to(mailbox: Mailbox, address: str, nth: int = 1) -> str:
    deadline = time.monotonic() + 15
    while len(mailbox.to(address)) < nth:
        assert time.monotonic() < deadline, "no letter came"
        time.sleep(0.05)
    return mailbox.to(address)[nth - 1].token


def follow(page: Page, path: str) -> None:
    page.goto("about:blank")
    page.goto(path)


def test_an_address_is_confirmed_and_brings_a_forgotten_password_back(
    travel: Journey, posting: Site, mailbox: Mailbox
) -> None:
    travel.allow("status of 403")
    address = "mira@example.org"
    person = posting.person("mira")
    person.post("/me/email", {"email": address, "current_password": PASSWORD})
    page = travel.page(**PHONE)
    link = f"/app/confirm#token={token_sent_to(mailbox, address)}"
    page.goto(link)
    expect(page.locator("main").get_by_role("status")).to_contain_text("Your e-mail address is confirmed")
    assert "#" not in page.url
    assert person.get("/me")["email"] == address
    check_accessibility(page, "address confirmed")
    follow(page, link)
    expect(page.locator("main").get_by_role("alert")).to_contain_text("This link is not valid any more")
    expect(page.get_by_text("ask for it again from your account")).to_be_visible()
    check_accessibility(page, "address not confirmed")
    page.get_by_role("button", name="Go to my tasks").click()

    page.get_by_role("link", name="Forgot your password?").click()
    send = page.get_by_role("button", name="Send a link")
    send.click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    page.get_by_label("Username or e-mail").fill(address)
    send.click()
    said = "If that account has a confirmed address, a link is on its way."
    expect(page.locator("main").get_by_role("status")).to_have_text(said)
    follow(page, f"/app/reset#token={token_sent_to(mailbox, address, 2)}")
    page.get_by_label("New password").fill("another password, long enough")
    page.get_by_role("button", name="Save password").click()
    expect(page.locator("main").get_by_role("status").first).to_contain_text("Password saved")
    # Nobody learns here who has an account.
    follow(page, "/app/forgot")
    page.get_by_label("Username or e-mail").fill("nobody-of-that-name")
    page.keyboard.press("Enter")
    expect(page.locator("main").get_by_role("status")).to_have_text(said)


def test_too_many_letters_and_none_are_told_in_words(travel: Journey) -> None:
    travel.allow("status of 429", "status of 409")
    page = travel.page()
    answers = iter([(429, "too_many_requests", {"Retry-After": "120"}), (409, "mail_not_configured", {})])

    def refuse(route: Route) -> None:
        status, code, headers = next(answers)
        route.fulfill(status=status, json={"code": code, "title": code}, headers=headers)

    page.route("**/forgot", lambda route: refuse(route) if route.request.method == "POST" else route.continue_())
    page.goto("/app/forgot")
    page.get_by_label("Username or e-mail").fill("mira")
    page.get_by_role("button", name="Send a link").click()
    expect(page.locator("main").get_by_role("alert")).to_have_text("Too many tries. Wait 2 minutes.")
    page.get_by_role("button", name="Send a link").click()
    expect(page.locator("main").get_by_role("alert")).to_contain_text("This server sends no mail.")
    expect(page.get_by_label("Username or e-mail")).to_have_value("mira")


def test_without_mail_the_administrator_is_asked(journey: Journey) -> None:
    page = journey.page()
    page.goto("/app/signin")
    expect(page.get_by_text("Ask the administrator of this server for a link.")).to_be_visible()
    expect(page.get_by_role("link", name="Forgot your password?")).to_have_count(0)
    page.goto("/app/forgot")
    expect(page.locator("main").get_by_role("status")).to_contain_text("This server sends no mail.")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_asking_for_a_link_is_accessible(travel: Journey, size: dict[str, object]) -> None:
    page = travel.page(**size)
    page.goto("/app/forgot")
    page.get_by_role("button", name="Send a link").click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    check_accessibility(page, "forgot")
