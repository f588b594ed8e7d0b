"""Journeys of quick add: a line is understood while it is typed, and lands where it says."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Journey, check_accessibility, expect_rows
from tests.e2e.site import Person

pytestmark = pytest.mark.e2e


def test_a_line_is_understood_and_lands_where_it_says(journey: Journey, person: Person) -> None:
    home = person.post("/projects", {"name": "Home"})["id"]
    page = journey.signed_in(person.name, at="/app/calendar")
    page.keyboard.press("q")
    field = page.get_by_label("What is to be done")
    expect(field).to_be_focused()
    page.keyboard.type('Pay rent #Home @money p1 24 dec 2030 9am every month // from the "joint" account')
    understood = page.get_by_role("group", name="Understood")
    expect(understood.locator(".chip")).to_have_count(6)
    expect(understood.get_by_text("Repeats: every month")).to_be_visible()
    check_accessibility(page, "quick add")
    # What is taken as text is not understood any more.
    understood.get_by_role("button", name="Remove: Label: @money").click()
    expect(understood.locator(".chip")).to_have_count(5)
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_role("region", name="Task: Pay rent")).to_be_visible()
    person.expect('Pay rent "@money"', query=f"project_id={home}")
    (task,) = person.get(f"/tasks?project_id={home}")["items"]
    assert (task["priority"], task["labels"], task["recurrence"]["rrule"]) == (4, [], "FREQ=MONTHLY")
    assert task["due"]["datetime"] == "2030-12-24T09:00:00"


def test_several_lines_names_nobody_knows_and_undo(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name)
    page.keyboard.press("q")
    field = page.get_by_label("What is to be done")
    field.fill("Party\n  Cake\n  Balloons p2")
    page.get_by_role("button", name="Add 3 tasks").click()
    expect(field).to_have_value("")
    page.keyboard.type("Dig #Garden")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("#Garden is not known")).to_be_visible()
    dialog.get_by_role("checkbox", name="Create #Garden").check()
    field.press("Enter")
    expect(field).to_have_value("")
    page.keyboard.type("a draft")
    page.keyboard.press("Escape")
    expect_rows(page, "Party", "Cake", "Balloons")
    page.get_by_role("link", name="Garden").click()
    expect_rows(page, "Dig")
    page.get_by_role("link", name="Inbox").click()
    page.keyboard.press("z")
    page.keyboard.press("z")
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.keyboard.press("c")
    expect(field).to_have_value("a draft")


def test_without_a_server_a_line_waits(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch")
    page = journey.signed_in(person.name)
    page.keyboard.press("q")
    expect(page.get_by_label("What is to be done")).to_be_focused()
    page.context.set_offline(True)
    page.keyboard.type("Water the plants tomorrow")
    page.keyboard.press("Enter")
    expect(page.get_by_label("What is to be done")).to_have_value("")
    page.keyboard.press("Escape")
    page.context.set_offline(False)
    expect_rows(page, "Water the plants")
    (task,) = person.get("/tasks")["items"]
    assert task["due"] is not None
