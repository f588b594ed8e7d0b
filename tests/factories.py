"""Accounts and clients for tests; everything else is made through the API itself."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any, Self

import httpx
import nacl.pwhash.argon2id
from fastapi import FastAPI

from taskmanager.auth import passwords
from taskmanager.auth.accounts import Accounts
from taskmanager.auth.deps import Auth
from taskmanager.auth.sign_in import Sessions, SignIn
from taskmanager.kit.db import Database
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app

PASSWORD = "a long enough password"
BASE_URL = "http://127.0.0.1:5000"


def password_hash() -> str:
    """Return a hash of :data:`PASSWORD` with the parameters that hold now."""
    return _hash(passwords.OPERATIONS, passwords.MEMORY_BYTES)


@cache
def _hash(operations: int, memory_bytes: int) -> str:
    return nacl.pwhash.argon2id.str(PASSWORD.encode(), operations, memory_bytes).decode()


class Client(httpx.AsyncClient):
    """A client with an account's tokens; ``user_id`` is the account's."""

    user_id: str
    session_id: str
    access_token: str
    refresh_token: str


class Api:
    """The running application and the clients that a test opens on it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._stack = AsyncExitStack()
        self.anonymous: Client

    async def __aenter__(self) -> Self:
        self.anonymous = await self.client()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    async def client(self, **headers: str) -> Client:
        """Return a client that is not signed in."""
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 50_000))
        return await self._stack.enter_async_context(Client(transport=transport, base_url=BASE_URL, headers=headers))

    async def account(self, username: str, role: str = "user") -> str:
        """Make an account with :data:`PASSWORD`; return its id."""
        async with self.database.write() as session:
            user = await Accounts(session).add(username, role, password_hash())
        return user.id

    async def sign_in(self, username: str, password: str = PASSWORD, **options: Any) -> Client:
        """Return a client that has just signed in with a bearer token."""
        client = await self.client()
        answer = await client.post("/login", json={"username": username, "password": password, **options})
        assert answer.status_code == 200, answer.text
        tokens = answer.json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        client.access_token, client.refresh_token = tokens["access_token"], tokens["refresh_token"]
        client.session_id = tokens["session_id"]
        client.user_id = (await client.get("/me")).json()["id"]
        return client

    async def user(self, username: str = "anna", role: str = "user") -> Client:
        """Make an account and return its signed-in client."""
        return await self.enter(await self.account(username, role))

    async def enter(self, user_id: str) -> Client:
        """Return a client in a new session of an account; its password was right, so none is hashed."""
        auth: Auth = self.app.state.auth
        async with self.database.write() as session:
            how = SignIn(remember=True, label="", ip="127.0.0.1", user_agent="")
            grant = await Sessions(session, auth.access, auth.refresh).begin(user_id, password_hash(), how)
        client = await self.client(Authorization=f"Bearer {grant.access_token}")
        client.access_token, client.refresh_token = grant.access_token, grant.refresh_token
        client.session_id, client.user_id = grant.session_id, user_id
        return client


@asynccontextmanager
async def nodes(settings: Settings, count: int = 2) -> AsyncIterator[list[Api]]:
    """Yield so many processes' worth of the application on one database, and on one Redis where there is one."""
    async with AsyncExitStack() as stack:
        apps = [create_app(settings) for _ in range(count)]
        for app in apps:
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield [await stack.enter_async_context(Api(app)) for app in apps]


async def add_api_token(client: Client, *scopes: str, **fields: Any) -> dict[str, Any]:
    """Make an API token through the API and return it, secret included."""
    body = {"name": "A script", "scopes": scopes or ("tasks:read",), **fields}
    answer = await client.post("/api-tokens", json=body)
    assert answer.status_code == 201, answer.text
    token: dict[str, Any] = answer.json()
    return token


async def add_task(client: Client, title: str = "A task", **fields: Any) -> dict[str, Any]:
    """Add a task through the API and return it."""
    answer = await client.post("/tasks", json={"title": title, **fields})
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def add_project(client: Client, name: str = "Home", **fields: Any) -> dict[str, Any]:
    """Add a project through the API and return it."""
    answer = await client.post("/projects", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    project: dict[str, Any] = answer.json()
    return project


async def share(owner: Client, project_id: str, member: Client, role: str) -> None:
    """Give another account a role in a project."""
    name = (await member.get("/me")).json()["username"]
    answer = await owner.post(f"/projects/{project_id}/members", json={"username": name, "role": role})
    assert answer.status_code == 201, answer.text


async def pages(client: Client, url: str, **query: Any) -> list[dict[str, Any]]:
    """Return the items of all pages of a list."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get(url, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return items
