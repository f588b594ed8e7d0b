"""Journeys of what happens elsewhere: it shows at once, and takes nothing away from whoever is typing."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Journey, expect_rows, stored
from tests.e2e.site import PASSWORD, Person, Site

pytestmark = pytest.mark.e2e


def listening(page: Page) -> None:
    """Wait until the page hears of changes."""
    # Not wait_for_function: it would evaluate text in the page, which the page's policy forbids.
    while not page.evaluate("performance.getEntriesByType('resource').some(one => one.name.includes('/changes'))"):
        page.wait_for_timeout(50)
    page.wait_for_timeout(300)


def test_another_browser_shows_a_change_within_a_second(journey: Journey, person: Person) -> None:
    person.add("Buy milk", "Call the dentist")
    here, there = journey.signed_in(person.name), journey.signed_in(person.name)
    expect_rows(there, "Buy milk", "Call the dentist")
    listening(there)
    here.get_by_role("button", name="Complete: Buy milk").click()
    begin = time.monotonic()
    expect(there.get_by_text("Buy milk")).to_have_count(0)
    assert time.monotonic() - begin < 1
    here.get_by_label("Add a task", exact=True).fill("Renew passport")
    here.keyboard.press("Enter")
    begin = time.monotonic()
    expect(there.get_by_text("Renew passport")).to_be_visible()
    assert time.monotonic() - begin < 1
    expect_rows(there, "Call the dentist", "Renew passport")


def test_one_tab_listens_for_all_and_another_goes_on_when_it_closes(journey: Journey, person: Person) -> None:
    first = journey.signed_in(person.name)
    listening(first)
    streams: list[str] = []
    first.context.on("request", lambda request: streams.append(request.url) if "/events" in request.url else None)
    second, third = first.context.new_page(), first.context.new_page()
    for page in (second, third):
        page.goto("/app/inbox")
        expect(page.get_by_text("Nothing here.")).to_be_visible()
    assert streams == []
    person.add("Buy milk")
    for page in (first, second, third):
        expect(page.get_by_text("Buy milk")).to_be_visible(timeout=1500)
    first.close()
    second.wait_for_timeout(500)
    assert len(streams) == 1
    person.add("Call the dentist")
    for page in (second, third):
        expect(page.get_by_text("Call the dentist")).to_be_visible(timeout=1500)


def test_what_is_being_typed_is_not_overwritten(journey: Journey, person: Person) -> None:
    (task,) = person.add("Buy milk")
    page = journey.signed_in(person.name)
    listening(page)
    page.get_by_text("Buy milk").click()
    page.keyboard.press("r")
    page.keyboard.type("Buy oat")
    person.patch(f"/tasks/{task}", {"priority": 4, "title": "Buy soy milk"})
    page.wait_for_timeout(1000)
    field = page.get_by_label("Title of the task")
    expect(field).to_have_value("Buy oat")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect_rows(page, "Buy soy milk")


def test_projects_sections_and_their_end_are_heard_of(journey: Journey, site: Site, person: Person) -> None:
    other = site.person(f"other-{person.name}")
    page = journey.signed_in(person.name)
    listening(page)
    shared = other.post("/projects", {"name": "Shared"})["id"]
    other.post(f"/projects/{shared}/sections", {"name": "Later"})
    other.add("Look at me", project_id=shared)
    other.post(f"/projects/{shared}/members", {"username": person.name, "role": "viewer"})
    page.get_by_role("link", name="Shared").click()
    expect_rows(page, "Look at me")
    expect(page.get_by_role("heading", name="Later")).to_be_visible()
    expect(page.locator("main").get_by_role("textbox")).to_have_count(0)
    other.patch(f"/projects/{shared}/members/{person.get('/me')['id']}", {"role": "editor"})
    expect(page.get_by_label("Add a task to Shared")).to_be_visible(timeout=2000)
    other.delete(f"/projects/{shared}/members/{person.get('/me')['id']}")
    expect(page.get_by_role("link", name="Shared")).to_have_count(0, timeout=2000)
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_session_ended_elsewhere_asks_for_the_password_within_a_second(journey: Journey, person: Person) -> None:
    journey.allow("status of 401")
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    listening(page)
    person.delete("/sessions")
    begin = time.monotonic()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    assert time.monotonic() - begin < 1.5
    page.wait_for_timeout(300)
    assert not any(stored(page).values())
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect_rows(page, "Buy milk")
    person.add("Call the dentist")
    expect(page.get_by_text("Call the dentist")).to_be_visible(timeout=3000)
