"""Journeys of finding: the palette, the search with its highlights, filters that are checked, kept and taken away."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import PHONE, Journey, check_accessibility, expect_rows, focused
from tests.e2e.site import Person

pytestmark = pytest.mark.e2e


def test_the_palette_runs_goes_and_opens(journey: Journey, person: Person) -> None:
    person.post("/projects", {"name": "Home"})
    person.add("Buy milk", "Call the dentist")
    page = journey.signed_in(person.name)
    page.get_by_text("Buy milk").click()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Commands and search")
    expect(field).to_be_focused()
    check_accessibility(page, "palette")
    # A command of the list acts on the row that had the focus.
    field.fill("complete or")
    page.keyboard.press("Enter")
    expect_rows(page, "Call the dentist")
    page.keyboard.press("Control+k")
    field.fill("home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    field.fill("dentist")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Task: Call the dentist")).to_be_visible()
    page.keyboard.press("Control+k")
    field.fill("dentist")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{journey.url}/app/search?q=dentist")
    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("[")
    expect(page.get_by_role("link", name="Upcoming")).to_have_count(0)
    page.keyboard.press("[")
    expect(page.get_by_role("link", name="Upcoming")).to_be_visible()


def test_words_and_filters_find_and_filters_are_kept(journey: Journey, person: Person) -> None:
    journey.allow("status of 422")
    (milk, _, _) = person.add("Buy <i>milk</i>", "Call the dentist", "Water the plants")
    person.post(f"/tasks/{milk}/comments", {"body": "The oat kind, of the farm shop"})
    person.patch(f"/tasks/{milk}", {"labels": ["shop"], "priority": 4})
    page = journey.signed_in(person.name)
    page.keyboard.press("/")
    expect(page.get_by_role("heading", name="Search", level=1)).to_be_focused()
    found = page.locator("main").get_by_role("listitem")
    page.get_by_role("searchbox").fill("oat")
    expect(found).to_have_count(1)
    expect(found.get_by_role("link")).to_have_text("Buy <i>milk</i>")
    expect(found.locator("mark")).to_have_text("oat")
    check_accessibility(page, "search")
    page.get_by_role("searchbox").fill("")
    sentence = page.get_by_label("Filter", exact=True)
    sentence.fill("@shop &")
    expect(page.get_by_role("alert").filter(has_text="expected")).to_be_visible()
    sentence.fill("@shop & p1")
    expect(found).to_have_count(1)
    page.get_by_role("button", name="Save filter").click()
    page.get_by_label("Name of the filter").fill("Urgent shopping")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Urgent shopping", level=1)).to_be_visible()
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("link", name="Urgent shopping").click()
    expect(found).to_have_count(1)
    found.get_by_role("link").click()
    expect(page.get_by_role("region", name="Task: Buy")).to_be_visible()
    page.keyboard.press("Escape")
    assert focused(page) == "Buy <i>milk</i>"
    page.get_by_role("button", name="Delete filter").click()
    expect(page.get_by_role("link", name="Urgent shopping")).to_have_count(0)
    page.get_by_role("link", name="shop").click()
    expect_rows(page, "Buy <i>milk</i>")


def test_searching_on_a_phone_in_the_dark(journey: Journey, person: Person) -> None:
    person.add("Buy milk", "Call the dentist")
    page = journey.signed_in(person.name, color_scheme="dark", **PHONE)
    page.get_by_role("button", name="More").tap()
    page.get_by_role("dialog").get_by_role("link", name="Search").tap()
    page.get_by_role("searchbox").fill("dent")
    expect(page.locator("main").get_by_role("listitem")).to_have_count(1)
    check_accessibility(page, "search on a phone")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
