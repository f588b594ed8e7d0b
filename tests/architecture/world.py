"""The accounts of the matrix, and things that are their own, somebody else's, or nowhere."""

from typing import Any, Literal

import httpx

from taskmanager.kit import clock
from taskmanager.kit.ids import new_id
from taskmanager.tasks.filters.models import SavedFilter
from tests.architecture.routes import NEW, Line, Role
from tests.factories import Api, Client, add_api_token, add_project, share
from tests.streams import listen

EACH_DAY = {"due": {"date": "2026-12-01"}, "recurrence": {"rrule": "FREQ=DAILY"}}
Whose = Literal["own", "foreign", "missing"]


class World:
    """One account of each role, and an owner whose projects are shared with them or not."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._clients: dict[Role, Client] = {"anonymous": api.anonymous}
        self._shared: dict[Client, str] = {}
        self._owner: Client

    async def settle(self) -> None:
        self._owner = await self._api.user("owner")
        await self._api.account("bystander")
        self._shared[self._owner] = (await add_project(self._owner, "Private"))["id"]
        for role in ("guest", "user", "admin"):
            client = self._clients[role] = await self._api.user(f"the.{role}", role)
            self._shared[client] = await self._project(client)

    def client(self, role: Role) -> Client:
        return self._clients[role]

    async def ids(self, line: Line, role: Role, whose: Whose) -> tuple[str, ...]:
        """Return fresh ids for a line's placeholders; what guests, who make nothing, own is shared with them."""
        if whose == "missing":
            return tuple(new_id() for _ in line.ids)
        reader = self._clients[role] if whose == "own" and role != "anonymous" else self._owner
        made: list[str] = []
        for kind in line.ids:
            made.append(await self._make(kind, made, reader))
        return tuple(made)

    async def _make(self, kind: str, made: list[str], reader: Client) -> str:
        writer = self._owner if reader is self._clients["guest"] else reader
        task = {"title": "x", "project_id": self._shared[reader]}
        posts: dict[str, tuple[Client, str, Any]] = {
            "task": (writer, "/tasks", task),
            "recurring task": (writer, "/tasks", {**task, **EACH_DAY}),
            "trashed task": (writer, "/tasks", task),
            "operation": (writer, "/tasks", task),
            "comment": (writer, f"/tasks/{made[0] if made else ''}/comments", {"body": "x"}),
            "section": (self._owner, f"/projects/{made[0] if made else ''}/sections", {"name": new_id()}),
            "label": (writer, "/labels", {"name": new_id()}),
            "invitation": (self._clients["admin"], "/admin/invitations", {}),
        }
        if kind in posts:
            client, path, body = posts[kind]
            answer = await client.post(path, json=body)
            assert answer.status_code == 201, answer.text
            if kind == "trashed task":
                await writer.delete(answer.headers["Location"])
            return str(answer.headers["X-Operation-ID"] if kind == "operation" else answer.json()["id"])
        if kind == "filter":
            return await self._filter(reader.user_id)
        if kind == "project":
            return await self._project(reader)
        if kind == "session":
            return (await self._api.enter(reader.user_id)).session_id
        if kind == "api token":
            # Under an account's path it is that account's.
            return str((await add_api_token(await self._api.enter(made[0]) if made else reader))["id"])
        return await self._account(kind, made)

    async def _filter(self, user_id: str) -> str:
        """Make a filter as it stays with an account that may not write any more."""
        now, filter_id = clock.now(), new_id()
        named = {"name": filter_id, "name_key": filter_id, "query": "today"}
        async with self._api.database.write() as session:
            session.add(SavedFilter(id=filter_id, user_id=user_id, created_at=now, updated_at=now, version=1, **named))
        return filter_id

    async def _account(self, kind: str, made: list[str]) -> str:
        name = f"{kind}-{new_id()}"
        user_id = await self._api.account(name)
        if kind == "member":
            body = {"username": name, "role": "editor"}
            assert (await self._owner.post(f"/projects/{made[0]}/members", json=body)).status_code == 201
        return user_id

    async def _project(self, member: Client) -> str:
        project_id = str((await add_project(self._owner, "Shared"))["id"])
        if member is not self._owner:
            await share(self._owner, project_id, member, "admin")
        return project_id

    async def call(
        self, route: str, line: Line, role: Role, ids: tuple[str, ...] = (), by: Client | None = None
    ) -> httpx.Response:
        """Call a route as an account of a role, by its session or another client of it."""
        method, _, path = route.partition(" ")
        for value in ids:
            path = path[: path.index("{")] + value + path[path.index("}") + 1 :]
        client = by or self._clients[role]
        if line.alone and by is None and role != "anonymous":
            client = await self._api.enter(client.user_id)
        if line.since:
            sequence = (await client.get("/bootstrap")).json().get("sequence", "none")
            path += f"{'&' if '?' in path else '?'}since={sequence}"
        if line.streams:
            async with listen(self._api.app, client, path) as listening:
                content = b"" if listening.status == line.status else await listening.rest()
                return httpx.Response(listening.status, headers=listening.headers, content=content)
        body = line.body
        if isinstance(body, dict):
            body = {name: f"new-{new_id()}" if value == NEW else value for name, value in body.items()}
        return await client.request(method, path, json=body, content=line.content, headers=line.headers)
