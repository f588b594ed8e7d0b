"""Every screen in both themes, large and small: no accessibility violation, nothing inline, no sideways scrolling."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESKTOP, PHONE, Journey, check_accessibility, expect_rows
from tests.e2e.site import BUILD, Person, Site

pytestmark = pytest.mark.e2e

SIZES = {"desktop": DESKTOP, "phone": PHONE}


def fill(person: Person) -> None:
    home = person.post("/projects", {"name": "Home", "color": "#1d66b8"})["id"]
    person.add("Late", due={"date": "2020-01-01"}, priority=4)
    person.add("Fix the tap", project_id=home, priority=3)
    done, gone = person.add("Was done", "Was deleted")
    person.post(f"/tasks/{done}/complete")
    person.delete(f"/tasks/{gone}")


def open_menu(page: Page, name: str) -> None:
    if page.viewport_size and page.viewport_size["width"] > 700:
        page.get_by_role("button", name=f"Account: {name}").click()
    else:
        page.get_by_role("button", name="More").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_is_accessible(journey: Journey, person: Person, size: str) -> None:
    fill(person)
    page = journey.signed_in(person.name, **SIZES[size])
    steps: dict[str, Callable[[], Any]] = {
        "today": lambda: page.goto("/app/today"),
        "upcoming": lambda: page.goto("/app/upcoming"),
        "inbox": lambda: page.goto("/app/inbox"),
        "all tasks": lambda: page.goto("/app/all"),
        "a row with the focus": page.locator("[role=row]").first.focus,
        "menu": lambda: open_menu(page, person.name),
        "done": lambda: page.goto("/app/done"),
        "trash": lambda: page.goto("/app/trash"),
        "not found": lambda: page.goto("/app/nowhere"),
    }
    for name, step in steps.items():
        step()
        expect(page.locator("main h1")).to_be_visible()
        check_accessibility(page, f"{name}, {size}")
    page.goto("/app/all")
    if size == "desktop":
        page.get_by_text("Fix the tap").click()
        page.keyboard.press("r")
        check_accessibility(page, "renaming")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        check_accessibility(page, "shortcuts")
    else:
        page.get_by_text("Fix the tap").tap()
        check_accessibility(page, "task sheet")


@pytest.mark.parametrize("size", SIZES)
def test_every_entrance_is_accessible(journey: Journey, size: str) -> None:
    page = journey.page(**SIZES[size])
    for path in ("/app/signin", "/app/signup#invitation=x", "/app/signup", "/app/reset#token=x"):
        page.goto("about:blank")
        page.goto(path)
        button = page.locator("button[type=submit]")
        expect(button).to_be_visible()
        check_accessibility(page, f"{path}, {size}")
        button.click()
        check_accessibility(page, f"{path} with errors, {size}")


def test_setting_up_is_accessible(browser: Browser, empty_site: Site) -> None:
    journey = Journey(browser, empty_site.url)
    page = journey.page()
    page.goto("/app/")
    expect(page.get_by_label("Set-up code")).to_be_visible()
    check_accessibility(page, "set-up")
    journey.finish()


def test_the_narrowest_page_and_the_largest_text_need_no_sideways_scrolling(journey: Journey, person: Person) -> None:
    fill(person)
    page = journey.signed_in(person.name, viewport={"width": 320, "height": 640})
    for path in ("/app/all", "/app/trash", "/app/done", "/app/nowhere"):
        page.goto(path)
        expect(page.locator("main h1")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/app/all")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    heights = page.locator("[role=row]").evaluate_all("rows => rows.map(row => [row.clientHeight, row.scrollHeight])")
    assert all(inside <= outside + 1 for outside, inside in heights), heights


def test_a_chosen_theme_wins_over_the_system_and_is_there_before_the_first_paint(
    journey: Journey, person: Person
) -> None:
    page = journey.signed_in(person.name, color_scheme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    open_menu(page, person.name)
    page.get_by_role("radio", name="Dark").check()
    assert page.evaluate(ground) == "rgb(18, 19, 24)"
    # The script in the head alone, before the application has run.
    page.route("**/assets/index-*.js", lambda route: route.abort())
    journey.allow("net::ERR_FAILED")
    page.goto("/app/inbox")
    assert page.evaluate(ground) == "rgb(18, 19, 24)"


def test_reduced_motion_moves_nothing(journey: Journey, person: Person) -> None:
    fill(person)
    page = journey.signed_in(person.name, at="/app/all", reduced_motion="reduce")
    expect(page.get_by_text("Fix the tap")).to_be_visible()
    moving = page.locator("[role=row]").first.evaluate("row => getComputedStyle(row).transitionDuration")
    assert moving == "0s"


def test_injected_script_and_markup_do_not_run(journey: Journey, person: Person) -> None:
    journey.allow("Content Security Policy", "TrustedHTML", "requires 'Trusted", "inline script")
    page = journey.signed_in(person.name)
    page.evaluate(
        """() => {
          const script = document.createElement('script')
          try { script.textContent = 'window.ran = 1' } catch {}
          document.body.append(script)
          try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="ran = 2">') } catch {}
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None


def size_sent(file: Path) -> int:
    packed = file.with_name(file.name + ".gz")
    return (packed if packed.exists() else file).stat().st_size


def test_the_first_load_keeps_within_its_budget() -> None:
    named = set(re.findall(r'(?:src|href)="/app/assets/([^"]+)"', BUILD.read_text()))
    assets = BUILD.parent / "assets"
    for ending, budget in {".js": 75_000, ".css": 12_000, ".woff2": 49_000}.items():
        size = sum(size_sent(assets / name) for name in named if name.endswith(ending))
        assert 0 < size <= budget, f"{ending}: {size} bytes"
    assert size_sent(BUILD) <= 1_000


def test_no_screen_that_is_fetched_later_is_large() -> None:
    sizes = {file.name: size_sent(file) for file in (BUILD.parent / "assets").glob("*.js")}
    assert {name: size for name, size in sizes.items() if size > 40_000 and not name.startswith("index-")} == {}


def test_everything_turns_round_where_writing_does(journey: Journey, person: Person) -> None:
    person.add("Call the dentist", due={"date": "2030-01-01"})
    page = journey.signed_in(person.name, at="/app/all")
    expect_rows(page, "Call the dentist")
    page.evaluate("document.documentElement.dir = 'rtl'")
    side, main = page.get_by_role("navigation", name="Main").bounding_box(), page.locator("main").bounding_box()
    assert side is not None
    assert main is not None
    assert side["x"] >= main["x"] + main["width"] - 1
    check, text = page.locator("[role=row] .check").bounding_box(), page.locator("[role=row] .text").bounding_box()
    assert check is not None
    assert text is not None
    assert check["x"] > text["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_accessibility(page, "from right to left")
