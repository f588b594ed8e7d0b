"""Journeys through what was done and what is left: charts say what the server counted, as picture and as table."""

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, Journey, check_accessibility
from tests.e2e.site import ADMIN, Person

pytestmark = pytest.mark.e2e


def counted(person: Person, **totals: int) -> dict[str, Any]:
    """Wait until the server has counted so much; return what it says."""
    deadline = time.monotonic() + 20
    while True:
        told: dict[str, Any] = person.get("/analytics")
        if told["totals"] | totals == told["totals"]:
            return told
        assert time.monotonic() < deadline, told["totals"]
        time.sleep(0.1)


def table(page: Page, title: str) -> list[list[str]]:
    """Return a chart's rows, read as a table; the chart is shown again."""
    button = page.get_by_role("button", name=f"View as table: {title}")
    button.click()
    rows = page.get_by_role("group", name=title, exact=True).locator("tbody tr")
    expect(rows.first).to_be_visible()
    found = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    page.get_by_role("button", name=f"View as chart: {title}").click()
    return found


def test_charts_say_what_was_counted(journey: Journey, person: Person, tmp_path: Path) -> None:
    project = person.post("/projects", {"name": "Garden"})["id"]
    today = datetime.now(UTC).date()
    ids = person.add("Dig", "Sow", "Water", project_id=project, priority=4)
    late = person.add("Return the ladder", due={"date": str(today - timedelta(days=3))})
    for done in (ids[0], late[0]):
        person.post(f"/tasks/{done}/complete")
    overdue = person.add("Call the dentist", due={"date": str(today - timedelta(days=1))})
    assert overdue
    told = counted(person, created=5, completed=2, open=3, overdue=1)
    page = journey.signed_in(person.name)
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator("main h1")).to_have_text("Analytics")
    for name, value in (("Created", "5"), ("Completed", "2"), ("Open", "3"), ("Overdue", "1"), ("In time", "0%")):
        expect(page.locator("dl div").filter(has=page.get_by_text(name, exact=True)).locator("dd")).to_have_text(value)
    check_accessibility(page, "analytics")
    days = table(page, "Created and completed")
    assert [[int(cell) for cell in row[1:]] for row in days] == [[d["created"], d["completed"]] for d in told["days"]]
    assert table(page, "Open tasks by priority") == [
        ["Urgent", "2"], ["High", "0"], ["Medium", "0"], ["Low", "0"], ["No priority", "1"],
    ]  # fmt: skip
    assert ["Garden", "1", "2", "0"] in table(page, "By project")
    # What a column says is what the table says.
    last = page.get_by_role("img", name="Created and completed").locator(".point").last
    assert (last.get_attribute("title") or "").endswith("Created 5, Completed 2")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV: By project").click()
    file = tmp_path / "projects.csv"
    download.value.save_as(file)
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [(row["name"], row["open"]) for row in rows if row["project_id"] == project] == [("Garden", "2")]
    page.get_by_label("Project", exact=True).select_option(label="Garden")
    expect(page.locator("dl dd").first).to_have_text("3")
    page.get_by_label("Days", exact=True).select_option(label="A year")
    expect(page.get_by_role("img", name="Created and completed").locator(".point")).to_have_count(53)
    page.get_by_role("button", name="View as table: Completed by hour of the week").click()
    check_accessibility(page, "analytics as table")


def test_analytics_on_a_phone_and_of_nothing(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name, at="/app/analytics", color_scheme="dark", **PHONE)
    expect(page.locator("main h1")).to_have_text("Analytics")
    expect(page.locator("dl dd").first).to_have_text("0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_accessibility(page, "analytics on a phone")


def test_administrators_see_how_the_server_is_used(journey: Journey, person: Person) -> None:
    assert person.name
    page = journey.signed_in(ADMIN, at="/app/admin/use")
    expect(page.locator("main h1")).to_have_text("Statistics")
    for chart in ("Requests by hour, two days", "Sign-ins by day", "Refresh tokens by day", "Active accounts by day"):
        expect(page.get_by_role("img", name=chart)).to_be_visible()
    expect(page.get_by_role("img", name="Requests by hour, two days").locator(".point")).to_have_count(48)
    check_accessibility(page, "use")
