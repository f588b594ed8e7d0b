"""Answers given again: the same as the ordinary route's, and never once anything in them has changed for anybody."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from taskmanager.journal import answers
from taskmanager.journal.answers import Kept
from taskmanager.kit.ids import new_id
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from taskmanager.tasks.listing import TaskListing
from taskmanager.tasks.repository import TaskRepository
from tests.auth.tokens import code
from tests.factories import Api, Client, add_project, add_task, nodes, share

EXAMPLES = int(os.environ.get("TASKMANAGER_TEST_EXAMPLES", "8"))
SAME_ID = {"X-Request-ID": "this"}  # refusals show it
URLS = ("/tasks", "/tasks?status=todo&limit=3", "/tasks?sort=title", "/tasks?assignee=me")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what ordinary routes were asked for."""
    told: list[str] = []
    for kind, name in ((TaskListing, "page"), (TaskRepository, "get")):
        method = getattr(kind, name)

        def spy(
            self: Any, *given: Any, name: str = name, method: Callable[..., Awaitable[Any]] = method, **options: Any
        ) -> Awaitable[Any]:
            told.append(name)
            return method(self, *given, **options)

        monkeypatch.setattr(kind, name, spy)
    return told


async def ordinary(client: Client, url: str) -> httpx.Response:
    """Ask in a way that is never answered by what is kept."""
    return await client.get(url, headers={**SAME_ID, "If-None-Match": '"none"'})


