"""What others did that concerns somebody: told once, to those who may read it, and never of the own doing."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from taskmanager.tasks.notifications import repository
from taskmanager.tasks.notifications.models import Notification
from tests.factories import Api, Client, add_project, add_task, pages, share
from tests.integrations.files import csv, imported


class Home:
    """A project of Anna's, in which Ben edits, Carl comments and Gina, a guest, reads; Dora sees nothing of it."""

    def __init__(self, anna: Client, ben: Client, carl: Client, gina: Client, dora: Client) -> None:
        self.anna, self.ben, self.carl, self.gina, self.dora = anna, ben, carl, gina, dora
        self.id = ""

    async def add(self, title: str = "A task", **fields: Any) -> dict[str, Any]:
        return await add_task(self.anna, title, project_id=self.id, **fields)

    async def say(self, client: Client, task: dict[str, Any], body: str) -> Any:
        answer = await client.post(f"/tasks/{task['id']}/comments", json={"body": body})
        assert answer.status_code == 201, answer.text
        return answer


@pytest.fixture
async def home(api: Api) -> Home:
    roles = {"anna": "user", "ben": "user", "carl": "user", "gina": "guest", "dora": "user"}
    home = Home(*[await api.user(name, role) for name, role in roles.items()])
    home.id = (await add_project(home.anna))["id"]
    for client, role in ((home.ben, "editor"), (home.carl, "commenter"), (home.gina, "viewer")):
        await share(home.anna, home.id, client, role)
    return home


async def told(client: Client, **query: Any) -> list[str]:
    """Return what the client was told, the newest first, as "kind of task by whom"."""
    items = await pages(client, "/notifications", **query)
    return [f"{one['kind']} {one['title']} {one['actor']}" for one in items]


async def test_who_is_given_a_task_is_told(home: Home) -> None:
    task = await home.add("Paint", assignee_ids=[home.anna.user_id, home.ben.user_id])
    everybody = sorted([home.anna.user_id, home.ben.user_id, home.gina.user_id])
    await home.anna.patch(f"/tasks/{task['id']}", json={"assignee_ids": everybody, "title": "Paint it"})
    assert await told(home.ben) == ["assigned Paint it anna"]
    assert await told(home.gina) == ["assigned Paint it anna"]
    assert await told(home.anna) == await told(home.carl) == []
    (one,) = await pages(home.ben, "/notifications")
    assert one == {
        **{name: one[name] for name in ("id", "at")},
        "kind": "assigned",
        "read_at": None,
        "task_id": task["id"],
        "key": task["key"],
        "title": "Paint it",
        "actor_id": home.anna.user_id,
        "actor": "anna",
        "comment_id": None,
    }
    # Refused changes tell nothing.
    refused = await home.anna.patch(
        f"/tasks/{task['id']}", json={"assignee_ids": [home.carl.user_id, home.dora.user_id]}
    )
    assert refused.status_code == 422
    assert await told(home.carl) == []


async def test_who_made_a_task_or_is_to_do_it_hears_what_is_said(home: Home) -> None:
    task = await home.add("Paint", assignee_ids=[home.ben.user_id, home.gina.user_id])
    for client in (home.ben, home.gina):
        await client.post("/notifications/read", json={})
    said = (await home.say(home.ben, task, "Which colour?")).json()
    assert await told(home.anna) == ["commented Paint ben"]
    assert (await pages(home.anna, "/notifications"))[0]["comment_id"] == said["id"]
    assert await told(home.gina, unread=True) == ["commented Paint ben"]
    assert await told(home.ben, unread=True) == await told(home.carl) == []
    # Another wording is no news; a comment that was taken back, and what it told, is gone until it comes back.
    await home.ben.patch(f"/tasks/{task['id']}/comments/{said['id']}", json={"body": "Which colours?"})
    removed = await home.ben.delete(f"/tasks/{task['id']}/comments/{said['id']}")
    assert await told(home.anna) == []
    await home.ben.post(f"/undo/{removed.headers['X-Operation-ID']}")
    assert await told(home.anna) == ["commented Paint ben"]


