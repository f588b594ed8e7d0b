"""Reminders as tests set them and hear of them."""

from datetime import datetime
from typing import Any

import time_machine

from taskmanager.kit.jobs import Jobs
from taskmanager.tasks.reminders.firing import KIND, waits
from tests.factories import Api, Client, pages

DUE = {"datetime": "2030-06-03T09:00:00", "timezone": "Europe/Berlin"}
"""A Monday; 07:00 UTC."""


async def remind(client: Client, task: dict[str, Any], *wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Replace the client's reminders of a task; return what the answer tells."""
    answer = await client.put(f"/tasks/{task['id']}/reminders", json={"reminders": wanted})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["reminders"]
    return found


async def fires(client: Client, task: dict[str, Any]) -> list[str | None]:
    """Return when the client will be reminded of a task."""
    answer = await client.get(f"/tasks/{task['id']}/reminders")
    assert answer.status_code == 200, answer.text
    return [one["fires_at"] for one in answer.json()["reminders"]]


def before(minutes: int) -> dict[str, Any]:
    return {"minutes_before_due": minutes}


def later(instant: str) -> time_machine.travel:
    """Return a journey to an instant, where sessions must be opened anew."""
    return time_machine.travel(datetime.fromisoformat(instant), tick=True)


async def fire(api: Api) -> None:
    """Tell everything that is due; the server's own loop may do some of it."""
    jobs: Jobs = api.app.state.jobs
    due = True
    while due:
        await jobs.run_watched(KIND)
        async with api.database.read() as session:
            due = await waits(session)


async def recalled(client: Client) -> list[str]:
    """Return the titles of tasks of which the client was reminded, the newest first."""
    return [one["title"] for one in await pages(client, "/notifications") if one["kind"] == "reminder"]
