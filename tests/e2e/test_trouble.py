"""Journeys into trouble: a server that refuses, is away, or whose answer is lost; nothing of the work may be."""

import re

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.e2e.browsing import Journey, expect_rows
from tests.e2e.site import Person

pytestmark = pytest.mark.e2e


def test_a_refused_change_is_rolled_back_told_and_can_be_tried_again(journey: Journey, person: Person) -> None:
    journey.allow("status of 500")
    person.add("Buy milk")
    page = journey.signed_in(person.name)

    def refuse(route: Route) -> None:
        problem = '{"title": "Internal Server Error.", "status": 500, "code": "internal_error"}'
        route.fulfill(status=500, content_type="application/problem+json", body=problem)

    page.route(re.compile("/tasks/[^/?]+$"), refuse)
    page.get_by_text("Buy milk").dblclick()
    page.keyboard.type("Buy oat milk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Not saved: “Buy oat milk”")).to_be_visible()
    expect_rows(page, "Buy milk")
    page.unroute_all()
    page.get_by_role("button", name="Retry").click()
    expect_rows(page, "Buy oat milk")
    expect(page.get_by_role("alert").filter(has_text="Not saved")).to_have_count(0)
    page.reload()
    expect_rows(page, "Buy oat milk")


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_a_title_changed_elsewhere_is_not_overwritten_unseen(journey: Journey, person: Person, keep: str) -> None:
    (task,) = person.add("Buy milk")
    page = journey.signed_in(person.name)
    page.get_by_text("Buy milk").dblclick()
    page.keyboard.type("Buy oat milk")
    person.patch(f"/tasks/{task}", {"title": "Buy soy milk"})
    page.wait_for_timeout(1000)
    expect(page.get_by_label("Title of the task")).to_have_value("Buy oat milk")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=f"Also changed by {person.name}")
    expect(dialog.get_by_label("The text there now")).to_contain_text("Buy soy milk")
    expect(dialog.get_by_label("Your text")).to_contain_text("Buy oat milk")
    expect_rows(page, "Buy soy milk")
    dialog.get_by_role("button", name="Keep yours" if keep == "mine" else "Keep theirs").click()
    kept = "Buy oat milk" if keep == "mine" else "Buy soy milk"
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect_rows(page, kept)
    person.expect(kept)


def test_a_change_of_another_field_elsewhere_is_in_nobodys_way(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch", "status of 412")
    (task,) = person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    page.context.set_offline(True)
    page.get_by_text("Buy milk").dblclick()
    page.keyboard.type("Buy oat milk")
    page.keyboard.press("Enter")
    expect_rows(page, "Buy oat milk")
    person.patch(f"/tasks/{task}", {"priority": 4})
    page.context.set_offline(False)
    person.expect("Buy oat milk")
    expect(page.get_by_text("Urgent")).to_be_visible()
    expect_rows(page, "Buy oat milk")
    assert person.get(f"/tasks/{task}")["priority"] == 4


def test_while_the_server_is_away_work_goes_on_and_arrives_once(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch")
    person.add("Buy milk")
    page = journey.signed_in(person.name)
    expect_rows(page, "Buy milk")
    page.context.set_offline(True)
    page.get_by_label("Add a task", exact=True).fill("Renew passport")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Complete: Buy milk").click()
    expect_rows(page, "Renew passport")
    expect(page.get_by_text("2 changes waiting").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("2 changes waiting")).to_have_count(0)
    expect(page.get_by_role("alert").filter(has_text="Not saved")).to_have_count(0)
    person.expect("Renew passport")
    person.expect("Buy milk", query="status=done")


def test_a_lost_answer_adds_no_second_task(journey: Journey, person: Person) -> None:
    journey.allow("net::ERR_", "Failed to fetch")
    page = journey.signed_in(person.name)
    lost: list[APIResponse] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route(re.compile("/tasks$"), lose)
    page.get_by_label("Add a task", exact=True).fill("Only once")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Complete: Only once")).to_be_visible()
    expect(page.get_by_text("1 change waiting").first).to_be_visible()
    expect(page.get_by_text("1 change waiting")).to_have_count(0)
    assert len(lost) == 1
    person.expect("Only once")
