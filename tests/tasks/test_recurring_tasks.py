"""Recurring tasks through the API: set, completed, skipped, moved, ended."""

from typing import Any

import pytest
import time_machine

from tests.factories import Api, Client, add_project, add_task, pages, share

DAILY = {"rrule": "FREQ=DAILY"}
BERLIN = {"datetime": "2026-05-04T09:00:00", "timezone": "Europe/Berlin"}
MONDAY_MORNING = time_machine.travel("2026-05-04T06:00:00Z", tick=True)


def day(number: int, month: int = 5) -> dict[str, str]:
    return {"date": f"2026-{month:02}-{number:02}"}


async def complete(client: Client, task: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"/tasks/{task['id']}/complete")
    assert answer.status_code == 200, answer.text
    completed: dict[str, Any] = answer.json()
    return completed


async def patch(client: Client, task: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await client.patch(f"/tasks/{task['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def coming(client: Client, task: dict[str, Any], **query: str) -> list[Any]:
    answer = await client.get(f"/tasks/{task['id']}/occurrences", params=query)
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json()["items"]
    return items


@MONDAY_MORNING
async def test_a_completed_task_goes_on_to_its_next_date(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=BERLIN, recurrence={"rrule": "rrule:byday=th,mo;freq=weekly;interval=1"})
    assert task["recurrence"] == {"rrule": "FREQ=WEEKLY;BYDAY=MO,TH", "anchor": "due", "catch_up": "none"}
    completed = await complete(anna, task)
    assert completed["due"] == {**BERLIN, "datetime": "2026-05-07T09:00:00", "at": "2026-05-07T07:00:00Z"}
    assert (completed["status"], completed["completed_at"], completed["id"]) == ("todo", None, task["id"])
    assert completed["version"] == task["version"] + 1
    listed = (await anna.get("/tasks")).json()["items"]
    assert listed == [completed]
    assert [item["action"] for item in await pages(anna, f"/tasks/{task['id']}/activity")] == ["completed", "created"]


@MONDAY_MORNING
@pytest.mark.parametrize(
    ("recurrence", "due", "following"),
    [
        # Daily since Friday, done on Monday: what was missed is missed.
        (DAILY, {"date": "2026-05-01"}, {"date": "2026-05-05"}),
        ({**DAILY, "catch_up": "all"}, {"date": "2026-05-01"}, {"date": "2026-05-02"}),
        ({"rrule": "FREQ=DAILY;INTERVAL=3"}, {"date": "2026-05-02"}, {"date": "2026-05-05"}),
        ({"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion"}, {"date": "2026-05-02"}, {"date": "2026-05-07"}),
        # Done early.
        (DAILY, {"date": "2026-05-10"}, {"date": "2026-05-11"}),
        ({"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion"}, {"date": "2026-05-10"}, {"date": "2026-05-07"}),
        # Today at a time that is still to come is not over yet.
        (DAILY, {"datetime": "2026-05-03T09:00:00"}, {"datetime": "2026-05-04T09:00:00"}),
        ({"rrule": "FREQ=HOURLY;INTERVAL=4", "anchor": "completion"}, {"datetime": "2026-05-04T01:30:00"},
         {"datetime": "2026-05-04T10:00:00"}),
        # Every 31st, in months that have none too.
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"}, {"date": "2026-05-31"}, {"date": "2026-06-30"}),
    ],
)  # fmt: skip
async def test_what_the_next_date_is_counted_from(
    api: Api, recurrence: dict[str, str], due: dict[str, str], following: dict[str, str]
) -> None:
    anna = await api.user()
    task = await add_task(anna, due=due, recurrence=recurrence)
    assert (await complete(anna, task))["due"] == following


@MONDAY_MORNING
async def test_a_patch_to_done_completes_as_well(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=day(4), recurrence=DAILY, status="in_progress")
    changed = await patch(anna, task, status="done", title="Again", due=day(6))
    assert (changed["status"], changed["title"], changed["due"]) == ("todo", "Again", day(7))
    ended = await patch(anna, task, status="done", recurrence=None)
    assert (ended["status"], ended["due"], ended["recurrence"]) == ("done", day(7), None)


@MONDAY_MORNING
async def test_a_due_date_alone_moves_one_occurrence(api: Api) -> None:
    anna = await api.user()
    weekly = await add_task(anna, due=day(4), recurrence={"rrule": "FREQ=WEEKLY"})
    # Earlier: the Monday that it stood for does not come again. Later: neither does what lies before.
    for moved, following in ((day(2), day(11)), (day(14), day(18)), ({"datetime": "2026-05-20T10:00:00"}, day(25))):
        await patch(anna, weekly, due=moved)
        assert (await coming(anna, weekly))[:2] == [moved, following]
        assert (await complete(anna, weekly))["due"] == following
    # With its rule it begins a new series.
    await patch(anna, weekly, due=day(26), recurrence={"rrule": "FREQ=WEEKLY"})
    assert (await complete(anna, weekly))["due"] == day(2, 6)
    same = await patch(anna, weekly, recurrence={"rrule": "FREQ=WEEKLY;INTERVAL=1"})
    assert same["version"] == (await complete(anna, weekly))["version"] - 1


@MONDAY_MORNING
async def test_count_and_until_end_the_series(api: Api) -> None:
    anna = await api.user()
    for rrule, anchor in (
        ("FREQ=DAILY;COUNT=2", "due"),
        ("FREQ=DAILY;COUNT=2", "completion"),
        ("FREQ=DAILY;UNTIL=20260505", "due"),
    ):
        task = await add_task(anna, due=day(4), recurrence={"rrule": rrule, "anchor": anchor})
        assert await coming(anna, task) == [day(4), day(5)]
        first = await complete(anna, task)
        assert (first["status"], first["due"]) == ("todo", day(5))
        last = await complete(anna, task)
        assert (last["status"], last["due"]) == ("done", day(5)), (rrule, anchor)
        assert last["completed_at"] is not None
        assert await coming(anna, task) == []
        assert (await complete(anna, task))["version"] == last["version"]
        reopened = (await anna.post(f"/tasks/{task['id']}/reopen")).json()
        assert (reopened["status"], reopened["due"]) == ("todo", day(5))
    recurrence = {"rrule": "FREQ=DAILY;UNTIL=20260504", "anchor": "completion"}
    assert (await complete(anna, await add_task(anna, due=day(4), recurrence=recurrence)))["status"] == "done"


@MONDAY_MORNING
async def test_skipping_gives_no_credit(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=day(4), recurrence={"rrule": "FREQ=DAILY;COUNT=2"})
    path = f"/tasks/{task['id']}"
    skipped = (await anna.post(f"{path}/skip")).json()
    assert (skipped["status"], skipped["due"]) == ("todo", day(5))
    last = (await anna.post(f"{path}/skip")).json()
    assert (last["status"], last["completed_at"]) == ("cancelled", None)
    assert [item["action"] for item in await pages(anna, f"{path}/activity")] == ["skipped", "skipped", "created"]
    for other in (last, await add_task(anna)):
        refused = await anna.post(f"/tasks/{other['id']}/skip")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_recurring")


@MONDAY_MORNING
async def test_skipping_counts_from_the_due_date(api: Api) -> None:
    anna = await api.user()
    for due, catch_up, following in ((day(10), "none", day(13)), (day(2), "none", day(5)), (day(1), "none", day(7)),
                                     (day(1), "all", day(4))):  # fmt: skip
        recurrence = {"rrule": "FREQ=DAILY;INTERVAL=3", "anchor": "completion", "catch_up": catch_up}
        task = await add_task(anna, due=due, recurrence=recurrence)
        assert (await anna.post(f"/tasks/{task['id']}/skip")).json()["due"] == following


@MONDAY_MORNING
async def test_subtasks_open_again_and_starts_keep_their_distance(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=BERLIN, start={**BERLIN, "datetime": "2026-05-03T18:00:00"}, recurrence=DAILY)
    low = await add_task(anna, "low", parent_id=task["id"])
    lower = await add_task(anna, "lower", parent_id=low["id"])
    own = await add_task(anna, "own", parent_id=task["id"], due=day(4), recurrence={"rrule": "FREQ=DAILY;COUNT=1"})
    lowest = await add_task(anna, "below own", parent_id=own["id"])
    gone = await add_task(anna, "gone", parent_id=task["id"])
    for one in (low, lower, own, lowest, gone):
        assert (await complete(anna, one))["status"] == "done"
    await anna.delete(f"/tasks/{gone['id']}")
    completed = await complete(anna, task)
    assert completed["start"]["datetime"] == "2026-05-04T18:00:00"
    status = {one["title"]: one["status"] for one in await pages(anna, "/tasks")}
    assert status == {"A task": "todo", "low": "todo", "lower": "todo", "own": "done", "below own": "done"}
    # Of different kinds: by days.
    mixed = await add_task(anna, due=BERLIN, start=day(1), recurrence={"rrule": "FREQ=WEEKLY"})
    assert (await complete(anna, mixed))["start"] == day(8)


@MONDAY_MORNING
async def test_the_last_completion_leaves_subtasks_as_they_are(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=day(4), recurrence={"rrule": "FREQ=DAILY;COUNT=1"})
    low = await add_task(anna, "low", parent_id=task["id"])
    await complete(anna, low)
    assert (await complete(anna, task))["status"] == "done"
    assert (await anna.get(f"/tasks/{low['id']}")).json()["status"] == "done"


async def test_rules_that_cannot_be_kept_are_refused_at_their_place(api: Api) -> None:
    anna = await api.user()
    for rrule, due in (
        ("", day(4)),
        ("FREQ=SECONDLY", BERLIN),
        ("FREQ=MINUTELY;BYSECOND=0,30", BERLIN),
        ("FREQ=FORTNIGHTLY", day(4)),
        ("FREQ=DAILY;BYMONTDAY=3", day(4)),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", day(4)),
        ("FREQ=DAILY;UNTIL=20200101", day(4)),
        ("FREQ=HOURLY", day(4)),
        ("FREQ=DAILY;BYHOUR=9", day(4)),
        # None of these ever comes, or they are looked for in vain.
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", day(4)),
        ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", day(4)),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", day(4)),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", day(4)),
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", BERLIN),
        ("FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", BERLIN),
        ("FREQ=MINUTELY;BYHOUR=9;BYSETPOS=5", BERLIN),
        ("FREQ=MINUTELY;INTERVAL=120;BYHOUR=6", BERLIN),
        ("FREQ=DAILY;" + "X-A=1;" * 200, day(4)),
        ("FREQ=DAILY\nATTACH:evil", day(4)),
    ):
        refused = await anna.post("/tasks", json={"title": "x", "due": due, "recurrence": {"rrule": rrule}})
        assert refused.status_code == 422, (rrule, refused.text)
        place = refused.json()["errors"][0]
        assert place["pointer"] == "/recurrence/rrule", (rrule, place)
    for recurrence, pointer in (
        ({}, "/recurrence/rrule"),
        ({**DAILY, "anchor": "start"}, "/recurrence/anchor"),
        ({**DAILY, "catch_up": "some"}, "/recurrence/catch_up"),
        ({**DAILY, "every": "day"}, "/recurrence/every"),
        ("FREQ=DAILY", "/recurrence"),
    ):
        refused = await anna.post("/tasks", json={"title": "x", "due": day(4), "recurrence": recurrence})
        assert refused.json()["errors"][0]["pointer"] == pointer, recurrence
    assert await pages(anna, "/tasks") == []


async def test_a_recurring_task_keeps_a_due_date(api: Api) -> None:
    anna = await api.user()
    refused = await anna.post("/tasks", json={"title": "x", "recurrence": DAILY})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/recurrence")
    task = await add_task(anna, due=day(4), recurrence=DAILY)
    refused = await anna.patch(f"/tasks/{task['id']}", json={"due": None})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/due")
    both = await patch(anna, task, due=None, recurrence=None)
    assert both["due"] is both["recurrence"] is None


async def test_private_parts_are_kept(api: Api) -> None:
    anna = await api.user()
    text = "FREQ=DAILY;X-Colour=Blue, or so;RSCALE=GREGORIAN"
    task = await add_task(anna, due=day(4), recurrence={"rrule": text})
    assert task["recurrence"]["rrule"] == "FREQ=DAILY;RSCALE=GREGORIAN;X-Colour=Blue, or so"
    assert (await complete(anna, task))["recurrence"] == task["recurrence"]


@MONDAY_MORNING
async def test_dates_to_come_within_a_range(api: Api) -> None:
    anna = await api.user()
    await anna.patch("/me", json={"timezone": "Europe/Berlin"})
    task = await add_task(anna, due=BERLIN, recurrence=DAILY)
    assert len(await coming(anna, task)) == 200
    assert len(await coming(anna, task, to="2026-05-10")) == 7
    assert [one["at"] for one in await coming(anna, task, **{"from": "2400-01-01", "to": "2400-01-02"})] == [
        "2400-01-01T08:00:00Z",
        "2400-01-02T08:00:00Z",
    ]
    # From is included, an instant at the end is not.
    edge = {"from": "2026-05-05T07:00:00Z", "to": "2026-05-06T07:00:00Z"}
    assert [one["at"] for one in await coming(anna, task, **edge)] == ["2026-05-05T07:00:00Z"]
    every_day = await add_task(anna, due=day(1), recurrence=DAILY)
    assert await coming(anna, every_day, to="2026-05-06") == [day(1), day(5), day(6)], "as it goes on if done now"
    caught_up = await add_task(anna, due=day(1), recurrence={**DAILY, "catch_up": "all"})
    assert await coming(anna, caught_up, **{"from": "2026-05-03", "to": "2026-05-04"}) == [day(3), day(4)]
    assert await coming(anna, await add_task(anna, due=day(4))) == []


async def test_ranges_that_are_none_are_refused(api: Api) -> None:
    anna = await api.user()
    path = f"/tasks/{(await add_task(anna, due=day(4), recurrence=DAILY))['id']}/occurrences"
    for query, pointer in (
        ({"from": "2026-05-05", "to": "2026-05-04"}, "/query/to"),
        ({"from": "2026-05-05T00:00:00Z", "to": "2026-05-05T00:00:00Z"}, "/query/to"),
        ({"from": "tomorrow"}, "/query/from"),
        ({"to": "2026-05-05T00:00:00"}, "/query/to"),
        ({"since": "2026-05-05"}, "/query/since"),
    ):
        refused = await anna.get(path, params=query)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), query
    for query in ({"from": "0001-01-01"}, {"to": "9999-12-31"}, {"from": "9999-12-31"}):
        assert (await anna.get(path, params=query)).status_code == 200, query


@MONDAY_MORNING
async def test_who_may_complete_may_skip_and_whoever_reads_sees_what_comes(api: Api) -> None:
    anna = await api.user("anna")
    home = await add_project(anna)
    task = await add_task(anna, project_id=home["id"], due=day(4), recurrence=DAILY)
    for role, status in (("viewer", 403), ("commenter", 403), ("editor", 200)):
        member = await api.user(f"a.{role}")
        assert (await member.post(f"/tasks/{task['id']}/skip")).status_code == 404
        assert (await member.get(f"/tasks/{task['id']}/occurrences")).status_code == 404
        await share(anna, home["id"], member, role)
        assert (await member.post(f"/tasks/{task['id']}/skip")).status_code == status
        assert len(await coming(member, task, to="2026-05-20")) > 10
    stale = await anna.post(f"/tasks/{task['id']}/skip", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
