"""Reminders of one's own, and how they keep in step with their task."""

from typing import Any

import pytest

from taskmanager.tasks.dates import When
from taskmanager.tasks.reminders.times import instant_of
from tests.factories import Api, Client, add_project, add_task, share
from tests.tasks.reminders.recalled import DUE, before, fires, remind


async def patch(client: Client, task: dict[str, Any], **fields: Any) -> None:
    answer = await client.patch(f"/tasks/{task['id']}", json=fields)
    assert answer.status_code == 200, answer.text


async def act(client: Client, task: dict[str, Any], verb: str) -> str:
    """Do something to a task; return the id of the operation."""
    answer = await (
        client.delete(f"/tasks/{task['id']}") if verb == "delete" else client.post(f"/tasks/{task['id']}/{verb}")
    )
    assert answer.is_success, answer.text
    return str(answer.headers["X-Operation-ID"])


async def undo(client: Client, operation: str) -> None:
    answer = await client.post(f"/undo/{operation}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("local", "timezone", "minutes", "instant"),
    [
        ("2030-06-03T09:00:00", "Europe/Berlin", 30, "2030-06-03T06:30:00"),
        # A wall time without a zone is that of whoever is reminded, here in New York.
        ("2030-06-03T09:00:00", None, 30, "2030-06-03T12:30:00"),
        # All day means nine in the morning.
        ("2030-06-03", None, 0, "2030-06-03T13:00:00"),
        ("2030-06-03", None, 1440, "2030-06-02T13:00:00"),
        # Clocks went forward in the night: a day before nine is nine, half an hour before three is half an hour before.
        ("2030-03-31T09:00:00", "Europe/Berlin", 1440, "2030-03-30T08:00:00"),
        ("2030-03-31T03:00:00", "Europe/Berlin", 30, "2030-03-31T00:30:00"),
        ("2030-03-31T09:00:00", "Europe/Berlin", 1470, "2030-03-30T07:30:00"),
        # There is nothing before the first day.
        ("0002-01-01", None, 365 * 1440, "0001-01-01T13:56:02"),
        ("0002-01-01T00:00:00", "Asia/Tokyo", 365 * 1440 - 1, "0001-01-01T00:00:00"),
    ],
)
def test_the_instant_of_a_reminder(local: str, timezone: str | None, minutes: int, instant: str) -> None:
    found = instant_of(When(local, timezone), "America/New_York", minutes_before=minutes)
    assert found.isoformat() == f"{instant}+00:00"


