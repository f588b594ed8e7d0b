"""R9, Z9: nothing secret in logs, database, cache, error answers, metrics, exports, backups and addresses.

The kinds of secrets are in ``secrets_made.py``; the places where they are searched are here.
"""

import gzip
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from taskmanager.backups import back_up
from taskmanager.kit import logs
from taskmanager.kit.settings import Settings
from taskmanager.tables import metadata
from tests.auth.dumps import redis_dump
from tests.auth.secrets_made import KINDS, Secret, World
from tests.auth.trail import Trail
from tests.factories import Api, Client

_URL = re.compile(rb"https?://[^\s\"'<>\\]+")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Yield what the server logs at the level that tells most."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr", stream)
        logs.configure("json", "debug")
        # The clients of the test are not the server.
        patch.setattr(logging.getLogger("httpx"), "disabled", True)
        yield stream
    root.handlers[:], root.level = before


class Listening(Api):
    """The application, with every answer to any client kept."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app)
        self.answers: list[httpx.Response] = []

    async def client(self, **headers: str) -> Client:
        async def keep(answer: httpx.Response) -> None:
            await answer.aread()
            self.answers.append(answer)

        client = await super().client(**headers)
        client.event_hooks["response"].append(keep)
        return client


@pytest.fixture
async def world(log: io.StringIO, app: FastAPI) -> AsyncIterator[World]:
    async with Listening(app) as api:
        yield World(api, api.answers)


async def places(world: World, log: io.StringIO, settings: Settings) -> dict[str, bytes]:
    """Return everything that is written down somewhere, or told to somebody who did not make the secret."""
    trail = await world.chief.get("/admin/audit/export")
    exported = await world.chief.get("/export")
    metrics = await world.api.anonymous.get("/metrics")
    assert {trail.status_code, exported.status_code, metrics.status_code} == {200}
    refused = [one for one in world.answers if one.status_code >= 400]
    read = [one for one in world.answers if one.request.method == "GET"]
    assert len(refused) > 30, "the refusals were to be provoked"
    told = [_whole(answer) for answer in world.answers]
    return {
        "log": log.getvalue().encode(),
        "database": await _database(world.api),
        "cache": await _cache(world.api, settings),
        "error answers": b"\n".join(_whole(answer) for answer in refused),
        "reading answers": b"\n".join(_whole(answer) for answer in read),
        # Browsers send no fragment.
        "addresses": b"\n".join(url.partition(b"#")[0] for text in told for url in _URL.findall(text)),
        "audit trail": trail.content,
        "export": exported.content,
        "backup": await _backup(world.api, settings),
        "metrics": metrics.content,
    }


def _whole(answer: httpx.Response) -> bytes:
    # Cookies are how browsers get their tokens; no page can read them.
    headers = [(name, value) for name, value in answer.headers.raw if name.lower() != b"set-cookie"]
    return b"\n".join([*(name + b": " + value for name, value in headers), answer.content])


async def _database(api: Api) -> bytes:
    values: list[bytes] = []
    async with api.database.read() as session:
        for table in metadata.sorted_tables:
            for row in await session.execute(select(table)):
                values += [_bytes(value) for value in row]
    return b"\n".join(values)


async def _backup(api: Api, settings: Settings) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "backup")
        await back_up(settings, api.database, path, with_secret=False, begin=lambda _: lambda _: None)
        with gzip.open(path) as file:
            return file.read()


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value + b"\n" + value.hex().encode()
    return value.encode() if isinstance(value, str) else json.dumps(value, default=str).encode()


async def _cache(api: Api, settings: Settings) -> bytes:
    if not settings.redis_url:
        entries: dict[str, tuple[float, bytes]] = api.app.state.cache._entries
        return b"\n".join(key.encode() + b"\n" + value for key, (_, value) in entries.items())
    return await redis_dump(settings.redis_url)


def _place_of(place: str) -> set[str]:
    """Return the names of a place: what must be in the database is in its backup too."""
    return {place, "database"} if place == "backup" else {place}


def leaks(secrets: list[Secret], found: dict[str, bytes]) -> set[tuple[str, str]]:
    """Return which kind of secret is in which place."""
    return {
        (secret.kind, place)
        for secret in secrets
        for place, content in found.items()
        if _place_of(place).isdisjoint(secret.but) and any(form in content for form in secret.forms)
    }


async def test_R9_Z9_nothing_secret_leaks(world: World, log: io.StringIO, settings: Settings) -> None:
    secrets: list[Secret] = []
    for make in KINDS:
        for made in await make(world):
            value = made.value if isinstance(made, Secret) else made.encode()
            assert len(value) >= 16, f"{make.__name__}: too short to be searched for"
            secrets.append(Secret(make.__name__, value, made.but if isinstance(made, Secret) else frozenset()))
    assert {secret.kind for secret in secrets} == {make.__name__ for make in KINDS}
    trail = Trail(settings)
    await trail.seal()
    await trail.database.stop()
    found = await places(world, log, settings)
    assert leaks(secrets, found) == set()
    assert [place for place, content in found.items() if len(content) < 50] == []

    # The search itself finds what is there, in each place.
    canary = Secret("canary", b"a canary that sings everywhere")
    text = canary.value.decode()
    logging.getLogger("taskmanager").debug("%s", text)
    await world.chief.patch("/me", json={"display_name": text})
    await world.chief.post("/tasks", json={"title": text})
    await world.chief.post("/tasks", json={"title": "x", text: "x"})
    await world.chief.get("/me")
    world.api.app.state.cache.put("a key", text.encode().hex().encode(), 60)
    found = await places(world, log, settings)
    assert {place for _, place in leaks([canary], found)} == {
        "log", "database", "cache", "error answers", "reading answers", "export", "backup",
    }  # fmt: skip
