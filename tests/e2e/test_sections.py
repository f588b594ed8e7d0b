"""Journeys through the sections of a project."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Journey, check_accessibility
from tests.e2e.site import Person, Site

pytestmark = pytest.mark.e2e


def test_sections_are_added_renamed_put_in_order_and_deleted(journey: Journey, person: Person) -> None:
    project = person.post("/projects", {"name": "Garden"})["id"]
    person.add("Dig", project_id=project)
    page = journey.signed_in(person.name, at=f"/app/p/{project}")
    page.get_by_role("button", name="Sections").click()
    dialog = page.get_by_role("dialog", name="Sections")
    expect(dialog.get_by_text("No sections yet.")).to_be_visible()
    for name in ("Spring", "Autumn"):
        dialog.get_by_label("Name of the section").fill(name)
        page.keyboard.press("Enter")
        expect(dialog.get_by_label(f"Rename: {name}")).to_be_visible()
    check_accessibility(page, "sections")
    journey.allow("status of 409")
    dialog.get_by_label("Name of the section").fill("spring")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("The project has a section of that name.")).to_be_visible()
    dialog.get_by_role("button", name="Move up: Autumn").click()
    expect(dialog.locator("li input").first).to_have_value("Autumn")
    dialog.get_by_label("Rename: Spring").fill("Summer")
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Delete: Summer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[role=grid] h2 .name")).to_have_text(["Autumn", "Summer"])
    assert [one["name"] for one in person.get(f"/projects/{project}/sections")["items"]] == ["Autumn", "Summer"]
    page.get_by_role("button", name="Sections").click()
    page.get_by_role("button", name="Delete: Autumn").click()
    page.keyboard.press("Escape")
    expect(page.locator("[role=grid] h2 .name")).to_have_text(["Summer"])
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[role=grid] h2 .name")).to_have_text(["Autumn", "Summer"])


def test_who_may_not_edit_arranges_nothing(journey: Journey, site: Site, person: Person) -> None:
    project = person.post("/projects", {"name": "Garden"})["id"]
    person.post(f"/projects/{project}/sections", {"name": "Spring"})
    viewer = site.person(f"{person.name}-viewer")
    person.post(f"/projects/{project}/members", {"username": viewer.name, "role": "viewer"})
    page = journey.signed_in(viewer.name, at=f"/app/p/{project}")
    expect(page.locator("main h1")).to_have_text("Garden")
    expect(page.get_by_role("navigation", name="View")).to_be_visible()
    expect(page.get_by_role("button", name="Sections")).to_have_count(0)