async def test_reminders_are_ones_own(api: Api) -> None:
    anna, ben, carl = await api.user("anna"), await api.user("ben", "guest"), await api.user("carl")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "viewer")
    task = await add_task(anna, project_id=home["id"], due=DUE)
    told = await remind(anna, task, {"at": "2030-06-01T10:00:00.5+02:00"}, before(30), before(1440), before(30))
    assert told == [
        {"minutes_before_due": 1440, "at": None, "fires_at": "2030-06-02T07:00:00Z"},
        {"minutes_before_due": 30, "at": None, "fires_at": "2030-06-03T06:30:00Z"},
        {"minutes_before_due": None, "at": "2030-06-01T08:00:00Z", "fires_at": "2030-06-01T08:00:00Z"},
    ]
    # A guest, who changes nothing else, has reminders too.
    assert await fires(ben, task) == []
    await remind(ben, task, before(0))
    assert await fires(ben, task) == ["2030-06-03T07:00:00Z"]
    assert (await anna.get(f"/tasks/{task['id']}/reminders")).json() == {"reminders": told}
    # No reminder changes the task.
    assert (await anna.get(f"/tasks/{task['id']}")).json() == task
    for answer in (
        await carl.get(f"/tasks/{task['id']}/reminders"),
        await carl.put(f"/tasks/{task['id']}/reminders", json={"reminders": []}),
    ):
        assert answer.status_code == 404
    await remind(anna, task)
    assert await fires(anna, task) == []
    assert len(await fires(ben, task)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"minutes_before_due": -1},
        {"minutes_before_due": 365 * 1440 + 1},
        {"minutes_before_due": "30"},
        {"minutes_before_due": None},
        {"minutes_before_due": 5, "at": "2030-01-01T00:00:00Z"},
        {"at": "2030-01-01T00:00:00"},
        {"at": "2030-13-01T00:00:00Z"},
        {"at": "0001-01-01T00:00:00Z"},
        {"at": "2030-01-01"},
        {"at": 1893456000},
        {"at": "2030-01-01T00:00:00Z", "sound": "bell"},
    ],
)
async def test_a_reminder_says_when(api: Api, wrong: dict[str, Any]) -> None:
    anna = await api.user()
    task = await add_task(anna, due=DUE)
    answer = await anna.put(f"/tasks/{task['id']}/reminders", json={"reminders": [before(5), wrong]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/reminders/1")
    assert await fires(anna, task) == []


async def test_ten_of_a_task_are_enough(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=DUE)
    path = f"/tasks/{task['id']}/reminders"
    assert (await anna.put(path, json={"reminders": [before(n) for n in range(10)]})).status_code == 200
    assert (await anna.put(path, json={"reminders": [before(n) for n in range(11)]})).status_code == 422
    assert len(await fires(anna, task)) == 10


async def test_reminders_move_with_the_due_date(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna)
    await remind(anna, task, before(30), {"at": "2030-06-01T08:00:00Z"})
    fixed = "2030-06-01T08:00:00Z"
    assert await fires(anna, task) == [None, fixed]
    await patch(anna, task, due=DUE)
    assert await fires(anna, task) == ["2030-06-03T06:30:00Z", fixed]
    await patch(anna, task, due={"date": "2030-07-01"})
    assert await fires(anna, task) == ["2030-07-01T08:30:00Z", fixed]
    await patch(anna, task, title="Another", due=None)
    assert await fires(anna, task) == [None, fixed]
    # What would be past already is not told.
    await patch(anna, task, due={"date": "2020-07-01"})
    assert await fires(anna, task) == [None, fixed]
    await remind(anna, task, before(30), {"at": "2020-06-01T08:00:00Z"})
    assert await fires(anna, task) == [None, None]


@pytest.mark.parametrize("verbs", [("complete", "reopen"), ("delete", "restore")])
async def test_reminders_sleep_while_nothing_is_to_be_done(api: Api, verbs: tuple[str, str]) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    parent = await add_task(anna, "Parent", project_id=home["id"])
    task = await add_task(anna, project_id=home["id"], parent_id=parent["id"], due=DUE)
    for client in (anna, ben):
        await remind(client, task, before(0))
    mine = ["2030-06-03T07:00:00Z"]
    away, back = verbs
    for way_back in (back, "undo"):
        # In the trash a subtask goes along, and so does its reminder.
        gone = await act(ben, parent if away == "delete" else task, away)
        if away == "complete":
            assert await fires(anna, task) == [None]
        else:
            assert (await anna.get(f"/tasks/{task['id']}/reminders")).status_code == 404
        if way_back == "undo":
            await undo(ben, gone)
        else:
            await act(ben, parent if away == "delete" else task, back)
        assert await fires(anna, task) == await fires(ben, task) == mine


async def test_a_cancelled_task_is_recalled_by_nobody(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, due=DUE)
    await remind(anna, task, before(0))
    await patch(anna, task, status="in_progress")
    assert await fires(anna, task) == ["2030-06-03T07:00:00Z"]
    await patch(anna, task, status="cancelled")
    assert await fires(anna, task) == [None]
    # Those that are set meanwhile wake up with the others.
    await remind(anna, task, before(0), before(60))
    assert await fires(anna, task) == [None, None]
    await patch(anna, task, status="todo")
    assert await fires(anna, task) == ["2030-06-03T06:00:00Z", "2030-06-03T07:00:00Z"]


async def test_reminders_go_on_with_a_recurring_task(api: Api) -> None:
    anna = await api.user()
    # From Friday to Monday, over the last Sunday of March.
    friday = {"datetime": "2030-03-29T09:00:00", "timezone": "Europe/Berlin"}
    task = await add_task(anna, due=friday, recurrence={"rrule": "FREQ=WEEKLY;BYDAY=MO,FR"})
    await remind(anna, task, before(30), {"at": "2030-03-29T07:00:00Z"})
    first = ["2030-03-29T07:30:00Z", "2030-03-29T07:00:00Z"]
    assert await fires(anna, task) == first
    for verb in ("complete", "skip"):
        done = await act(anna, task, verb)
        assert await fires(anna, task) == ["2030-04-01T06:30:00Z", "2030-04-01T06:00:00Z"]
        await undo(anna, done)
        assert await fires(anna, task) == first
    # One occurrence that somebody moves leaves instants where they are.
    await patch(anna, task, due={**friday, "datetime": "2030-03-30T09:00:00"})
    assert await fires(anna, task) == ["2030-03-30T07:30:00Z", "2030-03-29T07:00:00Z"]
    await patch(anna, task, due=friday, recurrence={"rrule": "FREQ=DAILY;COUNT=1"})
    assert await fires(anna, task) == first
    await act(anna, task, "complete")
    assert await fires(anna, task) == [None, None]


async def test_floating_times_are_those_of_the_reader(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "viewer")
    await ben.patch("/me", json={"timezone": "Asia/Tokyo"})
    tasks = [
        await add_task(anna, project_id=home["id"], due=due)
        for due in ({"date": "2030-06-03"}, DUE, {"datetime": DUE["datetime"]})
    ]
    for task in tasks:
        for client in (anna, ben):
            await remind(client, task, before(0))
    assert [await fires(anna, task) for task in tasks] == [
        ["2030-06-03T09:00:00Z"], ["2030-06-03T07:00:00Z"], ["2030-06-03T09:00:00Z"]
    ]  # fmt: skip
    japan = [["2030-06-03T00:00:00Z"], ["2030-06-03T07:00:00Z"], ["2030-06-03T00:00:00Z"]]
    assert [await fires(ben, task) for task in tasks] == japan
    assert (await anna.patch("/me", json={"timezone": "Asia/Tokyo"})).status_code == 200
    assert [await fires(anna, task) for task in tasks] == japan
    assert (await anna.patch("/me", json={"display_name": "Anna"})).status_code == 200
    assert [await fires(anna, task) for task in tasks] == japan
