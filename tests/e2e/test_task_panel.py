"""Journeys through one task: opened beside its list, changed by keyboard alone, talked about, closed again."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, Journey, check_accessibility, expect_rows, focused
from tests.e2e.site import Person, Site

pytestmark = pytest.mark.e2e


def opened(page: Page, title: str) -> None:
    expect(page.get_by_role("region", name=f"Task: {title}")).to_be_focused()


def test_a_task_is_opened_changed_and_completed_by_keyboard(journey: Journey, person: Person) -> None:
    (task, _) = person.add("Pay the rent", "Call the dentist")
    page = journey.signed_in(person.name)
    page.get_by_text("Pay the rent").click()
    page.keyboard.press("Enter")
    opened(page, "Pay the rent")
    expect(page).to_have_title("Pay the rent · TaskManager")
    panel = page.get_by_role("region", name="Task: Pay the rent")
    page.keyboard.press("d")
    page.keyboard.type("24 dec 2030 9am")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Due")).to_contain_text("24 Dec 2030")
    expect(panel.get_by_role("button", name="Due")).to_be_focused()
    page.keyboard.press("p")
    page.keyboard.press("1")
    expect(panel.get_by_role("button", name="Priority")).to_contain_text("Urgent")
    page.keyboard.press("l")
    page.keyboard.type("money")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(panel.get_by_role("button", name="Labels")).to_contain_text("money")
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Status")).to_contain_text("In progress")
    panel.get_by_role("button", name="Repeats").press("Enter")
    page.keyboard.type("every 2 weeks")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Repeats")).to_contain_text("Every 2 weeks")
    deadline = time.monotonic() + 5
    while not (kept := person.get(f"/tasks/{task}"))["recurrence"] and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert (kept["priority"], kept["labels"], kept["status"]) == (4, ["money"], "in_progress")
    assert kept["due"]["datetime"] == "2030-12-24T09:00:00"
    assert kept["recurrence"]["rrule"] == "FREQ=WEEKLY;INTERVAL=2"
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page).to_have_url(f"{journey.url}/app/inbox")
    assert focused(page) == "Pay the rent"
    page.keyboard.press("e")
    expect_rows(page, "Pay the rent", "Call the dentist")
    person.expect("Pay the rent", "Call the dentist")


def test_texts_subtasks_and_comments(journey: Journey, person: Person, site: Site) -> None:
    (task,) = person.add("Plan <b>the</b> move")
    page = journey.signed_in(person.name, at=f"/app/t/{task}")
    panel = page.get_by_role("region", name="Task:")
    # An address that is opened directly has the list of its project behind it, whether one had to sign in or not.
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    page.goto(f"/app/t/{task}")
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    panel.get_by_role("button", name="Add a description").click()
    page.keyboard.type("- [ ] boxes\n\n[bad](javascript:alert(1)) **bold** <script>alert(1)</script>")
    page.keyboard.press("Control+Enter")
    expect(panel.locator("strong")).to_have_text("bold")
    expect(panel.get_by_role("link", name="bad")).to_have_count(0)
    panel.get_by_role("checkbox").check()
    page.wait_for_timeout(100)
    assert person.get(f"/tasks/{task}")["description"].startswith("- [x] boxes")
    panel.get_by_label("Add a subtask").fill("Rent a van")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("link", name="Rent a van")).to_be_visible()
    panel.get_by_role("textbox", name="Comment").fill("Who *drives*?")
    page.keyboard.press("Control+Enter")
    comments = panel.get_by_role("region", name="Comments")
    expect(comments.locator("em")).to_have_text("drives")
    comments.get_by_role("button", name="Edit").click()
    page.keyboard.type(" Not me.")
    page.keyboard.press("Control+Enter")
    expect(comments.get_by_text("Not me.")).to_be_visible()
    check_accessibility(page, "task panel")
    person.post(f"/tasks/{task}/comments", {"body": "Anna does."})
    expect(comments.get_by_text("Anna does.")).to_be_visible(timeout=2000)
    panel.get_by_text("Activity").click()
    expect(panel.get_by_text("changed the description").first).to_be_visible()
    panel.get_by_role("link", name="Rent a van").click()
    opened(page, "Rent a van")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect_rows(page, "Plan <b>the</b> move", "Rent a van")


def test_back_and_forth(journey: Journey, person: Person) -> None:
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    page.get_by_text("Buy milk").click()
    page.keyboard.press("o")
    opened(page, "Buy milk")
    page.get_by_role("link", name="Today").click()
    expect(page.get_by_role("region", name="Task:")).to_have_count(0)
    page.go_back()
    opened(page, "Buy milk")
    expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("region", name="Task:")).to_have_count(0)
    page.go_forward()
    opened(page, "Buy milk")
    page.keyboard.press("#")
    expect(page.get_by_role("region", name="Task:")).to_have_count(0)
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.keyboard.press("z")
    expect_rows(page, "Buy milk")
    journey.allow("status of 404")
    page.goto("/app/t/00000000-0000-7000-8000-000000000000")
    expect(page.get_by_text("There is no such task")).to_be_visible()


def test_on_a_phone_a_task_fills_the_screen(journey: Journey, person: Person) -> None:
    (task,) = person.add("Buy milk", due={"date": "2030-05-01"})
    person.patch(f"/tasks/{task}", {"description": "Two litres", "labels": ["shop"]})
    page = journey.signed_in(person.name, **PHONE)
    page.get_by_text("Buy milk").tap()
    panel = page.get_by_role("region", name="Task: Buy milk")
    box = panel.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    check_accessibility(page, "task on a phone")
    panel.get_by_label("Title of the task").fill("Buy oat milk")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close the task").tap()
    expect_rows(page, "Buy oat milk")
    person.expect("Buy oat milk")


def test_a_guest_only_reads(journey: Journey, site: Site, person: Person) -> None:
    guest = site.person(f"reader-{person.name}", "guest")
    shared = person.post("/projects", {"name": "Shared"})["id"]
    (task,) = person.add("Look at me", project_id=shared)
    person.post(f"/projects/{shared}/members", {"username": guest.name, "role": "viewer"})
    page = journey.signed_in(guest.name, at=f"/app/t/{task}")
    panel = page.get_by_role("region", name="Task: Look at me")
    expect(panel.get_by_role("paragraph").first).to_have_text("Look at me")
    expect(panel.get_by_role("textbox")).to_have_count(0)
    expect(panel.get_by_role("button")).to_have_count(2)