async def test_who_is_named_is_told_once_a_text(home: Home) -> None:
    task = await home.add("Paint", description="With @ben, @anna, @nobody and @dora")
    path = f"/tasks/{task['id']}"
    assert await told(home.ben) == ["mentioned Paint anna"]
    assert await told(home.anna) == await told(home.dora) == []
    await home.anna.patch(path, json={"description": "With @ben and @Carl"})
    await home.anna.patch(path, json={"description": "With nobody"})
    cleared = await home.anna.patch(path, json={"description": "With @ben and @carl and `@gina`"})
    await home.anna.post(f"/undo/{cleared.headers['X-Operation-ID']}")
    assert await told(home.ben) == ["mentioned Paint anna"]
    assert await told(home.carl) == ["mentioned Paint anna"]
    assert await told(home.gina) == []
    # A comment is another text. Whoever is named there is not told that there is a comment, too.
    said = (await home.say(home.carl, task, "@anna, is it @ben's?")).json()
    assert await told(home.anna) == ["mentioned Paint carl"]
    assert await told(home.ben) == ["mentioned Paint carl", "mentioned Paint anna"]
    comment = f"{path}/comments/{said['id']}"
    for body in ("@gina", "nobody", "@anna and @gina"):
        assert (await home.carl.patch(comment, json={"body": body})).status_code == 200
    assert await told(home.gina) == ["mentioned Paint carl"]
    assert await told(home.anna) == ["mentioned Paint carl"]
    assert (await pages(home.gina, "/notifications"))[0]["comment_id"] == said["id"]
    (one,) = await pages(home.anna, "/notifications")
    assert one["comment_id"] == said["id"]


async def test_only_what_one_may_read_is_told(home: Home) -> None:
    task = await home.add("Paint", assignee_ids=[home.ben.user_id])
    await home.say(home.anna, task, "@gina, have a look")
    assert await told(home.ben) == ["commented Paint anna", "assigned Paint anna"]
    await home.anna.delete(f"/projects/{home.id}/members/{home.ben.user_id}")
    assert await told(home.ben) == []
    await home.say(home.anna, task, "@ben, where are you?")
    await share(home.anna, home.id, home.ben, "viewer")
    # What was said meanwhile was not said to him.
    assert await told(home.ben) == ["commented Paint anna", "assigned Paint anna"]
    gone = await home.anna.delete(f"/tasks/{task['id']}")
    assert await told(home.ben) == await told(home.gina) == []
    await home.anna.post(f"/undo/{gone.headers['X-Operation-ID']}")
    assert await told(home.gina) == ["mentioned Paint anna"]
    await home.anna.delete(f"/tasks/{task['id']}")
    assert (await home.anna.delete(f"/tasks/{task['id']}", params={"permanent": True})).status_code == 204
    assert await told(home.gina) == []


async def test_a_batch_that_is_taken_back_told_nothing(home: Home) -> None:
    good = {"op": "create", "body": {"title": "Paint", "project_id": home.id, "description": "@ben"}}
    bad = {"op": "delete", "id": new_id()}
    answer = await home.anna.post("/tasks/batch", json={"atomic": True, "operations": [good, bad]})
    assert answer.status_code == 404
    assert await told(home.ben) == []
    answer = await home.anna.post("/tasks/batch", json={"atomic": False, "operations": [good, bad]})
    assert [one["status"] for one in answer.json()["results"]] == [201, 404]
    assert await told(home.ben) == ["mentioned Paint anna"]


async def test_an_import_calls_nobody(home: Home) -> None:
    table = csv("1,Paint,,,,Home,,ben,", "2,Ask @ben,,,,Home,,,")
    await imported(home.anna, table)
    assert await told(home.ben) == []


async def test_notifications_come_in_pages_and_are_marked_as_read(home: Home) -> None:
    for number in range(3):
        await home.add(f"Task {number}", assignee_ids=[home.ben.user_id, home.carl.user_id])
    assert await told(home.ben, limit=2) == [f"assigned Task {number} anna" for number in (2, 1, 0)]
    items = await pages(home.ben, "/notifications")
    theirs = (await pages(home.carl, "/notifications"))[0]["id"]
    for up_to in (theirs, new_id()):
        assert (await home.ben.post("/notifications/read", json={"up_to": up_to})).status_code == 204
        assert len(await told(home.ben, unread=True)) == 3
    assert (await home.ben.post("/notifications/read", json={"up_to": items[1]["id"]})).status_code == 204
    assert await told(home.ben, unread=True) == ["assigned Task 2 anna"]
    assert (await home.ben.post("/notifications/read", json={})).status_code == 204
    assert await told(home.ben, unread=True) == []
    assert all(one["read_at"] for one in await pages(home.ben, "/notifications"))
    assert len(await told(home.carl, unread=True)) == 3
    # What concerns the account itself stays apart.
    assert (await home.ben.get("/me/notices")).json()["items"] == []


async def test_notifications_are_kept_for_90_days(api: Api, home: Home) -> None:
    await home.add(assignee_ids=[home.ben.user_id])
    for days, left in ((89, 1), (91, 0)):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=True):
            async with api.database.write() as session:
                await repository.purge(session)
        async with api.database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Notification)) == left
