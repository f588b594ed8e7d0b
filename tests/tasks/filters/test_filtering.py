"""`GET /tasks?filter=`: each term on real tasks, what is hidden, what is refused, and what it goes together with."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.factories import Api, Client, add_project, add_task, pages, share

NOW = datetime(2026, 12, 2, 10, 0, tzinfo=UTC)


async def titles(client: Client, text: str, **query: Any) -> str:
    """Return the one-letter titles of what a filter finds, in their order."""
    found = await pages(client, "/tasks", filter=text, sort="title", **query)
    return "".join(task["title"] for task in found)


@time_machine.travel(NOW, tick=True)
async def test_terms(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna, "Home & Garden")
    shed = await add_project(anna, "Shed", parent_id=home["id"])
    await share(anna, home["id"], ben, "editor")
    a = await add_task(anna, "a", due={"date": "2026-12-02"}, priority=4, labels=["Office", "urgent"])
    b = await add_task(anna, "b", due={"date": "2026-12-01"}, project_id=home["id"], assignee_ids=[ben.user_id])
    await add_task(anna, "c", due={"date": "2026-12-03"}, project_id=shed["id"], assignee_ids=[anna.user_id])
    d = await add_task(anna, "d", deadline="2026-12-24", status="in_progress", labels=["off"], parent_id=a["id"])
    await anna.post(f"/tasks/{b['id']}/comments", json={"body": "Ask the landlord"})
    await anna.post(f"/tasks/{d['id']}/complete")
    for text, expected in (
        ("today", "a"),
        ("tomorrow", "c"),
        ("overdue", "b"),
        ("no date", "d"),
        ("!no date", "abc"),
        ("next 2 days", "ac"),
        ("due before: today", "b"),
        ("due after: today", "c"),
        ("date: 2026-12-01", "b"),
        ("deadline before: 2026-12-25", "d"),
        ("!deadline before: 2026-12-25", "abc"),
        ("created after: yesterday", "abcd"),
        ("created after: today", ""),
        ("completed: today", "d"),
        ("recurring", ""),
        ("subtask", "d"),
        ("p1", "a"),
        ("p2", ""),
        ("no priority", "bcd"),
        ("@OFFICE", "a"),
        ("@off*", "ad"),
        ("@*", "ad"),
        ("no labels", "bc"),
        ("#inbox", "ad"),
        ('#"home & garden"', "b"),
        ('##"home & garden"', "bc"),
        ("/Bills", ""),
        ("assigned to: me", "c"),
        ("assigned to: others", "b"),
        ("assigned to: BEN", "b"),
        ("no assignee", "ad"),
        ("shared", "bc"),
        ("!shared", "ad"),
        ("blocked", ""),
        ("has: comment", "b"),
        ("status: done", "d"),
        ("search: landl", "b"),
        ("(today | overdue) & !@urgent", "b"),
    ):
        assert await titles(anna, text) == expected, text
        assert await titles(anna, text, limit=1) == expected, text


async def test_a_day_is_the_asker_s_day(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    for title, due in (
        ("a", {"date": "2026-12-02"}),
        ("f", {"datetime": "2026-12-02T23:30:00"}),
        ("z", {"datetime": "2026-12-02T23:30:00", "timezone": "Europe/Berlin"}),
    ):
        await add_task(anna, title, due=due, project_id=home["id"])
    await anna.patch("/me", json={"timezone": "Europe/Berlin"})
    await ben.patch("/me", json={"timezone": "Pacific/Auckland"})
    # A day and a floating time are what they say everywhere; half past eleven in Berlin is tomorrow in Auckland.
    for client, today, tomorrow in ((anna, "afz", ""), (ben, "af", "z")):
        with time_machine.travel(NOW, tick=True):
            again = await api.enter(client.user_id)
            assert (await titles(again, "today"), await titles(again, "tomorrow")) == (today, tomorrow)
    for moment, client, overdue in (
        ("2026-12-02T22:29:00+00:00", anna, ""),
        ("2026-12-02T22:31:00+00:00", anna, "fz"),
        ("2026-12-02T23:01:00+00:00", anna, "afz"),
        ("2026-12-02T12:00:00+00:00", ben, "af"),
    ):
        with time_machine.travel(datetime.fromisoformat(moment), tick=True):
            assert await titles(await api.enter(client.user_id), "overdue") == overdue, moment


async def test_filters_and_fields_together(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    for number, title in enumerate("abcdef"):
        project = {"project_id": home["id"]} if number % 2 else {}
        await add_task(anna, title, priority=number % 3, **project)
    assert await titles(anna, "p4 | p3") == "bcef"
    assert await titles(anna, "p4 | p3", priority=1) == "be"
    assert await titles(anna, "p4 | p3", project_id=home["id"]) == "bf"
    assert await titles(anna, "#home & !p3", limit=1) == "bd"
    assert await titles(anna, "#home", status="done") == ""
    assert await titles(anna, "p4", deleted="true") == ""


async def test_a_cursor_belongs_to_its_filter(api: Api) -> None:
    anna = await api.user()
    for title in "ab":
        await add_task(anna, title)
    first = (await anna.get("/tasks", params={"filter": "no date", "limit": 1})).json()
    refused = await anna.get("/tasks", params={"filter": "no labels", "limit": 1, "cursor": first["next_cursor"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_mismatch")


async def test_names_that_are_unknown_or_hidden_find_nothing_alike(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    secret = await add_project(ben, "Secret")
    inside = await add_project(ben, "Open", parent_id=secret["id"])
    await share(ben, inside["id"], anna, "viewer")
    await add_task(ben, "x", project_id=inside["id"])
    await add_task(ben, "y", project_id=secret["id"], labels=["hidden"])
    # Though the project above has that name, what is told is what would be told if it had another.
    for text in ("##Secret", "#Secret", "##Nowhere", "@hidden", "@nothing", "assigned to: nobody"):
        assert await titles(anna, text) == "", text
        assert await titles(anna, f"!{text}") == "x", text
    assert await titles(ben, "##Secret") == "xy"
    assert await titles(anna, "##Open") == "x"
    assert await titles(anna, "shared") == "x"


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [("today &", 8, "p1"), ("foo", 1, "today"), ("@a | (p1", 9, ")"), ("due before: x", 13, "tomorrow")],
)
async def test_what_is_no_filter_is_refused_with_its_column(api: Api, text: str, column: int, expected: str) -> None:
    anna = await api.user()
    refused = await anna.get("/tasks", params={"filter": text})
    error = refused.json()["errors"][0]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, "/query/filter", "filter_syntax")
    assert (error["column"], expected in error["expected"]) == (column, True)
    for empty in ("", "x" * 1001):
        refused = await anna.get("/tasks", params={"filter": empty})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/filter")


async def test_deep_and_long_filters_are_answered(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "a")
    for text in ("(" * 50 + "no date" + ")" * 50, "!" * 50 + "no date", " | ".join(["p1"] * 150 + ["no date"])):
        assert await titles(anna, text) == "a"
    alternating = "p1"
    for number in range(49):
        alternating = f"({alternating}) {'&|'[number % 2]} !@x"
    assert await titles(anna, alternating) == "a"
    # To the right, as far as it goes.
    for begin, end, expected in (
        ("(p1 | (no labels & " * 25, "no date" + "))" * 25, "a"),
        ("!(no date & !(no labels & " * 12, "p1" + "))" * 12, ""),
        ("!(p1 | no date & (@x | " * 15, "p2" + "))" * 15, "a"),
    ):
        assert await titles(anna, begin + end) == expected, begin
    for text in ("(" * 51 + "p1" + ")" * 51, "!" * 51 + "p1"):
        assert (await anna.get("/tasks", params={"filter": text})).status_code == 422


async def test_the_widest_filters_are_answered(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "a", description="b")
    many = "".join(chr(0x4E00 + number) for number in range(900))
    for text, expected in (
        ("|".join(["p1"] * 330 + ["no date"]), "a"),
        ("&".join(["!p1"] * 240), "a"),
        ("|".join(f"##{letter}" for letter in many[:240]), ""),
        ("|".join(f"@{letter}*" for letter in many[:240]), ""),
        ("|".join(["overdue"] * 120), ""),
        ("|".join(f"search:{letter}" for letter in many[:100]), ""),
        ("&".join(f"search:{letter}" for letter in many[:100]), ""),
        (f"search: {many}", ""),
        ("search: " + " ".join(many[:490]), ""),
    ):
        assert await titles(anna, text) == expected, text
    assert (await anna.get("/tasks", params={"q": many[:500]})).status_code == 200


async def test_a_filter_that_nobody_should_survive(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "a", labels=["x'; DROP TABLE tasks; --", "50%", "under_score"])
    for text, expected in (
        ('@"x\'; DROP TABLE tasks; --"', "a"),
        ('@"50%"', "a"),
        ("@under*", "a"),
        ("@%*", ""),
        ("@underXscore", ""),
        ("#%", ""),
        ("assigned to: ' OR 1=1", ""),
    ):
        assert await titles(anna, text) == expected, text


async def test_terms_about_sections_recurrence_and_relations(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = (await add_project(anna, "Home"))["id"]
    section = (await anna.post(f"/projects/{home}/sections", json={"name": "Bills"})).json()["id"]
    await add_task(anna, "a", project_id=home, section_id=section)
    rule = {"rrule": "FREQ=DAILY", "anchor": "due"}
    await add_task(anna, "b", due={"date": "2030-01-01"}, recurrence=rule)
    c = await add_task(anna, "c", project_id=home)
    blocker = await add_task(anna, "d")
    await anna.put(
        f"/tasks/{c['id']}/relations", json={"relations": [{"kind": "blocked_by", "task_id": blocker["id"]}]}
    )
    for text, expected in (
        ("/bills", "a"),
        ("!/Bills", "bcd"),
        ("recurring", "b"),
        ("blocked", "c"),
        ("!blocked", "abd"),
    ):
        assert await titles(anna, text) == expected, text
    # A blocker that one cannot see does not count, nor one that is done.
    await share(anna, home, ben, "viewer")
    assert await titles(ben, "blocked") == ""
    await anna.post(f"/tasks/{blocker['id']}/complete")
    assert await titles(anna, "blocked") == ""
