"""Concurrent writers and what they know: which writes were acknowledged, and which may or may not have happened."""

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.factories import PASSWORD
from tests.servers import ADMIN

SECONDS_FOR_AN_ANSWER = 30


@dataclass(frozen=True)
class Known:
    """A task as its last acknowledged write left it."""

    title: str
    version: int
    deleted: bool = False


@dataclass(frozen=True)
class Attempt:
    """A write on its way. Sent again with the same key it must not happen twice."""

    method: str
    key: str
    title: str
    task_id: str | None = None

    def after(self, before: Known | None) -> Known:
        """Return the task as this write leaves it."""
        if before is None:
            return Known(self.title, 1)
        return replace(
            before,
            version=before.version + 1,
            **({"deleted": True} if self.method == "DELETE" else {"title": self.title}),
        )


class Ledger:
    """One account's tasks, written by many at once while the server comes and goes."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._counter = 0
        self._token = ""
        self.tasks: dict[str, Known] = {}
        self.unknown: list[Attempt] = []
        self.acknowledged = 0
        self.recovered = 0

    async def sign_in(self) -> None:
        """Get the access token with which everything is written, whatever is restarted meanwhile."""
        async with self._client() as client:
            answer = await client.post("/login", json={"username": ADMIN, "password": PASSWORD})
            self._token = answer.raise_for_status().json()["access_token"]

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return httpx.AsyncClient(base_url=self._url, headers=headers, timeout=SECONDS_FOR_AN_ANSWER)

    async def write_until(self, stop: asyncio.Event, writers: int = 8) -> None:
        """Write with several connections until the server is gone or ``stop`` is set."""
        async with self._client() as client:
            await asyncio.gather(*(self._writer(client, number, writers, stop) for number in range(writers)))

    async def _writer(self, client: httpx.AsyncClient, number: int, writers: int, stop: asyncio.Event) -> None:
        while not stop.is_set():
            attempt = self._next(number, writers)
            try:
                await self._send(client, attempt)
            except httpx.TransportError:
                self.unknown.append(attempt)
                return

    def _next(self, number: int, writers: int) -> Attempt:
        """Return a writer's next write: of its own tasks only, so that nobody is in its way."""
        self._counter += 1
        title = f"Task {self._counter}"
        mine = [one for place, (one, known) in enumerate(self.tasks.items())
                if place % writers == number and not known.deleted]  # fmt: skip
        choice = self._random.random()
        if not mine or choice < 0.5:
            return Attempt("POST", title, title)
        return Attempt("PATCH" if choice < 0.85 else "DELETE", title, title, self._random.choice(mine))

    async def _send(self, client: httpx.AsyncClient, attempt: Attempt) -> None:
        before = self.tasks[attempt.task_id] if attempt.task_id else None
        headers = {"Idempotency-Key": attempt.key.replace(" ", "-")}
        if before is not None:
            headers["If-Match"] = f'"{before.version}"'
        body: dict[str, Any] | None = {"title": attempt.title, "labels": ["home"]} if attempt.method == "POST" else None
        if attempt.method == "PATCH":
            body = {"title": attempt.title}
        path = f"/tasks/{attempt.task_id}" if attempt.task_id else "/tasks"
        answer = await client.request(attempt.method, path, json=body, headers=headers)
        assert answer.is_success, f"{attempt}: {answer.status_code} {answer.text}"
        if answer.headers.get("Idempotency-Replayed"):
            self.recovered += 1
        self.acknowledged += 1
        self.tasks[attempt.task_id or answer.json()["id"]] = attempt.after(before)

    async def settle(self) -> None:
        """Check what the server holds against what is known, then finish what is unknown by sending it again."""
        async with self._client() as client:
            self._compare(await read_all(client))
            unknown, self.unknown = self.unknown, []
            for attempt in unknown:
                await self._send(client, attempt)
            found = await read_all(client)
            assert found == self.tasks, "sending the unknown writes again did not end in one state"

    def _compare(self, found: dict[str, Known]) -> None:
        pending = {one.task_id: one for one in self.unknown if one.task_id}
        for task_id, known in self.tasks.items():
            allowed = {known} | ({pending[task_id].after(known)} if task_id in pending else set())
            assert found.get(task_id) in allowed, f"{task_id} is {found.get(task_id)}, acknowledged was {known}"
        may_be_new = {one.after(None) for one in self.unknown if one.task_id is None}
        for task_id in found.keys() - self.tasks.keys():
            assert found[task_id] in may_be_new, f"nobody made {found[task_id]}"


async def read_all(client: httpx.AsyncClient) -> dict[str, Known]:
    """Return every task that the server shows, the trash too."""
    found: dict[str, Known] = {}
    for deleted in (False, True):
        cursor = ""
        while True:
            query = {"limit": "200", "deleted": str(deleted).lower(), **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/tasks", params=query)).raise_for_status().json()
            for task in page["items"]:
                assert task["id"] not in found, "a task is on two pages"
                found[task["id"]] = Known(task["title"], task["version"], deleted)
            cursor = page["next_cursor"]
            if not cursor:
                break
    return found
