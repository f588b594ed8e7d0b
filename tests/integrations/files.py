"""Files to import, and what the API tells of them."""

import json
from typing import Any

import httpx

from tests.factories import Client


def csv(*rows: str, head: str = "id,title,status,due,labels,project,parent,assignee,author") -> bytes:
    """Return a table of these rows."""
    return "\r\n".join([head, *rows, ""]).encode()


async def send(client: Client, content: bytes, kind: str = "text/csv", **query: Any) -> httpx.Response:
    """Import a file; a mapping may be given as an object."""
    if isinstance(query.get("mapping"), dict):
        query["mapping"] = json.dumps(query["mapping"])
    return await client.post("/import", content=content, headers={"Content-Type": kind}, params=query)


async def imported(client: Client, content: bytes, kind: str = "text/csv", **query: Any) -> dict[str, Any]:
    """Import a file that must be taken; return the report."""
    answer = await send(client, content, kind, **query)
    assert answer.status_code == (200 if query.get("dry_run") else 201), answer.text
    report: dict[str, Any] = answer.json()
    return report


async def all_tasks(client: Client, **query: Any) -> list[dict[str, Any]]:
    """Return all tasks that a client sees, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = (
            await client.get("/tasks", params={"limit": 200, **query, **({"cursor": cursor} if cursor else {})})
        ).json()
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def by_title(client: Client, **query: Any) -> dict[str, dict[str, Any]]:
    """Return all tasks by title."""
    return {task["title"]: task for task in await all_tasks(client, **query)}


async def comments_of(client: Client, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the comments of a task, oldest first."""
    answer = await client.get(f"/tasks/{task['id']}/comments")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
