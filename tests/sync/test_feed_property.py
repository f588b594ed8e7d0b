"""Whatever people do to each other's projects, a copy kept by the feed equals a new bootstrap.

More than a few examples by TASKMANAGER_TEST_EXAMPLES.
"""

import asyncio
import os
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories import Api, Client, add_project, add_task, pages
from tests.sync.copies import Copy, bootstrap

Step = tuple[str, int, int, int]
STEPS_OF_TASKS = (
    "add", "add below", "edit", "complete", "reopen", "move", "move", "trash", "restore", "purge", "comment",
    "edit comment", "remove comment", "relate", "relate", "relate", "put in section", "copy",
)  # fmt: skip
STEPS_OF_PROJECTS = (
    "add project", "rename project", "nest project", "nest project", "delete project", "add section", "remove section",
    "share", "share", "regrade", "unshare", "unshare", "leave",
)  # fmt: skip
STEPS_OF_OTHERS = ("undo", "undo", "undo any", "label", "forget label", "profile", "follow", "follow", "open")
KINDS = (*STEPS_OF_TASKS, *STEPS_OF_PROJECTS, *STEPS_OF_OTHERS)
EXAMPLES = int(os.environ.get("TASKMANAGER_TEST_EXAMPLES", "6"))
NUMBERS = st.integers(0, 11)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), NUMBERS, NUMBERS, NUMBERS), min_size=10, max_size=30)
ROLES = ("viewer", "commenter", "editor", "admin")
LIMITS = (None, 1, 2, 5)


