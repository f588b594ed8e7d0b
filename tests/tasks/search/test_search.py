"""Full text: what is found, by whom, in which order, and that the index follows every write."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, insert, select

from taskmanager import upkeep
from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from taskmanager.projects.models import Project, ProjectAccess
from taskmanager.tasks.models import Task
from taskmanager.tasks.search.models import TaskWords
from tests.factories import Api, Client, add_project, add_task, pages, share


async def found(client: Client, q: str, **query: Any) -> list[str]:
    return [task["title"] for task in await pages(client, "/tasks", q=q, **query)]


async def test_words_of_title_description_and_comments(api: Api) -> None:
    anna = await api.user()
    rent = await add_task(anna, "Pay the Rent", description="To **Straßenbau** GmbH, 東京都")
    await add_task(anna, "Garden")
    await anna.post(f"/tasks/{rent['id']}/comments", json={"body": "Ask the landlord's friend"})
    for q in (
        "rent",
        "RENT pay",
        "strassenbau",
        "gmbh",
        "京都",
        "京",
        "landlord",
        "landl",
        "rent landlord frie",
        "s fr",
    ):
        assert await found(anna, q) == ["Pay the Rent"], q
    for q in ("ent", "landl rent", "garden rent", "!!!", "🎉", "京東"):
        assert await found(anna, q) == [], q
    assert await found(anna, "pay", filter="p1") == []
    assert await found(anna, "pay", filter="!p1 & search: land") == ["Pay the Rent"]
    assert await found(anna, "e", filter="search: rent | search: gard") == []


async def test_better_titles_first_and_newest_within(api: Api) -> None:
    anna = await api.user()
    for title, description in (
        ("Rent", "pay it"),
        ("Pay rent", ""),
        ("Other", "pay rent"),
        ("Pay rents", ""),
        ("Payment", "rent, pay"),
    ):
        await add_task(anna, title, description=description)
    best = ["Pay rents", "Pay rent", "Rent", "Payment", "Other"]
    for limit in (1, 2, 50):
        assert await found(anna, "pay rent", limit=limit) == best
    assert await found(anna, "pay rent", sort="title", limit=1) == sorted(best)
    refused = await anna.get("/tasks", params={"q": "pay rent", "sort": "rank"})
    assert refused.json()["errors"][0]["pointer"] == "/query/sort"


async def test_the_shape_is_that_of_a_list(api: Api) -> None:
    anna = await api.user()
    await add_task(anna, "Rent")
    found, listed = (await anna.get("/tasks", params={"q": "rent"})).json(), (await anna.get("/tasks")).json()
    assert found == {**listed, "highlights": found["highlights"]}


async def test_nothing_hidden_is_found(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await add_task(anna, "secret one")
    await add_task(anna, "secret two", project_id=home["id"])
    assert await found(ben, "secret") == []
    await share(anna, home["id"], ben, "viewer")
    assert await found(ben, "secret") == ["secret two"]
    # The words that stand for projects and tasks are no words of theirs.
    for q in (home["id"], home["id"].replace("-", ""), f"#{home['id'].replace('-', '')}", "#", "=secret", "@"):
        assert await found(anna, q) == (["secret two", "secret one"] if q == "=secret" else []), q
    await anna.delete(f"/projects/{home['id']}/members/{ben.user_id}")
    assert await found(ben, "secret") == []


@pytest.mark.parametrize(
    "q",
    ['"', "'", "secret OR x", "secret*", "* secret", "NEAR(secret x)", "secret) OR (x", "words:secret", "secret:*",
     "!secret", "secret | x", "^secret", "-secret", "a\\'b", "{words} : secret", "secret & !x", "<-> secret", "\\"],
)  # fmt: skip
async def test_operators_are_blanks(api: Api, q: str) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    await add_task(anna, "secret x or near words a b")
    await add_task(ben, "secret x or near words a b")
    answer = await ben.get("/tasks", params={"q": q})
    assert answer.status_code == 200
    assert {task["created_by"] for task in answer.json()["items"]} <= {ben.user_id}
    assert len(answer.json()["items"]) == (1 if any(character.isalpha() for character in q) else 0)


async def test_what_cannot_be_searched_for_is_refused(api: Api) -> None:
    anna = await api.user()
    for q in ("", "x" * 501):
        refused = await anna.get("/tasks", params={"q": q})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/q")
    assert await found(anna, "x " * 250) == []


async def test_who_sees_very_many_projects_finds_in_all(api: Api) -> None:
    anna = await api.user()
    async with api.database.write() as session:
        now, ids = clock.now(), [new_id() for _ in range(2000)]
        words = {"name": "x", "name_key": "x", "key": "X", "description": "", "last_number": 0, "version": 1}
        made = [{"id": one, "created_at": now, "updated_at": now, **words} for one in ids]
        await session.execute(insert(Project), made)
        access = [{"user_id": anna.user_id, "project_id": one, "role": "editor"} for one in ids]
        await session.execute(insert(ProjectAccess), access)
    for project_id in (ids[0], ids[-1]):
        await add_task(anna, "needle", project_id=project_id)
    assert await found(anna, "needle") == ["needle"] * 2
    assert await found(anna, "need", filter="search: needle | p1") == ["needle"] * 2


async def test_the_index_follows_every_write(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    task = await add_task(anna, "alpha", description="beta")
    path = f"/tasks/{task['id']}"
    renamed = await anna.patch(path, json={"title": "gamma"})
    assert (await found(anna, "alpha"), await found(anna, "gamma beta")) == ([], ["gamma"])
    await anna.patch(path, json={"description": ""})
    assert await found(anna, "beta") == []
    said = await anna.post(f"{path}/comments", json={"body": "delta"})
    comment = f"{path}/comments/{said.json()['id']}"
    await anna.patch(comment, json={"body": "epsilon"})
    assert (await found(anna, "delta"), await found(anna, "epsilon")) == ([], ["gamma"])
    removed = await anna.delete(comment)
    assert await found(anna, "epsilon") == []
    await anna.post(f"/undo/{removed.headers['X-Operation-ID']}")
    assert await found(anna, "gamma epsilon") == ["gamma"]
    await anna.patch(path, json={"project_id": home["id"]})
    assert await found(anna, "epsilon", project_id=home["id"]) == ["gamma"]
    await anna.post(f"/undo/{renamed.headers['X-Operation-ID']}")
    assert (await found(anna, "gamma"), await found(anna, "alpha epsilon")) == ([], ["alpha"])
    await anna.delete(path)
    assert (await found(anna, "alpha"), await found(anna, "alpha", deleted="true")) == ([], ["alpha"])
    await anna.post(f"{path}/restore")
    assert await found(anna, "alpha") == ["alpha"]
    await anna.delete(path)
    await anna.delete(path, params={"permanent": "true"})
    assert await found(anna, "alpha", deleted="true") == []
    assert await documents(api) == 0


async def documents(api: Api) -> int:
    async with api.database.read() as session:
        return await session.scalar(select(func.count()).select_from(TaskWords)) or 0


async def test_a_move_takes_subtasks_and_readers_along(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    above = await add_task(anna, "above word")
    await add_task(anna, "below word", parent_id=above["id"])
    assert await found(ben, "word") == []
    moved = await anna.patch(f"/tasks/{above['id']}", json={"project_id": home["id"]})
    assert await found(ben, "word") == ["below word", "above word"]
    await anna.post(f"/undo/{moved.headers['X-Operation-ID']}")
    assert await found(ben, "word") == []


async def test_a_refused_write_leaves_no_words(api: Api) -> None:
    anna = await api.user()
    task = await add_task(anna, "alpha")
    assert (await anna.post("/tasks", json={"title": "beta", "id": task["id"]})).status_code == 409
    stale = await anna.patch(f"/tasks/{task['id']}", json={"title": "gamma"}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert (await found(anna, "beta"), await found(anna, "gamma"), await documents(api)) == ([], [], 1)


async def test_imported_tasks_are_found(api: Api) -> None:
    anna = await api.user()
    rows = [{"title": f"imported {number}", "description": "omega"} for number in range(3)]
    answer = await anna.post("/import", content=json.dumps(rows), headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text
    assert len(await found(anna, "imported omega")) == 3
    await anna.post(f"/undo/{answer.headers['X-Operation-ID']}")
    assert await found(anna, "omega") == []


async def test_the_end_of_the_trash_is_the_end_of_the_words(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    for project in ({}, {"project_id": home["id"]}):
        task = await add_task(anna, "old", **project)
        if not project:
            await anna.delete(f"/tasks/{task['id']}")
    await add_task(anna, "kept")
    await anna.delete(f"/projects/{home['id']}")
    with time_machine.travel(clock.now() + timedelta(days=31)):
        async with api.database.write() as session:
            await upkeep._purge_trash(session, {})
    async with api.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Task)) == 1
    assert await documents(api) == 1


async def test_long_texts_and_many_comments_are_kept_and_found(api: Api) -> None:
    anna = await api.user()
    text = " ".join(f"word{number}" for number in range(9000))
    task = await add_task(anna, "x" * 500, description=text)
    for number in range(3):
        await anna.post(f"/tasks/{task['id']}/comments", json={"body": f"{text[:15_000]} remark{number}"})
    for q in ("word8999", "remark2 word1", "x" * 400):
        assert len(await found(anna, q)) == 1, q
    unspaced = "".join(chr(0x4E00 + (number * 7) % 20_000) for number in range(100_000))
    huge = await add_task(anna, "huge", description=unspaced)
    assert (await anna.get("/tasks", params={"q": unspaced[:20]})).json()["items"][0]["id"] == huge["id"]