def shown(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    own = {"x-request-id", "date"}
    return answer.status_code, answer.content, sorted(pair for pair in answer.headers.items() if pair[0] not in own)


async def test_an_answer_is_given_again_byte_for_byte(api: Api, asked: list[str]) -> None:
    anna = await api.user("anna")
    task = await add_task(anna, "Water the plants", labels=["home"], due={"date": "2026-12-01"})
    for number in range(4):
        await add_task(anna, f"Another one, {number}", assignee_ids=[anna.user_id])
    for url in (*URLS, f"/tasks/{task['id']}"):
        first = await anna.get(url)
        assert first.status_code == 200
        asked.clear()
        again = await anna.get(url)
        assert asked == []
        assert shown(again) == shown(first) == shown(await ordinary(anna, url))
        assert asked != []


async def test_what_depends_on_the_time_or_on_other_texts_is_asked_for_each_time(api: Api, asked: list[str]) -> None:
    anna = await api.user("anna")
    await add_task(anna, "Water the plants")
    for url in ("/tasks?q=plants", "/tasks?filter=overdue", "/tasks?deleted=true"):
        for _ in range(2):
            asked.clear()
            assert (await anna.get(url)).status_code == 200
            assert asked == ["page"]


async def test_refusals_are_never_kept(api: Api) -> None:
    anna = await api.user("anna")
    missing = new_id()
    for url in (f"/tasks/{missing}", "/tasks?sort=colour", "/tasks?limit=0", "/tasks?x=1", "/tasks?cursor=x"):
        for _ in range(2):
            assert (await anna.get(url)).status_code in {400, 404, 422}
    await add_task(anna, "Here now", id=missing)
    assert (await anna.get(f"/tasks/{missing}")).status_code == 200


async def test_nobody_gets_what_was_kept_for_another(api: Api) -> None:
    anna, ben = await api.user("anna"), await api.user("ben")
    task = await add_task(anna, "A secret")
    for url in ("/tasks", f"/tasks/{task['id']}"):
        for _ in range(2):
            assert (await anna.get(url)).status_code == 200
    assert (await ben.get("/tasks")).json()["items"] == []
    assert code(await ben.get(f"/tasks/{task['id']}")) == (404, "not_found")
    for strange in ("Bearer x", f"Basic {anna.access_token}", f"Bearer {anna.access_token}x", "Bearer "):
        stranger = await api.client(Authorization=strange)
        assert (await stranger.get("/tasks")).status_code == 401
    two = [("authorization", f"Bearer {anna.access_token}")] * 2
    assert code(await api.anonymous.get("/tasks", headers=two)) == (400, "ambiguous_credentials")


async def test_Z3_a_session_that_has_ended_gets_nothing_that_was_kept(api: Api) -> None:
    anna = await api.user("anna")
    await add_task(anna)
    for _ in range(3):
        assert (await anna.get("/tasks")).status_code == 200
    other = await api.enter(anna.user_id)
    assert (await other.delete(f"/sessions/{anna.session_id}")).status_code == 204
    assert code(await anna.get("/tasks")) == (401, "session_ended")
    assert (await other.get("/tasks")).status_code == 200


async def test_limits_hold_for_what_is_kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskmanager.auth import quotas
    from taskmanager.kit.throttle import Limit

    monkeypatch.setattr(quotas, "ACCOUNT", Limit("account", 6, leak=1000))
    app = create_app(settings.model_copy(update={"rate_limits": True}))
    async with app.router.lifespan_context(app), Api(app) as api:
        anna = await api.enter(await api.account("anna"))
        statuses = [(await anna.get("/tasks")).status_code for _ in range(8)]
        assert statuses == [200] * 6 + [429] * 2


# -- two nodes, and a Redis that forgets, sleeps, or brings back what was --


class World:
    """Two accounts on two nodes of one database, and what can be done there."""

    def __init__(self, nodes: list[Api], anna: Client, ben: Client, shared: str, redis: Redis | None) -> None:
        self._nodes = nodes
        self.clients = {"anna": [anna], "ben": [ben]}
        self.shared = shared
        self._redis = redis
        self._dump: dict[Any, Any] = {}
        self._tasks: list[str] = []

    async def open(self) -> None:
        for clients in self.clients.values():
            for node in self._nodes[1:]:
                clients.append(await node.client(Authorization=clients[0].headers["Authorization"]))
        inbox = (await self.clients["anna"][0].get("/projects")).json()["items"]
        self.inbox = next(project["id"] for project in inbox if project["is_inbox"])

    async def do(self, kind: str, number: int) -> None:
        anna, ben = (clients[number % 2] for clients in self.clients.values())
        who = ben if number % 3 == 0 else anna
        task = f"/tasks/{self._tasks[number % len(self._tasks)]}" if self._tasks else "/tasks/none"
        member = f"/projects/{self.shared}/members/{self.clients['ben'][0].user_id}"
        target = self.shared if number % 4 else self.inbox
        requests: dict[str, tuple[Client, str, str, Any]] = {
            "add": (who, "POST", "/tasks", {"title": f"Task {number}", "id": new_id(), "project_id": target}),
            "edit": (who, "PATCH", task, {"title": f"Title {number}", "priority": number % 5}),
            "assign": (who, "PATCH", task, {"assignee_ids": [self.clients["ben"][0].user_id][: number % 2]}),
            "label": (who, "PATCH", task, {"labels": [f"l{number % 3}"]}),
            "complete": (who, "POST", f"{task}/complete", None),
            "move": (anna, "PATCH", task, {"project_id": target}),
            "trash": (who, "DELETE", task, None),
            "restore": (who, "POST", f"{task}/restore", None),
            "leave": (anna, "DELETE", member, None),
            "join": (anna, "POST", f"/projects/{self.shared}/members", {"username": "ben", "role": "editor"}),
            "regrade": (anna, "PATCH", member, {"role": "viewer"}),
            "delete project": (anna, "DELETE", f"/projects/{self.shared}", None),
            "restore project": (anna, "POST", f"/projects/{self.shared}/restore", None),
        }
        if kind in requests:
            client, method, url, body = requests[kind]
            answer = await client.request(method, url, json=body)
            assert answer.status_code < 500, answer.text
            if kind == "add" and answer.status_code == 201:
                self._tasks.append(answer.json()["id"])
            if operation := answer.headers.get("X-Operation-ID"):
                self.last = operation
        elif kind == "undo" and hasattr(self, "last"):
            assert (await anna.post(f"/undo/{self.last}")).status_code < 500
        elif self._redis is not None:
            await self._fault(kind, self._redis)

    async def _fault(self, kind: str, redis: Redis) -> None:
        if kind == "forget":
            await redis.flushdb()
        elif kind == "dump":
            keys: list[Any] = await redis.keys("tm:answer:*")
            self._dump = {key: value for key in keys if (value := await redis.get(key)) is not None}
        elif kind == "old dump":
            for key, value in self._dump.items():
                await redis.set(key, value)
        elif kind == "give up":
            self._nodes[0].app.state.cache._give_up("a test says so")

    async def check(self) -> None:
        """Compare what each account is given on each node with what the database has."""
        urls = (*URLS, f"/tasks?project_id={self.shared}", *(f"/tasks/{task}" for task in self._tasks[-3:]))
        for clients in self.clients.values():
            for url in urls:
                true = shown(await ordinary(clients[0], url))
                for client in clients:
                    assert shown(await client.get(url, headers=SAME_ID)) == true, url


KINDS = (
    "add", "add", "edit", "assign", "label", "complete", "move", "trash", "restore", "leave", "join", "regrade",
    "delete project", "restore project", "undo", "forget", "dump", "old dump", "give up",
)  # fmt: skip


async def test_what_is_kept_is_never_old_on_any_node_whatever_the_cache_does(
    settings: Settings,
) -> None:
    """Lists and tasks as both members see them, after each step of random changes, losses and faults."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(Redis.from_url(settings.redis_url)) if settings.redis_url else None
        both = await stack.enter_async_context(nodes(settings))
        anna, ben = await both[0].user("anna"), await both[0].user("ben")
        loop = asyncio.get_running_loop()

        async def run(steps: list[tuple[str, int]]) -> None:
            project = (await add_project(anna, "Shared"))["id"]
            await share(anna, project, ben, "editor")
            world = World(both, anna, ben, project, redis)
            await world.open()
            for kind, number in steps:
                await world.do(kind, number)
                await world.check()

        steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 11)), min_size=4, max_size=12)

        @given(steps)
        @hypothesis_settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        def explore(steps: list[tuple[str, int]]) -> None:
            asyncio.run_coroutine_threadsafe(run(steps), loop).result()

        await asyncio.to_thread(explore)


def test_a_kept_answer_is_the_same_when_it_was_packed() -> None:
    kept = Kept(7, ("a", "b"), [(b"etag", b'"3"'), (b"content-type", b"application/json")], b'{"a": "\n"}')
    again = Kept.unpack(kept.pack())
    assert (again.position, again.names, list(again.headers), again.body) == (7, ("a", "b"), kept.headers, kept.body)


async def test_what_is_kept_has_an_end_however_little_it_says(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 20_000)
    anna = await api.user("anna")
    for number in range(60):
        assert (await anna.get(f"/tasks?label=none{number}")).status_code == 200
    kept = api.app.state.answers
    assert 0 < len(kept._here) < 20
    assert kept._bytes == sum(one.weight for one in kept._here.values()) <= 20_000
