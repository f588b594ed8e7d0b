"""Journeys of a session: refreshing in several tabs, losing an answer, ending, and what script can read of it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.browsing import Journey, expect_rows, kept, sign_in
from tests.e2e.site import PASSWORD, Person

pytestmark = pytest.mark.e2e

EVERYTHING_READABLE = """async () => {
  const read = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)))
  const databases = []
  for (const { name } of await indexedDB.databases()) {
    const database = await read(indexedDB.open(name))
    for (const store of database.objectStoreNames)
      databases.push(await read(database.transaction(store).objectStore(store).getAll()))
    database.close()
  }
  const caches_ = await caches.keys()
  return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, databases, caches_, window.name,
    document.documentElement.outerHTML, performance.getEntriesByType('resource').map(({ name }) => name)])
}"""


def expire_access(page: Page) -> None:
    page.context.clear_cookies(name="__Host-tm_access")


def end_session(person: Person) -> None:
    person.delete("/sessions")


def test_no_token_can_be_read_by_script(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name)
    page.reload()
    expect(page.locator("main h1")).to_have_text("Inbox")
    tokens = [cookie["value"] for cookie in page.context.cookies() if cookie["name"].startswith("__Host-tm_")]
    assert len(tokens) == 2
    kept(page)
    readable = page.evaluate(EVERYTHING_READABLE)
    assert f'"username":"{person.name}"' in readable
    assert page.evaluate("document.cookie") == ""
    for token in tokens:
        assert token not in readable
        assert token[:20] not in readable
    assert "eyJ" not in readable
    assert "tmr_" not in readable


def test_two_tabs_refresh_with_one_request(journey: Journey, person: Person) -> None:
    person.add("Buy milk")
    first = journey.signed_in(person.name)
    second = first.context.new_page()
    second.goto("/app/all")
    for page in (first, second):
        expect_rows(page, "Buy milk")
    asked: list[Request] = []
    first.context.on("request", lambda request: asked.append(request) if request.url.endswith("/refresh") else None)
    journey.allow("status of 401")
    expire_access(first)
    act = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));"
    for page in (first, second):
        page.keyboard.press("j")
        # Both send a change in the same moment, with an access token that has expired.
        page.evaluate(f"setTimeout(() => {{ {act.replace('j', 'e')} }}, 500 - Date.now() % 500)")
    for page in (first, second):
        expect(page.get_by_text("No open tasks.").or_(page.get_by_text("Nothing here."))).to_be_visible()
    first.wait_for_timeout(500)
    assert len(asked) == 1, [request.headers for request in asked]
    assert "idempotency-key" in asked[0].headers
    person.expect("Buy milk", query="status=done")


def test_a_lost_refresh_answer_costs_nothing(journey: Journey, person: Person) -> None:
    journey.allow("status of 401", "net::ERR_", "Failed to fetch")
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            # The server rotates, the browser never hears of it.
            send_without_browser(route)
            route.abort()
        else:
            route.continue_()

    def send_without_browser(route: Route) -> None:
        import httpx

        jar = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        answer = httpx.post(
            route.request.url, content=route.request.post_data, headers=route.request.headers, cookies=jar
        )
        assert answer.status_code == 200, answer.text

    page.route(re.compile("/refresh$"), lose)
    expire_access(page)
    page.get_by_role("button", name="Complete: Buy milk").click()
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.wait_for_timeout(3000)
    assert len(keys) == 2
    assert keys[0] == keys[1]
    expect(page.get_by_role("dialog")).to_have_count(0)
    person.expect("Buy milk", query="status=done")


def test_an_ended_session_asks_again_and_keeps_the_work(journey: Journey, person: Person) -> None:
    journey.allow("status of 401", "net::ERR_", "Failed to fetch")
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    page.get_by_label("Add a task", exact=True).fill("a draft")
    page.context.set_offline(True)
    page.get_by_role("button", name="Complete: Buy milk").click()
    end_session(person)
    page.context.set_offline(False)
    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_contain_text("One change waits to be saved.")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Username")).to_have_value(person.name)
    dialog.get_by_label("Password", exact=True).fill("not the right password")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("not right")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Add a task", exact=True)).to_have_value("a draft")
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.wait_for_timeout(500)
    person.expect("Buy milk", query="status=done")


def test_signing_out_in_one_tab_signs_out_all(journey: Journey, person: Person) -> None:
    first = journey.signed_in(person.name)
    second = first.context.new_page()
    second.goto("/app/all")
    expect(second.locator("main h1")).to_have_text("All tasks")
    first.get_by_role("button", name=f"Account: {person.name}").click()
    first.get_by_role("button", name="Sign out").click()
    for page in (first, second):
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [cookie["name"] for cookie in first.context.cookies()] == []
    stored: dict[str, Any] = first.evaluate("({ ...localStorage })")
    assert stored == {}
    assert first.evaluate("indexedDB.databases()") == []
    first.go_back()
    expect(first.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_second_tab_enters_when_the_first_signs_in(journey: Journey, person: Person) -> None:
    window = journey.window()
    waiting = window.new_page()
    waiting.goto("/app/signin")
    expect(waiting.get_by_role("heading", name="Sign in")).to_be_visible()
    page = window.new_page()
    page.goto("/app/signin")
    page.get_by_label("Username or e-mail").fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    for tab in (page, waiting):
        expect(tab.locator("main h1")).to_have_text("Today")


def test_a_page_opened_after_the_session_ended_asks_for_the_password_and_goes_on(
    journey: Journey, person: Person
) -> None:
    journey.allow("status of 401")
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    kept(page)
    page.goto("about:blank")
    end_session(person)
    page.goto("/app/all")
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("main h1")).to_have_text("All tasks")
    expect_rows(page, "Buy milk")


def test_without_a_copy_on_the_device_one_signs_in_and_gets_where_one_wanted(journey: Journey, person: Person) -> None:
    journey.allow("status of 401")
    page = journey.page()
    sign_in(page, person.name, remember=False)
    expect(page.locator("main h1")).to_have_text("Today")
    end_session(person)
    page.goto("/app/done")
    expect(page.get_by_role("status").first).to_contain_text("Your session has ended")
    page.get_by_label("Username or e-mail").fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Done")
