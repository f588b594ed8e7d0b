"""Journeys without a server: what is done meanwhile is kept, also when a page is closed, and arrives once."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.browsing import Journey, expect_rows, kept, sign_in, stored
from tests.e2e.site import PASSWORD, Person, Site, serving
from tests.services.process import free_port

pytestmark = pytest.mark.e2e


def test_what_is_done_offline_is_undone_offline_or_arrives_once(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch")
    person.add("Buy milk", "Call the dentist", "Water the plants")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk", "Call the dentist", "Water the plants")
    page.context.set_offline(True)
    page.get_by_role("button", name="Complete: Buy milk").click()
    page.get_by_text("Call the dentist").click()
    page.keyboard.press("p")
    page.keyboard.press("1")
    page.keyboard.press("#")
    expect_rows(page, "Water the plants")
    expect(page.get_by_text("Offline — 3 changes waiting").first).to_be_visible()
    page.keyboard.press("z")
    expect_rows(page, "Call the dentist", "Water the plants")
    expect(page.get_by_text("Urgent")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("changes waiting")).to_have_count(0)
    person.expect("Call the dentist", "Water the plants")
    person.expect("Buy milk", query="status=done")
    assert [task["priority"] for task in person.get("/tasks?sort=position&status=todo")["items"]] == [4, 0]


def test_a_closed_tab_leaves_its_changes_to_the_next_one(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch")
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    kept(page)
    page.route(re.compile("/tasks"), lambda route: route.abort())
    page.get_by_label("Add a task", exact=True).fill("Renew passport")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Complete: Buy milk").click()
    expect(page.get_by_text("2 changes waiting").first).to_be_visible()
    context = page.context
    page.close()
    person.expect("Buy milk")
    later = context.new_page()
    later.goto("/app/inbox")
    expect_rows(later, "Renew passport")
    person.expect("Renew passport")
    person.expect("Buy milk", query="status=done")


def test_a_lost_answer_and_a_closed_tab_still_make_one_task(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch")
    page = journey.signed_in(person.name)
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route(re.compile("/tasks$"), lose)
    page.get_by_label("Add a task", exact=True).fill("Only once")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 change waiting").first).to_be_visible()
    context = page.context
    page.close()
    assert lost
    assert set(lost) == {201}
    later = context.new_page()
    later.goto("/app/inbox")
    expect_rows(later, "Only once")
    expect(later.get_by_text("1 change waiting")).to_have_count(0)
    person.expect("Only once")


def test_a_server_that_stops_and_comes_back_is_no_end(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port=port) as site:
        journey = Journey(browser, site.url)
        journey.allow("net::ERR_", "Failed to fetch", "status of 503", "status of 502")
        person = site.person("mira")
        person.add("Buy milk")
        page = journey.signed_in("mira")
        expect_rows(page, "Buy milk")
        kept(page)
    page.get_by_role("button", name="Complete: Buy milk").click()
    page.get_by_label("Add a task", exact=True).fill("Renew passport")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Server not reached — 2 changes waiting").first).to_be_visible()
    (tmp_path / "server.log").unlink()
    with serving(tmp_path, port=port) as site:
        back = Person.sign_in(site.client, "mira")
        back.expect("Renew passport")
        back.expect("Buy milk", query="status=done")
        expect(page.get_by_text("changes waiting")).to_have_count(0)
        expect_rows(page, "Renew passport")
        journey.finish()


def test_whoever_is_not_remembered_leaves_nothing_on_the_device(journey: Journey, person: Person) -> None:
    person.add("Buy milk")
    page = journey.page()
    sign_in(page, person.name, remember=False)
    page.get_by_role("link", name="Inbox").click()
    expect_rows(page, "Buy milk")
    page.get_by_role("button", name="Complete: Buy milk").click()
    person.expect("Buy milk", query="status=done")
    page.wait_for_timeout(1000)
    assert page.evaluate("indexedDB.databases()") == []


def test_another_account_on_the_same_device_sees_nothing_of_the_first(
    journey: Journey, site: Site, person: Person
) -> None:
    journey.allow("status of 401")
    other = site.person(f"after-{person.name}")
    other.add("Mine")
    person.add("Private")
    page = journey.signed_in(person.name)
    expect_rows(page, "Private")
    kept(page)
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto("/app/inbox")
    page.get_by_role("button", name=f"Not {person.name}? Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Username or e-mail").fill(other.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Inbox").click()
    expect_rows(page, "Mine")
    kept(page)
    content = str(stored(page))
    assert "Private" not in content
    assert "Mine" in content
