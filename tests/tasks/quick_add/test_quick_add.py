"""POST /quick-add: what a line makes, all of it at once, and what is refused."""

from typing import Any

import httpx
import pytest
import time_machine

from tests.factories import Api, Client, add_api_token, add_project, add_task, pages, share

NOON = "2026-12-02T12:00:00Z"
LINE = "Pay rent #Home /Bills @money +anna p1 tomorrow 9am every month {2026-12-31} // paid from the joint account"


async def quick(client: Client, text: str, status: int = 201, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/quick-add", json={"text": text, **fields})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def errors(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(error["pointer"], error["code"], error["start"], error["end"]) for error in answer["errors"]]


async def add_section(client: Client, project_id: str, name: str) -> str:
    answer = await client.post(f"/projects/{project_id}/sections", json={"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def everything(client: Client) -> tuple[int, ...]:
    return tuple([len(await pages(client, path)) for path in ("/tasks", "/projects", "/labels")])


@time_machine.travel(NOON)
async def test_a_line_with_everything(api: Api) -> None:
    anna, chief = await api.user("anna"), await api.user("chief")
    home = await add_project(chief, "Home")
    await share(chief, home["id"], anna, "viewer")
    bills = await add_section(chief, home["id"], "Bills")
    made = await quick(chief, LINE, timezone="Europe/Berlin")
    task = made["task"]
    assert (task["title"], task["project_id"], task["section_id"]) == ("Pay rent", home["id"], bills)
    assert (task["labels"], task["assignee_ids"], task["priority"]) == (["money"], [anna.user_id], 4)
    assert task["due"] == {"datetime": "2026-12-03T09:00:00", "timezone": "Europe/Berlin", "at": "2026-12-03T08:00:00Z"}
    assert task["recurrence"] == {"rrule": "FREQ=MONTHLY", "anchor": "due", "catch_up": "none"}
    assert (task["deadline"], task["description"]) == ("2026-12-31", "paid from the joint account")
    assert [(LINE[token["start"] : token["end"]], token["kind"], token["value"]) for token in made["tokens"]] == [
        ("#Home", "project", "Home"),
        ("/Bills", "section", "Bills"),
        ("@money", "label", "money"),
        ("+anna", "assignee", "anna"),
        ("p1", "priority", "4"),
        ("tomorrow 9am", "date", "2026-12-03T09:00:00"),
        ("every month", "recurrence", "FREQ=MONTHLY"),
        ("{2026-12-31}", "deadline", "2026-12-31"),
        ("// paid from the joint account", "description", "paid from the joint account"),
    ]
    assert made["unknown"] == []
    assert made["tasks"] == [{"task": task, "tokens": made["tokens"], "unknown": []}]
    assert (await chief.get(f"/tasks/{task['id']}")).json() == task


@time_machine.travel(NOON)
async def test_days_are_those_of_the_account_unless_a_zone_is_given(api: Api) -> None:
    chief = await api.user()
    await chief.patch("/me", json={"timezone": "Pacific/Auckland"})
    assert (await quick(chief, "x today"))["task"]["due"] == {"date": "2026-12-03"}
    assert (await quick(chief, "x today", timezone="UTC"))["task"]["due"] == {"date": "2026-12-02"}
    assert (await quick(chief, "x 9am"))["task"]["due"]["timezone"] == "Pacific/Auckland"
    assert (await quick(chief, "x", 422, timezone="Mars/Olympus"))["errors"][0]["pointer"] == "/timezone"


@time_machine.travel(NOON)
async def test_a_dry_run_shows_and_writes_nothing(api: Api) -> None:
    chief = await api.user()
    before = await everything(chief)
    shown = await quick(chief, "x #Garden @new +nobody tomorrow\n  y p2", 200, dry_run=True, timezone="UTC")
    assert [(token["kind"], token["value"]) for token in shown["unknown"]] == [
        ("project", "Garden"),
        ("assignee", "nobody"),
    ]
    assert shown["task"]["title"] == "x #Garden +nobody"
    assert shown["task"]["due"] == {"date": "2026-12-03"}
    second = shown["tasks"][1]
    assert (second["task"]["title"], second["task"]["parent"], second["task"]["priority"]) == ("y", 0, 3)
    made = await quick(chief, "x #Garden", 200, dry_run=True, create_missing=True)
    assert (made["task"]["title"], made["task"]["project_id"], made["unknown"]) == ("x", None, [])
    # While somebody types there may be no title yet.
    assert (await quick(chief, "tomorrow", 200, dry_run=True))["task"]["title"] == ""
    assert await everything(chief) == before


async def test_unknown_names_stay_in_the_title_unless_they_may_be_made(api: Api) -> None:
    chief = await api.user()
    kept = await quick(chief, "Fix issue #42 /now")
    assert kept["task"]["title"] == "Fix issue #42 /now"
    assert [token["value"] for token in kept["unknown"]] == ["42", "now"]
    assert (await everything(chief))[1] == 1
    made = (await quick(chief, 'Dig #Garden /"Spring work"', create_missing=True))["task"]
    assert made["title"] == "Dig"
    projects = {project["id"]: project["name"] for project in await pages(chief, "/projects")}
    assert projects[made["project_id"]] == "Garden"
    sections = await pages(chief, f"/projects/{made['project_id']}/sections")
    assert [(section["id"], section["name"]) for section in sections] == [(made["section_id"], "Spring work")]
    # It is there now, whatever its spelling.
    again = (await quick(chief, 'Plant #garden /"SPRING WORK"', create_missing=True))["task"]
    assert (again["project_id"], again["section_id"]) == (made["project_id"], made["section_id"])


async def test_one_undo_takes_all_of_it_back(api: Api) -> None:
    chief = await api.user()
    text = "a #New /One @x\n  b @y\nc #Other /Two\nd #new"
    before = await everything(chief)
    answer = await chief.post("/quick-add", json={"text": text, "create_missing": True})
    assert answer.status_code == 201, answer.text
    assert await everything(chief) == (4, 3, 2)
    undone = await chief.post(f"/undo/{answer.headers['X-Operation-ID']}")
    assert undone.status_code == 200, undone.text
    assert await everything(chief) == before == (0, 1, 0)
    assert (await chief.post(f"/undo/{undone.headers['X-Operation-ID']}")).status_code == 200
    assert await everything(chief) == (4, 3, 2)


async def test_lines_become_tasks_and_subtasks(api: Api) -> None:
    chief = await api.user()
    home = await add_project(chief, "Home")
    text = "- [ ] Party #Home\n    - Food @shop\n        * Bread 🎉 p1\n    - Guests\n\n- Rest"
    made = await quick(chief, text)
    tasks = [line["task"] for line in made["tasks"]]
    assert [task["title"] for task in tasks] == ["Party", "Food", "Bread 🎉", "Guests", "Rest"]
    ids = [task["id"] for task in tasks]
    assert [task["parent_id"] for task in tasks] == [None, ids[0], ids[1], ids[0], None]
    assert [task["project_id"] == home["id"] for task in tasks] == [True, True, True, True, False]
    assert sorted(tasks[:4], key=lambda task: task["position"]) == tasks[:4]
    tokens = [text[token["start"] : token["end"]] for line in made["tasks"] for token in line["tokens"]]
    assert tokens == ["#Home", "@shop", "p1"]


async def test_what_is_wrong_with_a_text_says_where_and_nothing_is_made(api: Api) -> None:
    chief, ben = await api.user("chief"), await api.user("ben")
    home = await add_project(chief, "Home")
    before = await everything(chief)
    for text, expected in (
        ("tomorrow p1", [("empty_title", 0, 11)]),
        ("a\n - #Home\nb", [("empty_title", 5, 10), ("other_project", 5, 10)]),
        # Nobody, and somebody who does not see the project, are answered alike.
        ("x #Home +nobody", [("unknown_assignee", 8, 15)]),
        ("x #Home +ben, now", [("unknown_assignee", 8, 13)]),
        ("a #Home\n  b #Inbox", [("other_project", 10, 18)]),
        ("x" * 501, [("invalid_line", 0, 501)]),
        ("\n".join(" " * n + "x" for n in range(17)), [("too_deep", 168, 169)]),
    ):
        refused = await quick(chief, text, 422)
        assert errors(refused) == [("/text", *one) for one in expected], text[:40]
    for text, code in ((" \n ", "empty_title"), ("x\n" * 201, "too_many_lines")):
        assert (await quick(chief, text, 422))["errors"][0]["code"] == code
    for text in ("", "x" * 20_001):
        assert (await quick(chief, text, 422))["errors"][0]["pointer"] == "/text"
    assert await everything(chief) == before
    await share(chief, home["id"], ben, "viewer")
    assert (await quick(chief, "x #Home +ben"))["task"]["assignee_ids"] == [ben.user_id]
    assert len((await quick(chief, "x\n" * 200))["tasks"]) == 200


async def test_me_is_whoever_adds(api: Api) -> None:
    chief = await api.user("chief")
    for text in ("x +me", "x +Chief", "x #New +me +chief"):
        made = (await quick(chief, text, create_missing=True))["task"]
        assert (made["title"], made["assignee_ids"]) == ("x", [chief.user_id])


async def test_projects_are_those_that_one_may_add_to(api: Api) -> None:
    chief, ben = await api.user("chief"), await api.user("ben")
    work = await add_project(chief, "Work")
    assert (await quick(ben, "x #Work"))["task"]["title"] == "x #Work"
    await share(chief, work["id"], ben, "viewer")
    assert (await quick(ben, "x #Work"))["task"]["title"] == "x #Work"
    await ben.patch("/me", json={"display_name": "Ben"})
    answer = await chief.patch(f"/projects/{work['id']}/members/{ben.user_id}", json={"role": "editor"})
    assert answer.status_code == 200
    assert (await quick(ben, "x #work"))["task"]["project_id"] == work["id"]
    assert (await quick(ben, "x #inbox"))["task"]["key"].startswith("INBOX-")


async def test_of_projects_of_one_name_it_is_the_one_used_last(api: Api) -> None:
    chief = await api.user()
    first, second = await add_project(chief, "Home"), await add_project(chief, "HOME")
    assert (await quick(chief, "x #home"))["task"]["project_id"] == second["id"]
    await add_task(chief, project_id=first["id"])
    assert (await quick(chief, "x #home"))["task"]["project_id"] == first["id"]


async def test_sent_again_it_is_carried_out_once(api: Api) -> None:
    chief = await api.user()
    body = {"text": "x #New @y", "create_missing": True}
    answers = [await chief.post("/quick-add", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert answers[0].headers["Location"] == f"/tasks/{answers[0].json()['task']['id']}"
    assert await everything(chief) == (1, 2, 1)


async def test_an_api_token_makes_projects_only_if_it_may(api: Api) -> None:
    chief = await api.user()

    async def by(*scopes: str) -> httpx.Response:
        token = await add_api_token(chief, *scopes)
        client = await api.client(Authorization=f"Bearer {token['token']}")
        return await client.post("/quick-add", json={"text": "x #New", "create_missing": True})

    refused = await by("tasks:write")
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert (await everything(chief))[:2] == (0, 1)
    assert (await by("tasks:read")).status_code == 403
    assert (await by("tasks:write", "projects:write")).status_code == 201
    # Where nothing is missing the scope is not either.
    assert (await by("tasks:write")).status_code == 201


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": "x", "surprise": 1}, {"text": "x", "dry_run": "yes"}])
async def test_bodies_are_strict(api: Api, body: dict[str, Any]) -> None:
    chief = await api.user()
    assert (await chief.post("/quick-add", json=body)).status_code == 422
