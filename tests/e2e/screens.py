"""Pictures of every screen: `python -m tests.e2e.screens` writes them to build/screens, for people to look at.

With `--readme` it writes only the picture of the README, docs/images/tasks.png.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, Route, expect, sync_playwright

from tests.e2e.browsing import FLAGS, PHONE, Journey, Options, picture
from tests.e2e.site import PASSWORD, ROOT, Person, Site, serving
from tests.services import chromium

FOLDER = ROOT / "build" / "screens"
README = ROOT / "docs" / "images" / "tasks.png"
PAGES = (
    *("inbox", "upcoming", "board", "calendar", "analytics", "done", "trash", "nowhere", "search?q=the"),
    *(f"settings/{one}" for one in ("profile", "appearance", "shortcuts", "notifications", "data")),
    *(f"admin/{one}" for one in ("overview", "use", "users", "invitations", "sessions", "audit", "keys", "roles")),
    "all",
)
LARGE: Options = {"viewport": {"width": 1280, "height": 720}}
PROJECTS = {"Garden": "#1B7A43", "Kitchen": "#A34A00", "Move to Lisbon": "#1D66B8", "Reading": "#7A3EB8"}
TASKS: list[tuple[str, str | None, int, int | None]] = [
    ("Answer the landlord about the deposit", "Move to Lisbon", 4, -2),
    ("Book the van for the big shelves", "Move to Lisbon", 4, 0),
    ("Call the dentist", None, 3, 0),
    ("Order tiles for the back wall", "Kitchen", 3, 1),
    ("Plant garlic before the frost", "Garden", 2, 3),
    ("Ask Ana for the name of her electrician", "Kitchen", 0, 4),
    ("Finish “The Left Hand of Darkness”", "Reading", 0, None),
    ("Renew the passport", None, 2, 12),
    ("Cancel the old internet contract", "Move to Lisbon", 3, 20),
    ("Sharpen the secateurs", "Garden", 0, None),
    ("Find a home for the piano", "Move to Lisbon", 0, 33),
    ("Write to Grandpa", None, 1, None),
]


def fill(person: Person) -> None:
    """Give an account a life."""
    person.patch("/me", {"display_name": "Mira"})
    ids = {name: person.post("/projects", {"name": name, "color": color})["id"] for name, color in PROJECTS.items()}
    today = datetime.now(UTC).date()
    for title, project, priority, days in TASKS:
        due = None if days is None else {"date": str(today + timedelta(days=days))}
        person.add(title, priority=priority, due=due, **({"project_id": ids[project]} if project else {}))
    for done in person.add("Buy coffee", "Return the ladder", "Water the balcony"):
        person.post(f"/tasks/{done}/complete")
    for gone in person.add("Buy a bigger van", "Learn the banjo"):
        person.delete(f"/tasks/{gone}")


def enter(page: Page, name: str) -> None:
    page.goto("/app/signin")
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).to_have_text("Today")


def tour(page: Page, name: str, *, phone: bool) -> Iterator[str]:
    """Go from screen to screen and yield the name of each; the page is signed out at first."""
    page.goto("/app/signin")
    yield "signin"
    page.get_by_role("button", name="Sign in").click()
    yield "signin-wrong"
    page.goto("/app/signup#invitation=code")
    yield "signup"
    page.goto("/app/reset#token=code")
    yield "reset"
    page.goto("/app/confirm#token=code")
    expect(page.get_by_role("alert").first).to_be_visible()
    yield "confirm-stale"
    page.route("**/setup", say_that_mail_is_sent)
    page.goto("/app/signin")
    page.get_by_role("link", name="Forgot your password?").click()
    yield "forgot"
    page.unroute("**/setup")
    enter(page, name)
    yield "inbox"
    for path in PAGES:
        page.goto(f"/app/{path}")
        expect(page.locator("main h1")).to_be_visible()
        yield path.replace("/", "-").partition("?")[0]
    yield from (tour_of_phone if phone else tour_of_desktop)(page)
    yield from tour_of_security(page)
    yield from tour_of_trouble(page)


def say_that_mail_is_sent(route: Route) -> None:
    route.fulfill(json=route.fetch().json() | {"mail": True})


def tour_of_desktop(page: Page) -> Iterator[str]:
    page.get_by_role("button", name="Complete: Call the dentist").click()
    yield "completed"
    page.get_by_role("link", name="Kitchen").click()
    yield "project"
    page.keyboard.press("j")
    page.keyboard.press("r")
    yield "renaming"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    yield "shortcuts"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Account").click()
    yield "menu"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    yield "palette"
    page.keyboard.press("Escape")
    page.keyboard.press("q")
    page.get_by_label("What is to be done").fill("Paint the hall #Kitchen p1 next friday 9am @home")
    yield "quick-add"
    page.keyboard.press("Escape")
    page.get_by_text("Order tiles").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Task: Order tiles for the back wall")).to_be_visible()
    yield "task"
    page.get_by_role("link", name="Move to Lisbon").click()
    page.get_by_role("navigation", name="View").get_by_role("link", name="Board").click()
    expect(page).to_have_url(re.compile("view=board"))
    yield "project-board"


def tour_of_phone(page: Page) -> Iterator[str]:
    page.get_by_role("button", name="Complete: Call the dentist").tap()
    yield "completed"
    page.get_by_role("button", name="More").tap()
    yield "more"
    page.get_by_role("button", name="Close").tap()
    page.get_by_text("Order tiles").tap()
    yield "sheet"


def tour_of_security(page: Page) -> Iterator[str]:
    page.goto("/app/settings/security")
    yield "security"
    page.get_by_role("button", name="Sign out everywhere").click()
    yield "security-confirm"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="New API token").click()
    page.get_by_label("Name").fill("backup script")
    page.get_by_label("change projects").check()
    yield "new-token"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy").click()
    yield "token-secret"
    page.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_text("backup script").last).to_be_visible()
    page.get_by_role("button", name="Revoke").scroll_into_view_if_needed()
    yield "security-tokens"


def tour_of_trouble(page: Page) -> Iterator[str]:
    page.goto("/app/all")
    expect(page.locator("[role=row]").first).to_be_visible()
    page.context.set_offline(offline=True)
    page.locator("[role=row] button").first.click()
    yield "offline"
    page.context.set_offline(offline=False)
    expect(page.get_by_text("1 change waiting")).to_have_count(0)
    page.context.clear_cookies()
    page.locator("[role=row] button").first.click()
    yield "session-ended"
    page.get_by_role("dialog").get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.route("**/tasks?*", lambda route: route.fulfill(status=500, body="{}"))
    page.goto("/app/done")
    yield "error"


def photograph(site: Site, journey: Journey) -> None:
    site.person("newcomer")
    for theme in ("light", "dark"):
        for size, options in {"desktop": LARGE, "phone": PHONE}.items():
            name = f"{size}-{theme}"
            fill(site.person(name, role="admin"))
            page = journey.page(color_scheme=theme, **options)
            for screen in tour(page, name, phone=size == "phone"):
                page.wait_for_timeout(500)
                page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => null)))")
                picture(page, FOLDER / f"{screen}-{name}.png")
            empty = journey.page(color_scheme=theme, **options)
            enter(empty, "newcomer")
            picture(empty, FOLDER / f"empty-{name}.png")
            print(f"{name}: done")


def photograph_for_readme(site: Site, journey: Journey) -> None:
    fill(site.person("mira"))
    page = journey.page(**LARGE)
    enter(page, "mira")
    page.goto("/app/all")
    for key in "jjj":
        page.keyboard.press(key)
    page.get_by_role("button", name="Complete: Call the dentist").click()
    page.mouse.move(640, 600)
    page.wait_for_timeout(500)
    picture(page, README)
    print(f"{README}: {README.stat().st_size // 1024} KB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readme", action="store_true", help="only the picture of the README")
    only_readme = parser.parse_args().readme
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        journey = Journey(browser, site.url)
        if only_readme:
            photograph_for_readme(site, journey)
        else:
            photograph(site, journey)
        browser.close()


if __name__ == "__main__":
    main()
