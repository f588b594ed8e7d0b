"""Whatever was done, undone in reverse, leaves everything as it was; out of order, undo refuses or can be undone.

More than a few examples by TASKMANAGER_TEST_EXAMPLES.
"""

import asyncio
import os
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories import Api, Client, add_project, add_task, pages

Step = tuple[str, int, int]
DATES = (None, {"date": "2026-05-01"}, {"datetime": "2026-05-01T09:00:00", "timezone": "Europe/Berlin"})
RULES = ({"rrule": "FREQ=DAILY"}, {"rrule": "FREQ=WEEKLY;COUNT=2"}, {"rrule": "FREQ=DAILY", "anchor": "completion"})
KINDS = (
    "add", "add below", "edit", "due", "labels", "complete", "reopen", "move", "put below", "trash", "restore", "recur",
    "stop", "skip",
    "comment", "edit comment", "remove comment", "add project", "rename project", "move project", "delete project",
    "add section", "rename section", "remove section", "put in section", "place", "copy", "relate",
    "batch", "lines", "import",
)  # fmt: skip
EXAMPLES = int(os.environ.get("TASKMANAGER_TEST_EXAMPLES", "6"))
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=9)


class World:
    """One account's tasks, comments and projects, and what can be done to them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def state(self) -> dict[str, Any]:
        """Return all that can be seen, without what an undo must change: versions, times of changes."""
        tasks = [
            *await pages(self._client, "/tasks", limit=200),
            *await pages(self._client, "/tasks", limit=200, deleted="true"),
        ]
        comments = [
            comment
            for task in tasks
            if task["deleted_at"] is None
            for comment in await pages(self._client, f"/tasks/{task['id']}/comments")
        ]
        projects = await pages(self._client, "/projects", limit=200)
        sections = [
            section
            for project in projects
            for section in await pages(self._client, f"/projects/{project['id']}/sections")
        ]
        related = {
            f"related {task['id']}": (await self._client.get(f"/tasks/{task['id']}/relations")).json()["relations"]
            for task in tasks
            if task["deleted_at"] is None
        }
        things = [*tasks, *comments, *projects, *sections]
        return {
            thing["id"]: {
                **{name: value for name, value in thing.items() if name not in {"version", "updated_at"}},
                "deleted_at": thing.get("deleted_at") is not None,
            }
            for thing in things
        } | {name: relations for name, relations in related.items() if relations}

    async def do(self, kind: str, one: int, other: int) -> httpx.Response | None:
        """Carry out one step on what the numbers pick; None where there is nothing to do it to."""
        live = await pages(self._client, "/tasks", sort="created_at")
        trash = await pages(self._client, "/tasks", deleted="true", sort="created_at")
        projects = sorted(await pages(self._client, "/projects"), key=lambda project: project["id"])
        own = [project for project in projects if not project["is_inbox"]]
        of_projects = kind.endswith((" project", " section")) and kind not in {"add project", "put in section"}
        pool = trash if kind == "restore" else own if of_projects else live
        if not pool and kind not in {"add", "add project", "lines", "import"}:
            return None
        chosen = pool[one % len(pool)] if pool else {}
        task, project = f"/tasks/{chosen.get('id')}", f"/projects/{chosen.get('id')}"
        target = projects[other % len(projects)]["id"]
        parent = own[other % len(own)]["id"] if own and other % 3 else None
        requests: dict[str, tuple[str, str, Any]] = {
            "add": ("POST", "/tasks", {"title": f"task {one}", "project_id": target}),
            "add below": ("POST", "/tasks", {"title": f"sub {other}", "parent_id": chosen.get("id"),
                                             "project_id": chosen.get("project_id")}),
            "edit": ("PATCH", task, {"title": f"title {other}", "priority": other % 5, "status": "in_progress"}),
            "due": ("PATCH", task, {"due": DATES[other % 3], "start": DATES[one % 3]}),
            "labels": ("PATCH", task, {"labels": [f"l{n}" for n in range(other % 4)][:: 1 if one % 2 else -1]}),
            "complete": ("POST", f"{task}/complete", None),
            "recur": ("PATCH", task, {"due": DATES[1 + other % 2], "recurrence": RULES[one % 3]}),
            "stop": ("PATCH", task, {"recurrence": None}),
            "skip": ("POST", f"{task}/skip", None),
            "reopen": ("POST", f"{task}/reopen", None),
            "move": ("PATCH", task, {"project_id": target}),
            "put below": ("PATCH", task, {"parent_id": live[other % len(live)]["id"] if live and other else None}),
            "trash": ("DELETE", task, None),
            "restore": ("POST", f"{task}/restore", None),
            "place": ("POST", f"{task}/move", {"after": live[other % len(live)]["id"] if live else None}),
            "copy": ("POST", f"{task}/duplicate", None),
            "relate": ("PUT", f"{task}/relations", {"relations": [
                {"kind": ("blocks", "relates", "follows")[other % 3], "task_id": live[other % len(live)]["id"]}
                for _ in live[:1] if other]}),
            "batch": ("POST", "/tasks/batch", {"atomic": True, "operations": [
                {"op": "create", "body": {"title": f"batch {one}", "labels": ["l1"]}},
                {"op": "update", "id": chosen.get("id"), "body": {"priority": other % 5}},
                {"op": ("complete", "delete", "move")[other % 3], "id": chosen.get("id"),
                 **({"body": {"project_id": target}} if other % 3 == 2 else {})}]}),
            "lines": ("POST", "/quick-add", {"create_missing": True,
                                             "text": f"line {one} #Q{other % 3} /S{one % 2} @l{other}\n  below today"}),
            "comment": ("POST", f"{task}/comments", {"body": f"said {other}"}),
            "add project": ("POST", "/projects", {"name": f"P{one}", "parent_id": parent}),
            "rename project": ("PATCH", project, {"name": f"R{other}", "color": "#00ff00"}),
            "move project": ("PATCH", project, {"parent_id": parent}),
            "delete project": ("DELETE", project, None),
        }  # fmt: skip
        if kind.endswith(" section"):
            wanted = await self._on_section(kind, chosen if chosen in own else None, task, one, other)
            if wanted is None:
                return None
            requests[kind] = wanted
        if kind in {"edit comment", "remove comment"}:
            said = await pages(self._client, f"{task}/comments")
            if not said:
                return None
            comment = f"{task}/comments/{said[other % len(said)]['id']}"
            requests["edit comment"] = ("PATCH", comment, {"body": f"better {one}"})
            requests["remove comment"] = ("DELETE", comment, None)
        if kind == "import":
            rows = f"title,labels,parent,id\nrow {one},l{other},,{one}\nbelow,,{one},below {one} {other}\n"
            answer = await self._client.post("/import", content=rows, headers={"Content-Type": "text/csv"})
        else:
            method, url, body = requests[kind]
            answer = await self._client.request(method, url, json=body)
        assert answer.status_code in {200, 201, 204, 409, 422}, answer.text
        return answer if "X-Operation-ID" in answer.headers else None

    async def _on_section(
        self, kind: str, project: dict[str, Any] | None, task: str, one: int, other: int
    ) -> tuple[str, str, Any] | None:
        """Return the request of a step with a section of a project, or None if there is none."""
        if kind == "put in section":
            project_id = (await self._client.get(task)).json()["project_id"]
        elif project is None:
            return None
        else:
            project_id = project["id"]
        sections = await pages(self._client, f"/projects/{project_id}/sections")
        if kind == "add section":
            return "POST", f"/projects/{project_id}/sections", {"name": f"S{one}"}
        if not sections:
            return None
        section = sections[other % len(sections)]["id"]
        if kind == "put in section":
            return "PATCH", task, {"section_id": section}
        path = f"/projects/{project_id}/sections/{section}"
        return ("DELETE", path, None) if kind == "remove section" else ("PATCH", path, {"name": f"T{other}"})

    async def undo(self, operation_id: str) -> httpx.Response:
        return await self._client.post(f"/undo/{operation_id}")


def came_back(earlier: dict[str, Any], now: dict[str, Any]) -> bool:
    """Tell whether everything is as it was; what had not been made then lies in the trash."""
    made = [now[key] for key in set(now) - set(earlier)]
    return all(now.get(key) == value for key, value in earlier.items()) and all(
        isinstance(thing, dict) and thing["deleted_at"] for thing in made
    )


async def test_any_sequence_undone_in_reverse(api: Api) -> None:
    loop = asyncio.get_running_loop()
    accounts = iter(range(1000))

    # Without shrinking: nine steps can be read, and each example costs a second.
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS, st.none() | st.integers(0, 8))
    def check(steps: list[Step], odd: int | None) -> None:
        asyncio.run_coroutine_threadsafe(play(steps, odd), loop).result(120)

    async def play(steps: list[Step], odd: int | None) -> None:
        client = await api.user(f"user{next(accounts)}")
        world = World(client)
        await add_project(client, "Home")
        await add_task(client, "below", parent_id=(await add_task(client, "above"))["id"])
        done: list[tuple[str, dict[str, Any]]] = []
        for step in steps:
            earlier = await world.state()
            answer = await world.do(*step)
            if answer is not None:
                done.append((answer.headers["X-Operation-ID"], earlier))
        if done and odd is not None:
            await out_of_order(world, done[odd % len(done)][0])
            return
        for operation_id, earlier in reversed(done):
            answer = await world.undo(operation_id)
            assert answer.status_code == 200, answer.text
            now = await world.state()
            assert came_back(earlier, now), (earlier, now)

    async def out_of_order(world: World, operation_id: str) -> None:
        before = await world.state()
        answer = await world.undo(operation_id)
        if answer.status_code == 200:
            assert (await world.undo(answer.json()["operation_id"])).status_code == 200
        else:
            assert answer.status_code == 409, answer.text
        assert came_back(before, await world.state())

    await asyncio.to_thread(check)
