"""Journeys into the application: set up, signing up, in and out, choosing a password."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import Journey, sign_in
from tests.e2e.site import PASSWORD, Person, Site, serving

pytestmark = pytest.mark.e2e


def test_a_new_server_is_set_up_by_its_link_and_works(browser: Browser, empty_site: Site) -> None:
    journey = Journey(browser, empty_site.url)
    page = journey.page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome to TaskManager")).to_be_visible()
    expect(page.get_by_label("Set-up code")).to_be_visible()

    page.goto(f"/app/setup#token={empty_site.setup_token}")
    expect(page.get_by_label("Set-up code")).to_have_count(0)
    assert empty_site.setup_token not in page.url
    page.get_by_label("Username").fill("Mira")
    page.get_by_role("button", name="Suggest one").click()
    made = page.get_by_label("Password", exact=True).input_value()
    page.get_by_role("button", name="Create administrator").click()
    expect(page.locator("main h1")).to_have_text("Today")

    page.get_by_role("button", name="Account: mira").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page, "mira", made)
    expect(page.locator("main h1")).to_have_text("Today")
    journey.finish()


def test_the_forms_say_what_is_wrong_where_it_is_wrong(browser: Browser, empty_site: Site) -> None:
    journey = Journey(browser, empty_site.url)
    journey.allow("status of 403", "status of 422")
    page = journey.page()
    page.goto("/app/setup#token=used-up")
    create = page.get_by_role("button", name="Create administrator")
    create.click()
    expect(page.get_by_label("Username")).to_be_focused()
    expect(page.get_by_role("alert").first).to_contain_text("Please check what is marked")
    page.get_by_label("Username").fill("-")
    page.get_by_label("Password", exact=True).fill("short")
    create.click()
    expect(page.get_by_text("Start with a letter or digit")).to_be_visible()
    expect(page.get_by_text("At least 15 characters, please.")).to_be_visible()
    page.get_by_label("Username").fill("mira")
    page.get_by_label("Password", exact=True).fill("password password")
    create.click()
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    create.click()
    expect(page.get_by_role("alert").first).to_contain_text("This link is not valid any more")
    expect(page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
    journey.finish()


def test_an_invitation_makes_an_account(journey: Journey, site: Site) -> None:
    link = site.admin().post("/admin/invitations", {"role": "user"})["url"]
    page = journey.page()
    page.goto(link)
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    page.get_by_label("Username").fill("invited")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Today")
    expect(page).to_have_title("Today · TaskManager")


def test_a_link_from_the_administrator_chooses_a_password(journey: Journey, site: Site) -> None:
    link = site.admin().post("/admin/users", {"username": "forgetful", "role": "user"})["link"]["url"]
    page = journey.page()
    page.goto(link)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("status").first).to_contain_text("Password saved")
    sign_in(page, "forgetful")
    expect(page.locator("main h1")).to_have_text("Today")


def test_a_wrong_password_is_told_and_the_name_kept(journey: Journey, person: Person) -> None:
    journey.allow("status of 401")
    page = journey.page()
    sign_in(page, person.name, "a wrong password altogether")
    expect(page.get_by_role("alert").first).to_contain_text("The name or the password is not right.")
    expect(page.get_by_label("Username or e-mail")).to_have_value(person.name)
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Today")


def test_a_deep_link_survives_signing_out_and_reloading(journey: Journey, person: Person) -> None:
    person.add("Water the plants")
    page = journey.signed_in(person.name, at="/app/all")
    expect(page.get_by_text("Water the plants")).to_be_visible()
    page.reload()
    expect(page.locator("main h1")).to_have_text("All tasks")
    page.goto("/app/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("link", name="Go to the inbox").click()
    expect(page.locator("main h1")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_r13_plain_http_from_elsewhere_gets_an_explanation(chrome: Callable[..., Browser], tmp_path: Path) -> None:
    """R13: where the browser keeps no secure cookie, the page says why and what helps, instead of a login loop."""
    name = "tasks.test"
    with serving(tmp_path, allowed_hosts=name) as site:
        url = site.url.replace("127.0.0.1", name)
        browser = chrome(f"--host-resolver-rules=MAP {name} 127.0.0.1")
        journey = Journey(browser, url)
        journey.allow("status of 401", "Cross-Origin-Opener-Policy header has been ignored")
        page = journey.page()
        sign_in(page, "admin")
        expect(page.get_by_role("heading", name="Your browser did not keep the sign-in")).to_be_visible()
        expect(page.get_by_role("alert").first).to_contain_text(url)
        expect(page.get_by_role("alert").first).to_contain_text("https")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_label("Username or e-mail")).to_be_visible()
        journey.finish()
        browser.close()
