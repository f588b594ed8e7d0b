"""Two files as other programs write them: taken in, filtered, searched, put in order on a board, taken back."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.factories import Api, Client, add_project, pages
from tests.integrations.files import imported

NEW_YORK = ZoneInfo("America/New_York")
# Clocks go forward on the ninth at two; the file says nothing of it.
BEGIN = datetime(2025, 3, 7, 0, 30)  # noqa: DTZ001 - a local time
KINDS = ("Animal in a Park", "Dead Animal", "Pet Shop", "Illegal Animal, Kept")
WORDS = ("huffman", "frame", "priority", "Straße", "naïve", "c++")
CHANCE = random.Random(5)  # noqa: S311 - for tests


def requests() -> list[dict[str, Any]]:
    """Return service requests, with local times of which none is missing or double."""
    found = []
    for number in range(400):
        made = BEGIN + timedelta(minutes=number * 37)
        closed = made + timedelta(hours=5) if number % 6 else None
        if any(when is not None and when.hour == 2 for when in (made, closed)):
            made, closed = made + timedelta(hours=2), None
        found.append({"key": 64_000_000 + number, "made": made, "closed": closed, "kind": CHANCE.choice(KINDS)})
    return found


def as_table(rows: list[dict[str, Any]]) -> bytes:
    lines = ["Unique Key,Created Date,Closed Date,Complaint Type,Status"]
    for row in rows:
        made, closed = ("" if at is None else f"{at:%m/%d/%Y %H:%M}" for at in (row["made"], row["closed"]))
        lines.append(f'{row["key"]},{made},{closed},"{row["kind"]}",{"Closed" if row["closed"] else "In Progress"}')
    return "\r\n".join(lines).encode()


def issues() -> dict[str, list[dict[str, Any]]]:
    """Return issues and pull requests with labels, Markdown and comments."""

    def one(number: int) -> dict[str, Any]:
        said = [{"author": "mnot", "body": f"about {CHANCE.choice(WORDS)}", "createdAt": f"2013-03-0{day}T10:00:00Z"}
                for day in range(1, 1 + number % 4)]  # fmt: skip
        return {
            "id": f"I{number}", "title": f"Issue {number}", "body": f"# Why\n\n- {CHANCE.choice(WORDS)}\n",
            "state": ("OPEN", "CLOSED", "MERGED")[number % 3], "author": "mnot", "comments": said,
            "labels": ["design"] * (number % 2) + ["editorial"] * (number % 5 == 0),
            "createdAt": f"2013-02-{1 + number % 28:02}T02:38:29Z", "closedAt": None,
        }  # fmt: skip

    return {"issues": [one(number) for number in range(80)], "pulls": [one(number) for number in range(80, 130)]}


async def count(client: Client, **query: Any) -> int:
    return len({task["id"] for task in await pages(client, "/tasks", limit=200, **query)})


async def test_two_files_and_what_one_does_with_them(api: Api) -> None:
    anna = await api.user()
    animals, http = [(await add_project(anna, name))["id"] for name in ("Animals", "HTTP/2")]
    rows, document = requests(), issues()
    zone = {"timezone": "America/New_York", "project_id": animals}
    table = await imported(anna, as_table(rows), **zone)
    archive = await imported(anna, json.dumps(document).encode(), "application/json", project_id=http)
    every = [*document["issues"], *document["pulls"]]
    assert (table["counts"]["created"], archive["counts"]["created"]) == (len(rows), len(every))
    assert archive["counts"]["comments"] == sum(len(one["comments"]) for one in every)

    # Filters say what the files say.
    open_ = await count(anna, filter="#Animals & status: in_progress")
    assert open_ == sum(row["closed"] is None for row in rows)
    instants = [row["made"].replace(tzinfo=NEW_YORK).astimezone(UTC) for row in rows]
    assert sorted(task["created_at"][:16] for task in await pages(anna, "/tasks", limit=200, project_id=animals)) == [
        f"{instant:%Y-%m-%dT%H:%M}" for instant in sorted(instants)
    ]
    assert await count(anna, filter="created: 2025-03-09") == sum(
        instant.date().isoformat() == "2025-03-09" for instant in instants
    )
    assert await count(anna, filter='#"HTTP/2" & @design & !@editorial') == sum(
        one["labels"] == ["design"] for one in every
    )
    assert await count(anna, filter="has: comment") == sum(bool(one["comments"]) for one in every)
    for word in WORDS:
        having = [one for one in every if word in " ".join([one["body"], *(said["body"] for said in one["comments"])])]
        assert await count(anna, q=f"{word} ") == len(having), word

    # The board has their order, and keeps what is moved.
    order = [task["id"] for task in await pages(anna, "/tasks", limit=200, project_id=http, sort="position")]
    moved = await anna.post(f"/tasks/{order[100]}/move", json={"after": order[2]})
    assert moved.status_code == 200
    order.insert(3, order.pop(100))
    assert order == [task["id"] for task in await pages(anna, "/tasks", limit=200, project_id=http, sort="position")]

    # What nobody changed goes as a whole, and comes back as it was.
    before = {task["id"]: task for task in await pages(anna, "/tasks", limit=200, project_id=animals)}
    undone = await anna.post(f"/undo/{table['operation_id']}")
    assert undone.status_code == 200, undone.text
    assert await count(anna, project_id=animals) == await count(anna, q="animal") == 0
    assert (await anna.post(f"/undo/{archive['operation_id']}")).status_code == 409
    assert (await anna.post(f"/undo/{moved.headers['X-Operation-ID']}")).status_code == 200
    assert (await anna.post(f"/undo/{archive['operation_id']}")).status_code == 200
    assert await pages(anna, "/tasks") == []
    assert (await anna.post(f"/undo/{undone.json()['operation_id']}")).status_code == 200
    after = {task["id"]: task for task in await pages(anna, "/tasks", limit=200, project_id=animals)}
    varying = {"version": 0, "updated_at": ""}
    assert {key: task | varying for key, task in after.items()} == {key: task | varying for key, task in before.items()}
