"""Journeys through lists, the board and the calendar: order by hand, many tasks at once, other ways to look."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Journey, check_accessibility, expect_rows, focused
from tests.e2e.site import Person, Site

pytestmark = pytest.mark.e2e


def drag(page: Page, what: Locator, x: float, y: float, *, cancel: bool = False) -> None:
    box = what.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 120, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y, steps=8)
    if cancel:
        page.keyboard.press("Escape")
    page.mouse.up()


def centre(what: Locator) -> tuple[float, float]:
    box = what.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_list_is_ordered_by_mouse_and_by_keys(journey: Journey, person: Person) -> None:
    person.add("One", "Two", "Three")
    page = journey.signed_in(person.name)
    expect_rows(page, "One", "Two", "Three")
    rows = page.get_by_role("row")
    x, y = centre(rows.filter(has_text="Three"))
    drag(page, rows.filter(has_text="One"), x, y + 14)
    expect_rows(page, "Two", "Three", "One")
    drag(page, rows.filter(has_text="Two"), x, y + 14, cancel=True)
    expect_rows(page, "Two", "Three", "One")
    page.get_by_text("One", exact=True).click()
    page.keyboard.press("Alt+ArrowUp")
    expect_rows(page, "Two", "One", "Three")
    assert focused(page) == "One"
    expect(page.get_by_role("status").filter(has_text="Moved to position 2 of 3")).to_have_count(1)
    person.expect("Two", "One", "Three")
    page.keyboard.press("z")
    expect_rows(page, "Two", "Three", "One")
    page.reload()
    expect_rows(page, "Two", "Three", "One")


def test_sections_and_subtasks_have_their_place(journey: Journey, person: Person) -> None:
    home = person.post("/projects", {"name": "Home"})["id"]
    later = person.post(f"/projects/{home}/sections", {"name": "Later"})["id"]
    (parent, _) = person.add("Parent", "Loose", project_id=home)
    person.add("Child", project_id=home, parent_id=parent)
    page = journey.signed_in(person.name, at=f"/app/p/{home}")
    expect_rows(page, "Parent", "Child", "Loose")
    expect(page.get_by_text("0 of 1 subtasks done")).to_have_count(1)
    page.get_by_text("Loose").click()
    page.keyboard.press("Alt+ArrowDown")
    expect_rows(page, "Parent", "Child", "Loose")
    person.expect("Loose", query=f"filter=/Later&project_id={home}")
    page.get_by_role("button", name="Later").click()
    expect_rows(page, "Parent", "Child")
    assert later


def test_many_tasks_are_changed_at_once_and_undone_at_once(journey: Journey, person: Person) -> None:
    person.add("One", "Two", "Three", "Four")
    page = journey.signed_in(person.name)
    page.get_by_text("One", exact=True).click()
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    bar = page.get_by_role("toolbar", name="Selected tasks")
    expect(bar).to_contain_text("3 selected")
    check_accessibility(page, "selected tasks")
    bar.get_by_role("button", name="Priority").click()
    page.get_by_role("dialog").get_by_role("button", name="Urgent").click()
    expect(page.get_by_text("Urgent")).to_have_count(3)
    bar.get_by_role("button", name="Complete").click()
    expect_rows(page, "Four")
    person.expect("Four")
    page.keyboard.press("z")
    expect_rows(page, "One", "Two", "Three", "Four")
    person.expect("One", "Two", "Three", "Four")
    page.get_by_text("Four").click()
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text("4 selected")
    page.keyboard.press("#")
    expect(page.get_by_text("Nothing here.")).to_be_visible()
    page.keyboard.press("z")
    expect_rows(page, "One", "Two", "Three", "Four")


def test_today_shows_what_is_late_and_reschedules_it(journey: Journey, person: Person) -> None:
    late = {"date": "2020-01-01"}
    person.add("Late", "Later", due=late)
    person.add("Never")
    page = journey.signed_in(person.name, at="/app/today")
    expect_rows(page, "Late", "Later")
    page.get_by_role("button", name="Reschedule all").click()
    dialog = page.get_by_role("dialog", name="Due date")
    check_accessibility(page, "due date")
    dialog.get_by_role("button", name="Tomorrow").click()
    expect(page.get_by_text("Nothing is due today.")).to_be_visible()
    page.get_by_role("link", name="Upcoming").click()
    expect(page.get_by_role("heading", name="Tomorrow")).to_be_visible()
    expect_rows(page, "Late", "Later")
    page.keyboard.press("z")
    page.get_by_role("link", name="Today").click()
    expect_rows(page, "Late", "Later")


def test_a_board_is_arranged_by_mouse_by_keys_and_by_menu(journey: Journey, person: Person) -> None:
    home = person.post("/projects", {"name": "Home"})["id"]
    person.post(f"/projects/{home}/sections", {"name": "Doing"})
    person.add("One", "Two", "Three", project_id=home)
    page = journey.signed_in(person.name, at=f"/app/p/{home}")
    page.get_by_role("navigation", name="View").get_by_role("link", name="Board").click()
    none, doing = page.get_by_role("region", name="No section"), page.get_by_role("region", name="Doing")
    expect(none.get_by_role("group")).to_have_count(3)
    check_accessibility(page, "board")
    drag(page, none.get_by_role("group", name="Three"), *centre(doing), cancel=True)
    expect(none.get_by_role("group")).to_contain_text(["One", "Two", "Three"])
    drag(page, none.get_by_role("group", name="Three"), *centre(doing))
    expect(doing.get_by_role("group", name="Three")).to_be_focused()
    page.keyboard.press("z")
    expect(none.get_by_role("group")).to_contain_text(["One", "Two", "Three"])
    none.get_by_role("group", name="One").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(doing.get_by_role("group", name="One")).to_be_focused()
    none.get_by_role("group", name="Two").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(doing.get_by_role("group", name="Two")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(doing.get_by_role("group")).to_contain_text(["One", "Two"])
    page.keyboard.press("Alt+ArrowUp")
    expect(doing.get_by_role("group")).to_contain_text(["Two", "One"])
    none.get_by_role("group", name="Three").get_by_role("button", name="Move to…").click()
    page.get_by_role("menuitemradio", name="Doing").click()
    expect(doing.get_by_role("group")).to_contain_text(["Two", "One", "Three"])
    person.expect("Two", "One", "Three", query=f"filter=/Doing&project_id={home}")
    page.reload()
    expect(doing.get_by_role("group")).to_contain_text(["Two", "One", "Three"])


def test_a_calendar_shows_days(journey: Journey, person: Person) -> None:
    from datetime import date

    person.add("Dentist", due={"date": str(date.today())})  # noqa: DTZ011 - the day of this machine, as of its browser
    page = journey.signed_in(person.name, at="/app/calendar")
    expect(page.get_by_role("button", name="Dentist", exact=True)).to_be_visible()
    check_accessibility(page, "calendar")
    for span in ("Week", "Agenda"):
        page.get_by_role("button", name=span).click()
        expect(page.get_by_role("button", name="Dentist", exact=True)).to_be_visible()
    page.get_by_role("button", name="Complete: Dentist").click()
    expect(page.get_by_role("button", name="Dentist", exact=True)).to_have_count(0)


def test_a_guest_moves_nothing_on_list_and_board(journey: Journey, site: Site, person: Person) -> None:
    guest = site.person(f"guest-at-{person.name}", "guest")
    shared = person.post("/projects", {"name": "Shared"})["id"]
    person.add("Look at me", "And me", project_id=shared)
    person.post(f"/projects/{shared}/members", {"username": guest.name, "role": "viewer"})
    page = journey.signed_in(guest.name, at=f"/app/p/{shared}")
    page.get_by_text("Look at me").click()
    for key in ("x", "Alt+ArrowDown", "p", "1", "d", "m", "l", "s"):
        page.keyboard.press(key)
    expect(page.get_by_role("toolbar")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect_rows(page, "Look at me", "And me")
    page.goto(f"/app/p/{shared}?view=board")
    expect(page.get_by_role("group", name="Look at me")).to_be_visible()
    expect(page.locator("main").get_by_role("button")).to_have_count(0)
    person.expect("Look at me", "And me", query=f"project_id={shared}")
