"""Journeys on the page of sessions, notices and API tokens."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.browsing import DESKTOP, PHONE, Journey, check_accessibility
from tests.e2e.site import PASSWORD, Person, Site

pytestmark = pytest.mark.e2e

PATH = "/app/settings/security"


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_R10_sessions_are_seen_and_ended_on_the_page(journey: Journey, person: Person, site: Site) -> None:
    Person.sign_in(site.client, person.name)
    page = journey.signed_in(person.name)
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Profile", level=1)).to_be_focused()
    page.get_by_role("link", name="Security").click()
    expect(page.get_by_role("heading", name="Security", level=1)).to_be_focused()
    expect(page).to_have_title("Security · TaskManager")
    sessions = part(page, "Where you are signed in")
    items = sessions.get_by_role("listitem")
    expect(items).to_have_count(3)
    own = items.filter(has_text="This device")
    expect(own).to_contain_text("127.0.0.1 · last used just now")
    expect(own.get_by_role("button")).to_have_count(0)
    items.filter(has_not_text="This device").first.get_by_role("button").click()
    expect(items).to_have_count(2)
    expect(sessions.get_by_role("heading")).to_be_focused()
    page.get_by_role("button", name="Sign out all others").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    expect(items).to_have_count(2)
    page.get_by_role("button", name="Sign out all others").click()
    dialog.get_by_role("button", name="Sign out all others").click()
    expect(items).to_have_count(1)
    expect(page.get_by_role("button", name="Sign out all others")).to_have_count(0)
    assert len(Person.sign_in(site.client, person.name).get("/sessions")["items"]) == 2
    page.get_by_role("button", name="Sign out everywhere").click()
    dialog.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert len(Person.sign_in(site.client, person.name).get("/sessions")["items"]) == 1


def test_notices_are_new_until_they_are_read(journey: Journey, person: Person) -> None:
    # A browser where there was only a program: the owner is told.
    page = journey.signed_in(person.name, at=PATH)
    notices = part(page, "Notices")
    unread = len(person.get("/me/notices?unread=true")["items"])
    assert unread > 0
    expect(notices.get_by_text("New", exact=True)).to_have_count(unread)
    notices.get_by_role("button", name="Mark all as read").click()
    expect(notices.get_by_text("New", exact=True)).to_have_count(0)
    expect(notices.get_by_role("button")).to_have_count(0)
    assert person.get("/me/notices?unread=true")["items"] == []


def test_a_token_is_made_shown_once_and_revoked(journey: Journey, person: Person, site: Site) -> None:
    page = journey.signed_in(person.name, at=PATH)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tokens = part(page, "API tokens")
    expect(tokens).to_contain_text("No API tokens.")
    tokens.get_by_role("button", name="New API token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make token").click()
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill("backup script")
    dialog.get_by_label("change projects").check()
    expect(dialog.get_by_label("read projects")).to_be_disabled()
    dialog.get_by_label("Valid for how many days").fill("900")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("A whole number from 1 to 365, please.")).to_be_visible()
    dialog.get_by_label("Valid for how many days").fill("7")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("This is shown only once.")).to_be_visible()
    secret = dialog.get_by_label("API token").input_value()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    bearer = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{site.url}/projects", headers=bearer).status_code == 200
    dialog.get_by_role("button", name="I have stored it").click()
    assert secret not in page.content()
    expect(tokens).to_contain_text("read tasks, read projects, change projects")
    tokens.get_by_role("button", name="Revoke: backup script").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(tokens).to_contain_text("No API tokens.")
    assert httpx.get(f"{site.url}/projects", headers=bearer).status_code == 401


def test_an_old_sign_in_is_made_a_recent_one_without_leaving(journey: Journey, person: Person) -> None:
    journey.allow("status of 403")
    page = journey.signed_in(person.name, at=PATH)
    refusals = iter([True])

    def refuse_once(route: Route) -> None:
        if route.request.method == "POST" and next(refusals, False):
            route.fulfill(status=403, json={"code": "recent_sign_in_required", "title": "Sign in again."})
        else:
            route.continue_()

    page.route("**/api-tokens*", refuse_once)
    page.get_by_role("button", name="New API token").click()
    page.get_by_label("Name").fill("backup script")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("alert").first).to_contain_text("This needs a sign-in within the last 10 minutes.")
    page.get_by_role("button", name="Sign in again").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(1)
    expect(page.get_by_role("button", name="Make token")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is shown only once.")).to_be_visible()
    page.get_by_role("button", name="I have stored it").click()
    # The new sign-in took the place of the old one: beside it there is only the program's.
    expect(part(page, "Where you are signed in").get_by_role("listitem")).to_have_count(2)


def test_guests_are_offered_reading_only(journey: Journey, site: Site) -> None:
    site.person("looker", "guest")
    page = journey.signed_in("looker", at=PATH)
    page.get_by_role("button", name="New API token").click()
    assert page.get_by_role("dialog").get_by_role("checkbox").count() == 3
    expect(page.get_by_label("change tasks")).to_have_count(0)


def test_a_list_that_cannot_be_had_says_so_and_comes_back(journey: Journey, person: Person) -> None:
    journey.allow("status of 500")
    page = journey.page()
    page.route("**/me/notices?*", lambda route: route.fulfill(status=500, body="{}"))
    page.goto("/app/signin")
    page.get_by_label("Username or e-mail").fill(person.name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Account: {person.name}").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Security").click()
    notices = part(page, "Notices")
    expect(notices.get_by_role("alert")).to_contain_text("This could not be loaded")
    expect(part(page, "Where you are signed in").get_by_role("listitem")).to_have_count(2)
    page.unroute("**/me/notices?*")
    notices.get_by_role("button", name="Retry").click()
    expect(notices.get_by_role("listitem").first).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_and_its_dialogs_are_accessible(journey: Journey, person: Person, size: dict[str, Any]) -> None:
    page = journey.signed_in(person.name, at=PATH, **size)
    expect(part(page, "Notices").get_by_role("listitem").first).to_be_visible()
    check_accessibility(page, "security")
    page.get_by_role("button", name="Sign out everywhere").click()
    check_accessibility(page, "sign out everywhere")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New API token").click()
    page.get_by_label("read tasks").uncheck()
    page.get_by_role("button", name="Make token").click()
    check_accessibility(page, "new token")
    page.get_by_label("Name").fill("phone")
    page.get_by_label("read tasks").check()
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_text("This is shown only once.")).to_be_visible()
    check_accessibility(page, "secret")
    page.get_by_role("button", name="I have stored it").click()
    expect(part(page, "API tokens").get_by_role("listitem")).to_have_count(1)
    check_accessibility(page, "tokens")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
