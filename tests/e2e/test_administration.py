"""Journeys of an administrator, and of data that leaves and comes back."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import PHONE, Journey, check_accessibility, expect_rows
from tests.e2e.site import ADMIN, Person, Site

pytestmark = pytest.mark.e2e


def test_an_administrator_manages_a_user(journey: Journey, site: Site, person: Person) -> None:
    journey.allow("status of 401")
    person.add("Look at me")
    theirs = journey.signed_in(person.name)
    page = journey.signed_in(ADMIN, at="/app/admin/overview")
    expect(page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    expect(page.get_by_text("Live sessions")).to_be_visible()
    check_accessibility(page, "overview")
    page.get_by_role("link", name="Users").click()
    page.get_by_label("Find an account").fill(person.name)
    row = page.get_by_role("row").filter(has_text=person.name)
    expect(page.get_by_role("row")).to_have_count(2)
    check_accessibility(page, "users")
    page.get_by_role("button", name=f"Manage {person.name}").click()
    page.get_by_role("menuitem", name="Make Guest").click()
    page.get_by_role("dialog").get_by_role("button", name="Make Guest").click()
    expect(row.get_by_text("Guest", exact=True)).to_be_visible()
    # Without signing in again, on the next request.
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        person.add("No")
    expect(theirs.get_by_text("You have view-only access")).to_be_visible(timeout=3000)
    page.get_by_role("button", name=f"Manage {person.name}").click()
    page.get_by_role("menuitem", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(row.get_by_text("Disabled")).to_be_visible()
    page.get_by_role("button", name="New account").click()
    page.get_by_label("Username").fill(f"new-{person.name}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Link")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Invitations").click()
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("dialog").get_by_role("button", name="Invite").click()
    expect(page.get_by_role("dialog").get_by_label("Link")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Withdraw").first.click()
    expect(page.get_by_text("Invitation withdrawn")).to_be_visible()


def test_audit_keys_sessions_and_roles(journey: Journey, site: Site, person: Person) -> None:
    page = journey.signed_in(ADMIN, at="/app/admin/audit", color_scheme="dark")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    check_accessibility(page, "audit trail")
    page.get_by_label("Name, address or request").fill(person.name)
    expect(page.get_by_role("row").filter(has_text=person.name).first).to_be_visible()
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("Intact:")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert all(person.name in line for line in lines)
    page.get_by_role("link", name="Signing keys").click()
    active = page.get_by_role("row").filter(has=page.get_by_text("Active", exact=True)).locator("code")
    before = active.text_content()
    check_accessibility(page, "signing keys")
    page.get_by_role("button", name="Rotate", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    expect(page.get_by_text("Keys rotated")).to_be_visible()
    expect(active).not_to_have_text(before or "")
    page.get_by_role("link", name="Sessions").click()
    ended = page.get_by_role("button", name=f"Sign out {person.name}").first
    ended.click()
    expect(page.get_by_text("Sessions ended")).to_be_visible()
    page.get_by_role("link", name="Roles").click()
    expect(page.get_by_role("columnheader", name="Administrator")).to_be_visible()
    check_accessibility(page, "roles")


def test_nobody_else_administrates_and_a_phone_suffices(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name, at="/app/admin/users")
    expect(page.get_by_role("table")).to_have_count(0)
    phone = journey.signed_in(ADMIN, at="/app/admin/users", **PHONE)
    expect(phone.get_by_role("button", name="New account")).to_be_visible()
    check_accessibility(phone, "users on a phone")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390


def test_tasks_leave_and_come_back(journey: Journey, person: Person, tmp_path: Path) -> None:
    person.add("Buy milk", "Call the dentist")
    page = journey.signed_in(person.name, at="/app/settings/data")
    check_accessibility(page, "data")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    exported = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert {task["title"] for task in exported["tasks"]} == {"Buy milk", "Call the dentist"}
    (tmp_path / "tasks.csv").write_text("title,due,priority\nBuy bread,2030-05-01,1\n,2030-05-01,1\n", encoding="utf-8")
    page.get_by_label("File").set_input_files(tmp_path / "tasks.csv")
    page.get_by_label("Leave out rows").check()
    page.get_by_role("button", name="Look through").click()
    expect(page.get_by_role("row")).to_have_count(2)
    check_accessibility(page, "import report")
    person.expect("Buy milk", "Call the dentist")
    page.get_by_role("button", name="Import 1 task").click()
    expect(page.get_by_text("1 task imported")).to_be_visible()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Import undone")).to_be_visible()
    person.expect("Buy milk", "Call the dentist")
    page.get_by_role("link", name="Inbox").click()
    expect_rows(page, "Buy milk", "Call the dentist")


def test_notifications_are_read(journey: Journey, site: Site, person: Person) -> None:
    other = site.person(f"other-{person.name}")
    shared = other.post("/projects", {"name": "Shared"})["id"]
    other.post(f"/projects/{shared}/members", {"username": person.name, "role": "editor"})
    (task,) = other.add("Look at this", project_id=shared)
    other.post(f"/tasks/{task}/comments", {"body": f"@{person.name} have a look"})
    page = journey.signed_in(person.name, at="/app/settings/notifications")
    expect(page.get_by_text("mentioned you")).to_be_visible()
    check_accessibility(page, "notifications")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("New", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Look at this").click()
    expect(page.get_by_role("region", name="Task: Look at this")).to_be_visible()