class World:
    """Three accounts that share some projects, and each one's copy."""

    def __init__(self, clients: list[Client], names: list[str]) -> None:
        self.clients = clients
        self._names = names
        self._copies: list[Copy] = []
        self._operations: list[str] = []

    async def settle(self) -> None:
        anna, ben, _ = self.clients
        home = await add_project(anna, "Home")
        inner = await add_project(anna, "Inner", parent_id=home["id"])
        await anna.post(f"/projects/{home['id']}/members", json={"username": self._names[1], "role": "admin"})
        for project in (home, home, inner):
            task = await add_task(anna, "shared", project_id=project["id"])
            await anna.post(f"/tasks/{task['id']}/comments", json={"body": "said"})
        await add_task(ben, "of ben")
        self._copies = [Copy(await bootstrap(client)) for client in self.clients]
        for client, copy in zip(self.clients, self._copies, strict=True):
            for task_id in copy.things["tasks"]:
                await copy.open(client, task_id)

    async def do(self, step: Step) -> None:
        kind, who, one, other = step
        client = self.clients[who % len(self.clients)]
        copy = self._copies[who % len(self.clients)]
        if kind == "follow":
            await copy.follow(client, LIMITS[one % len(LIMITS)])
        elif kind == "open":
            await copy.follow(client)
            if copy.things["tasks"]:
                await copy.open(client, _pick(sorted(copy.things["tasks"]), one))
        else:
            request = await self._request(client, kind, one, other)
            if request is not None:
                method, path, body = request
                answer = await client.request(method, path, json=body)
                assert answer.status_code in {200, 201, 204, 403, 404, 409, 422}, answer.text
                self._note(answer)

    def _note(self, answer: httpx.Response) -> None:
        if answer.is_success and "X-Operation-ID" in answer.headers:
            self._operations.append(answer.headers["X-Operation-ID"])

    async def _request(self, client: Client, kind: str, one: int, other: int) -> tuple[str, str, Any] | None:
        if kind in STEPS_OF_PROJECTS:
            return await self._on_project(client, kind, one, other)
        if kind in STEPS_OF_TASKS:
            return await self._on_task(client, kind, one, other)
        if kind in {"undo", "undo any"}:
            if not self._operations:
                return None
            return "POST", f"/undo/{self._operations[-1] if kind == 'undo' else _pick(self._operations, one)}", None
        if kind == "profile":
            return "PATCH", "/me", {"display_name": f"Name {one}"}
        labels = (await client.get("/labels")).json()["items"]
        forget = "DELETE", f"/labels/{_pick(labels, one)['id']}" if labels else "", None
        return forget if labels and kind == "forget label" else ("POST", "/labels", {"name": f"l{one}"})

    async def _on_task(self, client: Client, kind: str, one: int, other: int) -> tuple[str, str, Any] | None:
        trashed = {"deleted": "true"} if kind in {"restore", "purge"} else {}
        tasks = await pages(client, "/tasks", sort="created_at", **trashed)
        projects = sorted(project["id"] for project in await pages(client, "/projects"))
        if kind == "add" or not tasks:
            return "POST", "/tasks", {"title": f"t{one}", "project_id": _pick(projects, other), "labels": [f"l{one}"]}
        task, target = _pick(tasks, one), _pick(projects, other)
        path = f"/tasks/{task['id']}"
        related = {"kind": ("blocks", "relates", "follows")[other % 3], "task_id": _pick(tasks, other)["id"]}
        requests: dict[str, tuple[str, str, Any]] = {
            "add below": (
                "POST",
                "/tasks",
                {"title": "sub", "parent_id": task["id"], "project_id": task["project_id"]},
            ),
            "edit": ("PATCH", path, {"title": f"title {other}", "labels": [f"l{other}"]}),
            "complete": ("POST", f"{path}/complete", None),
            "reopen": ("POST", f"{path}/reopen", None),
            "move": ("POST", f"{path}/move", {"project_id": target}),
            "trash": ("DELETE", path, None),
            "restore": ("POST", f"{path}/restore", None),
            "purge": ("DELETE", f"{path}?permanent=true", None),
            "comment": ("POST", f"{path}/comments", {"body": f"said {other}"}),
            "relate": ("PUT", f"{path}/relations", {"relations": [related] if other else []}),
            "copy": ("POST", f"{path}/duplicate", None),
        }
        return requests.get(kind) or await self._inside(client, kind, task, other)

    async def _inside(self, client: Client, kind: str, task: dict[str, Any], other: int) -> tuple[str, str, Any] | None:
        path = f"/tasks/{task['id']}"
        if kind == "put in section":
            sections = await pages(client, f"/projects/{task['project_id']}/sections")
            return ("PATCH", path, {"section_id": _pick(sections, other)["id"]}) if sections else None
        said = await pages(client, f"{path}/comments")
        if not said:
            return None
        comment = f"{path}/comments/{_pick(said, other)['id']}"
        return ("DELETE", comment, None) if kind == "remove comment" else ("PATCH", comment, {"body": f"b{other}"})

    async def _on_project(self, client: Client, kind: str, one: int, other: int) -> tuple[str, str, Any] | None:
        own = sorted((p for p in await pages(client, "/projects") if not p["is_inbox"]), key=lambda p: str(p["id"]))
        parent = _pick(own, other)["id"] if own and other % 3 else None
        if kind == "add project" or not own:
            return "POST", "/projects", {"name": f"P{one}", "parent_id": parent}
        project = _pick(own, one)
        path = f"/projects/{project['id']}"
        if kind == "remove section":
            sections = await pages(client, f"{path}/sections")
            return ("DELETE", f"{path}/sections/{_pick(sections, other)['id']}", None) if sections else None
        name, user_id = _pick(self._names, other), _pick(self.clients, other).user_id
        requests: dict[str, tuple[str, str, Any]] = {
            "rename project": ("PATCH", path, {"name": f"R{other}"}),
            "nest project": ("PATCH", path, {"parent_id": parent}),
            "delete project": ("DELETE", path, None),
            "add section": ("POST", f"{path}/sections", {"name": f"S{other}"}),
            "share": ("POST", f"{path}/members", {"username": name, "role": ROLES[(one + other) % 4]}),
            "regrade": ("PATCH", f"{path}/members/{user_id}", {"role": ROLES[one % 4]}),
            "unshare": ("DELETE", f"{path}/members/{user_id}", None),
            "leave": ("DELETE", f"{path}/members/{client.user_id}", None),
        }
        return requests[kind]

    async def check(self) -> None:
        """Compare every copy with what its owner is shown now."""
        for number, (client, copy) in enumerate(zip(self.clients, self._copies, strict=True)):
            await copy.follow(client, LIMITS[number])
            now = Copy(await bootstrap(client))
            assert copy.state() == now.state(), client.user_id
            for task_id in list(copy.opened):
                await now.open(client, task_id)
                comments = {key for key, one in copy.things["comments"].items() if one["task_id"] == task_id}
                assert comments == {k for k, one in now.things["comments"].items() if one["task_id"] == task_id}
                assert {k: copy.things["comments"][k] for k in comments} == {
                    k: now.things["comments"][k] for k in comments
                }
                assert copy.relations[task_id] == now.relations[task_id]


def _pick(things: Any, number: int) -> Any:
    return things[number % len(things)]


async def test_any_sequence_leaves_every_copy_true(api: Api) -> None:
    loop = asyncio.get_running_loop()
    rounds = iter(range(10_000))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def check(steps: list[Step]) -> None:
        asyncio.run_coroutine_threadsafe(play(steps), loop).result(120)

    async def play(steps: list[Step]) -> None:
        number = next(rounds)
        names = [f"{name}{number}" for name in ("anna", "ben", "carl")]
        world = World([await api.user(name) for name in names], names)
        await world.settle()
        for step in steps:
            await world.do(step)
        await world.check()

    await asyncio.to_thread(check)
