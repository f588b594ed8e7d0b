"""Many at once: no 5xx, nothing lost, nothing twice."""

import asyncio
from collections import Counter
from typing import Any

from tests.factories import Api, Client, add_project, add_task, pages, share

WRITERS = 32
EACH = 3


async def test_32_writers_at_once(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    hot = await add_task(anna, "hot", project_id=home["id"])
    statuses: Counter[int] = Counter()
    members = [await api.user(f"member{n}") for n in range(4)]
    for member in members:
        await share(anna, home["id"], member, "editor")

    async def write(number: int) -> None:
        client = members[number % len(members)]
        for step in range(EACH):
            for method, url, body in requests(number, step):
                answer = await client.request(method, url, json=body)
                statuses[answer.status_code] += 1
                assert answer.status_code < 500, answer.text

    def requests(number: int, step: int) -> list[tuple[str, str, Any]]:
        title = f"{number}-{step}"
        return [
            ("POST", "/tasks", {"title": title, "project_id": home["id"], "labels": [f"label {step}"]}),
            ("PATCH", f"/tasks/{hot['id']}", {"title": title}),
            ("POST", f"/tasks/{hot['id']}/comments", {"body": title}),
        ]

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    assert statuses == {201: 2 * WRITERS * EACH, 200: WRITERS * EACH}
    made = await pages(anna, "/tasks", project_id=home["id"], limit=200)
    assert sorted(task["title"] for task in made if task["id"] != hot["id"]) == sorted(
        f"{number}-{step}" for number in range(WRITERS) for step in range(EACH)
    )
    assert len({task["key"] for task in made}) == len({task["position"] for task in made}) == len(made)
    assert (await anna.get(f"/tasks/{hot['id']}")).json()["version"] == 1 + WRITERS * EACH
    assert len(await pages(anna, f"/tasks/{hot['id']}/comments", limit=200)) == WRITERS * EACH


async def test_crossing_moves_make_no_loop(api: Api) -> None:
    anna = await api.user()
    for _ in range(3):
        one, other = await add_task(anna), await add_task(anna)
        mine, yours = await add_project(anna), await add_project(anna)
        answers = await asyncio.gather(
            anna.patch(f"/tasks/{one['id']}", json={"parent_id": other["id"]}),
            anna.patch(f"/tasks/{other['id']}", json={"parent_id": one["id"]}),
            anna.patch(f"/projects/{mine['id']}", json={"parent_id": yours["id"]}),
            anna.patch(f"/projects/{yours['id']}", json={"parent_id": mine["id"]}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]


async def test_members_who_come_and_go_at_once(api: Api) -> None:
    anna = await api.user()
    top = await add_project(anna, "Top")
    low = await add_project(anna, "Low", parent_id=top["id"])
    crowd = [await api.user(f"member{n}") for n in range(6)]

    async def come(number: int, client: Client) -> None:
        for project, role in ((top, "viewer"), (low, "editor")) if number % 2 else ((low, "editor"), (top, "viewer")):
            await share(anna, project["id"], client, role)

    await asyncio.gather(*(come(number, client) for number, client in enumerate(crowd)))
    for client in crowd:
        assert (await client.get(f"/projects/{top['id']}")).json()["role"] == "viewer"
        assert (await client.get(f"/projects/{low['id']}")).json()["role"] == "editor"
    gone = await asyncio.gather(
        *(anna.delete(f"/projects/{top['id']}/members/{client.user_id}") for client in crowd),
        anna.delete(f"/projects/{low['id']}"),
    )
    assert {answer.status_code for answer in gone} == {204}
    for client in crowd:
        assert [project["name"] for project in await pages(client, "/projects")] == ["Inbox"]


async def test_two_last_administrators_do_not_both_leave(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    for _ in range(3):
        home = await add_project(anna)
        await share(anna, home["id"], ben, "admin")
        answers = await asyncio.gather(
            anna.delete(f"/projects/{home['id']}/members/{anna.user_id}"),
            ben.delete(f"/projects/{home['id']}/members/{ben.user_id}"),
        )
        assert sorted(answer.status_code for answer in answers) == [204, 409]
