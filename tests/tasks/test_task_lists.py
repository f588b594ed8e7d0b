"""Lists of tasks: filters, every order, cursors that lose and repeat nothing."""

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmanager.kit.ids import new_id
from tests.factories import Api, Client, add_project, add_task, pages, share

SORTS = ("priority", "due", "position", "created_at", "updated_at", "title")


async def a_few(client: Client) -> list[dict[str, Any]]:
    """Return tasks that differ in everything that can be sorted by, with ties."""
    tasks = [
        await add_task(client, title, priority=priority, due=due)
        for title, priority, due in (
            ("banana", 2, {"date": "2026-05-01"}),
            ("Äpfel", 2, None),
            ("apple", 0, {"datetime": "2026-05-01T09:00:00", "timezone": "Asia/Tokyo"}),
            ("Apple", 4, {"datetime": "2026-05-01T00:00:00"}),
            ("ﬁg", 1, None),
            ("zebra", 2, {"date": "2026-04-30"}),
        )
    ]
    await client.patch(f"/tasks/{tasks[1]['id']}", json={"description": "changed"})
    return await pages(client, "/tasks", sort="created_at")


def key_of(task: dict[str, Any], name: str) -> Any:
    if name == "due":
        due = task["due"]
        if due is None:
            return "9999-12-31T23:59:59"
        return due.get("at", due.get("datetime", due.get("date", "") + "T00:00:00")).rstrip("Z")
    if name == "title":
        return {"Äpfel": "äpfel", "ﬁg": "fig"}.get(task["title"], task["title"].casefold())
    return task[name]


async def test_every_order_forward_and_back_in_small_pages(api: Api) -> None:
    anna = await api.user()
    tasks = await a_few(anna)
    for name, minus in itertools.product(SORTS, ("", "-")):
        expected = sorted(tasks, key=lambda task: (key_of(task, name), task["id"]), reverse=bool(minus))
        found = await pages(anna, "/tasks", sort=f"{minus}{name}", limit=2)
        assert [task["title"] for task in found] == [task["title"] for task in expected], (name, minus)


async def test_several_keys(api: Api) -> None:
    anna = await api.user()
    tasks = await a_few(anna)
    by_title = sorted(tasks, key=lambda task: (key_of(task, "title"), task["id"]), reverse=True)
    expected = [task["title"] for task in sorted(by_title, key=lambda task: task["priority"])]
    assert [task["title"] for task in await pages(anna, "/tasks", sort="priority,-title", limit=2)] == expected
    mixed = sorted(sorted(tasks, key=lambda t: (key_of(t, "due"), t["id"])), key=lambda t: -t["priority"])
    found = await pages(anna, "/tasks", sort="-priority,due", limit=1)
    assert [task["title"] for task in found] == [task["title"] for task in mixed]


async def test_an_unknown_order_is_refused(api: Api) -> None:
    anna = await api.user()
    for sort in ("", "size", "title,title", "title,-title", "-", "due,", "due,title,priority,position"):
        refused = await anna.get("/tasks", params={"sort": sort})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/query/sort"


async def test_filters(api: Api) -> None:
    anna = await api.user()
    home = await add_project(anna)
    await add_task(anna, "a", status="in_progress", priority=1)
    await add_task(anna, "b", status="done", labels=["x"])
    await add_task(anna, "c", project_id=home["id"], labels=["x", "y"], priority=1)
    for query, expected in (
        ({}, "cba"),
        ({"status": "done"}, "b"),
        ({"status": "done,in_progress"}, "ba"),
        ({"status": "cancelled"}, ""),
        ({"priority": 1}, "ca"),
        ({"project_id": home["id"]}, "c"),
        ({"project_id": new_id()}, ""),
        ({"label": "X"}, "cb"),
        ({"label": "x", "priority": 1}, "c"),
        ({"assignee": "me"}, ""),
        ({"deleted": "true"}, ""),
    ):
        assert "".join(task["title"] for task in await pages(anna, "/tasks", **query)) == expected, query


async def test_what_cannot_be_asked_for_is_refused(api: Api) -> None:
    anna = await api.user()
    for name, value in (
        ("status", "open"), ("status", ""), ("priority", "5"), ("priority", "high"), ("project_id", "home"),
        ("assignee", "anna"), ("assignee", ""), ("label", ""), ("due_before", "tomorrow"), ("due_after", "2026-02-30"),
        ("due_before", "2026-12-01T09:00:00"), ("deleted", "perhaps"), ("limit", "0"), ("limit", "201"),
        ("limit", "many"), ("limit", "99999999999999999999999"), ("titel", "x"), ("cursor", "x" * 2001),
    ):  # fmt: skip
        refused = await anna.get("/tasks", params={name: value})
        assert refused.status_code == 422, (name, value)
        assert refused.json()["errors"][0]["pointer"] == f"/query/{name}"


