"""Journeys through a day's work: by mouse, by keyboard alone, on a phone, and with less rights."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import PHONE, Journey, expect_rows, focused, rows
from tests.e2e.site import Person, Site

pytestmark = pytest.mark.e2e


def test_by_mouse(journey: Journey, person: Person) -> None:
    # A title that is changed before the undone completion has been heard of: refused once, and sent again upon it.
    journey.allow("status of 412")
    person.add("Buy milk", "Call the dentist")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk", "Call the dentist")

    page.get_by_label("Add a task", exact=True).fill("Renew passport")
    page.get_by_role("button", name="Add", exact=True).click()
    expect_rows(page, "Buy milk", "Call the dentist", "Renew passport")

    page.get_by_role("button", name="Complete: Buy milk").click()
    expect(page.get_by_role("status").filter(has_text="Task completed")).to_be_visible()
    expect_rows(page, "Call the dentist", "Renew passport")
    page.get_by_role("button", name="Undo").click()
    expect_rows(page, "Buy milk", "Call the dentist", "Renew passport")

    page.get_by_text("Buy milk").dblclick()
    page.get_by_label("Title of the task").fill("Buy oat milk")
    page.locator("main h1").click()
    expect_rows(page, "Buy oat milk", "Call the dentist", "Renew passport")

    line = page.get_by_role("row").filter(has_text="Call the dentist")
    line.hover()
    line.get_by_role("button", name="Move to Trash").click()
    expect_rows(page, "Buy oat milk", "Renew passport")
    page.get_by_role("link", name="Trash").click()
    expect_rows(page, "Call the dentist")
    page.get_by_role("row").hover()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    page.get_by_role("link", name="Inbox").click()
    expect_rows(page, "Buy oat milk", "Call the dentist", "Renew passport")
    person.expect("Buy oat milk", "Call the dentist", "Renew passport")


def test_by_keyboard_alone(journey: Journey, person: Person) -> None:
    person.add("One", "Two", "Three")
    page = journey.signed_in(person.name)
    keys = page.keyboard
    expect_rows(page, "One", "Two", "Three")

    keys.press("q")
    keys.type("Zero")
    keys.press("Enter")
    assert focused(page) == "What is to be done"
    keys.type("a draft")
    keys.press("Escape")
    expect_rows(page, "One", "Two", "Three", "Zero")

    keys.press("j")
    keys.press("j")
    keys.press("k")
    assert focused(page) == "One"
    keys.press("e")
    assert focused(page) == "Two"
    expect_rows(page, "Two", "Three", "Zero")
    keys.press("z")
    expect_rows(page, "One", "Two", "Three", "Zero")
    assert focused(page) == "Two"

    keys.press("r")
    keys.press("Control+a")
    keys.type("Two and a half")
    keys.press("Enter")
    expect_rows(page, "One", "Two and a half", "Three", "Zero")
    assert focused(page) == "Two and a half"
    keys.press("r")
    keys.type("never mind")
    keys.press("Escape")
    assert focused(page) == "Two and a half"

    keys.press("#")
    assert focused(page) == "Three"
    expect_rows(page, "One", "Three", "Zero")
    keys.press("Control+z")
    expect_rows(page, "One", "Two and a half", "Three", "Zero")
    keys.press("Control+Shift+z")
    expect_rows(page, "One", "Three", "Zero")
    person.expect("One", "Three", "Zero")


def test_between_pages_by_keyboard_alone(journey: Journey, person: Person) -> None:
    (task,) = person.add("Two and a half")
    person.delete(f"/tasks/{task}")
    page = journey.signed_in(person.name)
    keys = page.keyboard
    keys.press("q")
    keys.type("a draft")
    keys.press("Escape")

    keys.press("g")
    keys.press("x")
    expect(page.locator("main h1")).to_have_text("Trash")
    expect(page.locator("main h1")).to_be_focused()
    expect_rows(page, "Two and a half")
    keys.press("ArrowDown")
    assert focused(page) == "Two and a half"
    keys.press("u")
    expect(page.get_by_text("The trash is empty.")).to_be_visible()

    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    # From every page, and with the draft that was kept.
    keys.press("q")
    expect(page.get_by_label("What is to be done")).to_be_focused()
    expect(page.get_by_label("What is to be done")).to_have_value("a draft")
    person.expect("Two and a half")


def test_single_keys_can_be_switched_off(journey: Journey, person: Person) -> None:
    person.add("Stay")
    page = journey.signed_in(person.name)
    page.keyboard.press("?")
    page.get_by_role("switch", name="Single-key shortcuts").click()
    page.keyboard.press("Escape")
    page.get_by_text("Stay").click()
    page.keyboard.press("e")
    page.keyboard.press("#")
    page.reload()
    page.keyboard.press("q")
    expect_rows(page, "Stay")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_text("Stay").click()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.keyboard.press("Control+z")
    expect_rows(page, "Stay")


def test_on_a_phone(journey: Journey, person: Person) -> None:
    person.add("Buy milk", "Call the dentist")
    page = journey.signed_in(person.name, **PHONE)
    expect_rows(page, "Buy milk", "Call the dentist")
    page.get_by_role("button", name="Add task").tap()
    expect(page.get_by_label("What is to be done")).to_be_focused()
    page.keyboard.type("Renew passport")
    page.get_by_role("dialog").get_by_role("button", name="Add task").tap()
    page.get_by_role("dialog").get_by_role("button", name="Close").tap()
    expect_rows(page, "Buy milk", "Call the dentist", "Renew passport")

    page.get_by_role("button", name="Complete: Buy milk").tap()
    expect_rows(page, "Call the dentist", "Renew passport")
    page.get_by_role("button", name="Undo").tap()
    expect_rows(page, "Buy milk", "Call the dentist", "Renew passport")

    page.get_by_text("Call the dentist").tap()
    page.get_by_label("Title of the task").fill("Call the doctor")
    page.get_by_role("button", name="Close the task").tap()
    expect_rows(page, "Buy milk", "Call the doctor", "Renew passport")
    page.get_by_text("Buy milk").tap()
    page.get_by_role("button", name="More actions").tap()
    page.get_by_role("menuitem", name="Move to Trash").tap()
    expect_rows(page, "Call the doctor", "Renew passport")
    page.get_by_role("button", name="More").tap()
    page.get_by_role("dialog").get_by_role("link", name="Trash").tap()
    expect_rows(page, "Buy milk")
    page.get_by_role("button", name="Restore").tap()
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    person.expect("Buy milk", "Call the doctor", "Renew passport")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_projects_filter_and_take_new_tasks(journey: Journey, person: Person) -> None:
    home = person.post("/projects", {"name": "Home"})["id"]
    person.add("Fix the tap", project_id=home)
    person.add("Something else")
    page = journey.signed_in(person.name, at="/app/all")
    expect_rows(page, "Something else", "Fix the tap")
    page.get_by_role("link", name="Home").click()
    expect(page.locator("main h1")).to_have_text("Home")
    expect_rows(page, "Fix the tap")
    page.get_by_label("Add a task to Home").fill("Paint the door")
    page.keyboard.press("Enter")
    expect_rows(page, "Fix the tap", "Paint the door")
    person.expect("Fix the tap", "Paint the door", query=f"project_id={home}")

    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name of the project").fill("Garden")
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Garden")
    expect(page.get_by_text("No open tasks in this project.")).to_be_visible()


def test_a_guest_sees_no_way_to_write(journey: Journey, site: Site, person: Person) -> None:
    guest = site.person(f"guest-of-{person.name}", "guest")
    shared = person.post("/projects", {"name": "Shared"})["id"]
    person.add("Look at me", project_id=shared)
    person.post(f"/projects/{shared}/members", {"username": guest.name, "role": "viewer"})
    page = journey.signed_in(guest.name, at="/app/all")
    expect(page.get_by_text("You have view-only access.")).to_be_visible()
    expect_rows(page, "Look at me")
    page.get_by_text("Look at me").click()
    for key in ("e", "#", "r", "q", "Delete", "z"):
        page.keyboard.press(key)
    page.get_by_text("Look at me").dblclick()
    expect_rows(page, "Look at me")
    for name in ("New task", "New project", "Rename", "Move to Trash", "Complete: Look at me"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.locator("main").get_by_role("textbox")).to_have_count(0)
    person.expect("Look at me", query=f"project_id={shared}")


def test_a_viewer_of_a_project_writes_elsewhere_only(journey: Journey, site: Site, person: Person) -> None:
    viewer = site.person(f"viewer-of-{person.name}")
    shared = person.post("/projects", {"name": "Shared"})["id"]
    person.add("Look at me", project_id=shared)
    person.post(f"/projects/{shared}/members", {"username": viewer.name, "role": "viewer"})
    viewer.add("My own")
    page = journey.signed_in(viewer.name, at="/app/all")
    expect_rows(page, "My own", "Look at me")
    expect(page.get_by_role("button", name="Complete: My own")).to_have_count(1)
    expect(page.get_by_role("button", name="Complete: Look at me")).to_have_count(0)
    page.get_by_role("link", name="Shared").click()
    expect_rows(page, "Look at me")
    expect(page.locator("main").get_by_role("textbox")).to_have_count(0)


def test_thousands_of_tasks_scroll_and_hostile_titles_are_text(journey: Journey, person: Person) -> None:
    hostile = "<img src=x onerror=\"document.title='owned'\"><script>alert(1)</script>{{7*7}}"
    person.add(*[f"Task {number}" for number in range(450)])
    person.add(hostile)
    page = journey.signed_in(person.name)
    expect(page.get_by_text("Task 0", exact=True)).to_be_visible()
    assert page.locator("main *").count() < 1500
    page.get_by_text("Task 0", exact=True).click()
    page.keyboard.press("End")
    expect(page.get_by_text(hostile)).to_be_visible()
    assert focused(page) == hostile
    assert page.locator("main *").count() < 1500
    assert page.title() == "Inbox · TaskManager"
    assert len(rows(page)) < 80
    page.keyboard.press("Home")
    assert focused(page) == "Task 0"
