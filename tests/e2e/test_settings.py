"""Journeys through the settings: profile, password, look, shortcuts."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import DESKTOP, PHONE, Journey, check_accessibility
from tests.e2e.site import PASSWORD, Person, Site

pytestmark = pytest.mark.e2e

NEW = "another long password"


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_the_profile_is_changed_and_seen_at_once(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name, at="/app/settings/profile", timezone_id="Asia/Kolkata")
    you = part(page, "You")
    you.get_by_label("Name", exact=True).fill(" ")
    page.keyboard.press("Enter")
    expect(you.get_by_text("Please fill this in.")).to_be_visible()
    expect(you.get_by_label("Name", exact=True)).to_be_focused()
    you.get_by_label("Name", exact=True).fill("Mira Lind")
    you.get_by_role("button", name="Use this device").click()
    you.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Profile saved")).to_be_visible()
    expect(page.get_by_role("button", name="Account: Mira Lind")).to_be_visible()
    me = person.get("/me")
    assert (me["display_name"], me["timezone"]) in {("Mira Lind", "Asia/Kolkata"), ("Mira Lind", "Asia/Calcutta")}


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(
    journey: Journey, person: Person, site: Site
) -> None:
    journey.allow("status of 403")
    other = Person.sign_in(site.client, person.name)
    page = journey.signed_in(person.name, at="/app/settings/profile")
    form = part(page, "Password")
    form.get_by_label("Current password").fill("not this one at all")
    form.get_by_label("New password").fill("short")
    page.keyboard.press("Enter")
    expect(form.get_by_text("At least 15 characters, please.")).to_be_visible()
    form.get_by_label("New password").fill(NEW)
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("That is not your current password.")
    assert other.get("/me")["username"] == person.name
    form.get_by_label("Current password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Password changed.")).to_be_visible()
    expect(form.get_by_label("Current password")).to_have_value("")
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        other.get("/me")
    page.goto("/app/settings/security")
    expect(part(page, "Where you are signed in").get_by_role("listitem")).to_have_count(1)
    expect(part(page, "Notices")).to_contain_text("Password changed")
    body = {"username": person.name, "password": NEW}
    assert site.client.post("/login", json=body).status_code == 200


def test_failed_tries_stand_in_the_sign_in_history(journey: Journey, person: Person, site: Site) -> None:
    site.client.post("/login", json={"username": person.name, "password": "wrong"}, headers={"User-Agent": "guesser"})
    page = journey.signed_in(person.name, at="/app/settings/security")
    history = part(page, "Sign-in history").get_by_role("listitem")
    expect(history).to_have_count(3)
    expect(history.first).to_contain_text("Chrome")
    expect(history.filter(has_text="guesser")).to_contain_text("Failed try")
    expect(history.filter(has_text="Failed try")).to_have_count(1)


def test_theme_and_density_are_kept_in_this_browser(journey: Journey, person: Person) -> None:
    person.add("One")
    page = journey.signed_in(person.name, at="/app/settings/appearance", color_scheme="light")
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("radio", name="Compact").check()
    page.get_by_label("Weeks begin on").select_option("Sunday")
    page.goto("/app/inbox")
    row = page.locator("[role=row]")
    expect(row).to_have_css("height", "30px")
    expect(page.locator("html")).to_have_css("background-color", "rgb(18, 19, 24)")
    page.goto("/app/settings/appearance")
    expect(page.get_by_role("radio", name="Compact")).to_be_checked()
    expect(page.get_by_label("Weeks begin on")).to_have_value("7")
    page.get_by_role("radio", name="Comfortable").check()
    page.goto("/app/inbox")
    expect(row).to_have_css("height", "36px")


def test_single_key_shortcuts_can_be_turned_off(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name, at="/app/settings/shortcuts")
    expect(part(page, "All shortcuts").get_by_text("Add a task")).to_be_visible()
    switch = page.get_by_role("switch", name="Single-key shortcuts")
    switch.uncheck()
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_title("Shortcuts · TaskManager")
    page.reload()
    expect(switch).not_to_be_checked()
    switch.check()
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_title("Inbox · TaskManager")


def test_a_screen_that_cannot_be_fetched_can_be_tried_again(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_FAILED", "Failed to fetch dynamically imported module")
    page = journey.signed_in(person.name)
    page.route("**/assets/SettingsPage-*.js", lambda route: route.abort())
    page.keyboard.press("g")
    page.keyboard.press("s")
    # The page was loaded anew once by itself, as if the server had got a newer version.
    expect(page.get_by_role("alert").first).to_contain_text("This could not be loaded")
    page.unroute("**/assets/SettingsPage-*.js")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("heading", name="Profile", level=1)).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_is_accessible(journey: Journey, person: Person, size: dict[str, Any]) -> None:
    page = journey.signed_in(person.name, **size)
    for name in ("profile", "appearance", "shortcuts", "security"):
        page.goto(f"/app/settings/{name}")
        page.wait_for_load_state("networkidle")
        check_accessibility(page, f"{name}")
    page.set_viewport_size({"width": 320, "height": 640})
    for name in ("profile", "appearance", "shortcuts", "security"):
        page.goto(f"/app/settings/{name}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, name


def test_the_language_is_chosen_or_that_of_the_browser(journey: Journey, person: Person) -> None:
    page = journey.signed_in(person.name, at="/app/settings/appearance")
    page.get_by_label("Language").select_option(label="Deutsch")
    expect(page.get_by_role("heading", name="Darstellung", level=1)).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "de"
    check_accessibility(page, "in German")
    page.goto("/app/inbox")
    expect(page.get_by_role("heading", name="Eingang", level=1)).to_be_visible()
    russian = journey.page(locale="ru-RU")
    russian.goto("/app/signin")
    expect(russian.get_by_role("button", name="Войти")).to_be_visible()