async def test_a_parameter_stands_once(api: Api) -> None:
    anna = await api.user()
    refused = await anna.get("/tasks?priority=1&priority=2")
    assert refused.json()["errors"][0]["code"] == "repeated_parameter"


async def test_pages_are_linked(api: Api) -> None:
    anna = await api.user()
    for number in range(3):
        await add_task(anna, str(number))
    first = await anna.get("/tasks", params={"limit": 2, "sort": "title"})
    assert first.headers["Link"].endswith('>; rel="next"')
    second = await anna.get(first.headers["Link"].partition("<")[2].partition(">")[0])
    assert [task["title"] for task in second.json()["items"]] == ["2"]
    assert second.json()["next_cursor"] is None
    assert "Link" not in second.headers


async def test_a_cursor_belongs_to_its_filter_sort_and_account(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    for client in (anna, ben):
        for number in range(3):
            await add_task(client, str(number))
    cursor = (await anna.get("/tasks", params={"limit": 1, "sort": "title"})).json()["next_cursor"]
    assert (await anna.get("/tasks", params={"limit": 2, "sort": "title", "cursor": cursor})).status_code == 200
    others: list[tuple[Client, dict[str, Any]]] = [
        (anna, {"sort": "-title"}),
        (anna, {}),
        (anna, {"sort": "title", "priority": 0}),
        (ben, {"sort": "title"}),
    ]
    for client, query in others:
        refused = await client.get("/tasks", params={**query, "cursor": cursor})
        assert (refused.status_code, refused.json()["code"]) == (400, "cursor_mismatch")
    elsewhere = await anna.get("/projects", params={"sort": "title", "cursor": cursor})
    assert elsewhere.status_code == 422
    assert (await anna.get("/labels", params={"cursor": cursor})).json()["code"] == "cursor_mismatch"


async def test_a_damaged_cursor_is_refused(api: Api) -> None:
    anna = await api.user()
    for number in range(3):
        await add_task(anna, str(number))
    cursor = (await anna.get("/tasks", params={"limit": 1})).json()["next_cursor"]
    swapped = ("B" if cursor[20] == "A" else "A").join((cursor[:20], cursor[21:]))
    for damaged in (
        "",
        "x",
        "====",
        "é",
        cursor[:-4],
        cursor + "AAAA",
        swapped,
        "A" * 100,
        cursor.replace("_", "/") + "!",
    ):
        refused = await anna.get("/tasks", params={"cursor": damaged})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor"), damaged


async def test_a_cursor_holds_the_longest_title(api: Api) -> None:
    anna = await api.user()
    for _ in range(2):
        await add_task(anna, "🦊" * 500)
    first = (await anna.get("/tasks", params={"sort": "title", "limit": 1})).json()
    query = {"sort": "title", "limit": 1, "cursor": first["next_cursor"]}
    last = (await anna.get("/tasks", params=query)).json()
    assert (len(last["items"]), last["next_cursor"]) == (1, None)


@pytest.mark.parametrize("sort", ["created_at", "-due,title"])
async def test_paging_sees_every_task_once_while_others_write(api: Api, sort: str) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    home = await add_project(anna)
    await share(anna, home["id"], ben, "editor")
    there = {(await add_task(anna, f"{n % 5}", project_id=home["id"]))["id"] for n in range(8)}

    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(1, 5), st.lists(st.text("abc", min_size=1, max_size=3), max_size=3))
    def check(limit: int, titles: list[str]) -> None:
        seen = asyncio.run_coroutine_threadsafe(walk(limit, titles), loop).result(30)
        assert len(seen) == len(set(seen))
        assert there <= set(seen)

    async def walk(limit: int, titles: list[str]) -> list[str]:
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query: dict[str, Any] = {"sort": sort, "limit": limit, **({"cursor": cursor} if cursor else {})}
            page = (await anna.get("/tasks", params=query)).json()
            seen += [task["id"] for task in page["items"]]
            cursor = page["next_cursor"]
            for title in titles:
                if len(seen) < 15:
                    await add_task(ben, title, project_id=home["id"])
        return seen

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(check)


async def test_a_list_takes_few_statements(api: Api) -> None:
    from sqlalchemy import event

    anna = await api.user()
    for number in range(20):
        await add_task(anna, str(number), labels=["a", "b"])
    await anna.get("/tasks")
    statements: list[str] = []
    engine = api.database.reader.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM revocations" not in statement:
            statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert len((await anna.get("/tasks")).json()["items"]) == 20
    finally:
        event.remove(engine, "before_cursor_execute", note)
    # The session may have to be read again; then tasks, labels, assignees.
    assert len(statements) <= 4, statements
