"""Answers that go on: the usual test transport waits for their end, this one hands over each piece as it comes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.types import Message

from tests.factories import Client

PATIENCE_SECONDS = 10.0


@dataclass
class Event:
    """One server-sent event; ``data`` is parsed, a comment has none."""

    name: str = "message"
    id: str | None = None
    data: Any = None
    retry: int | None = None

    @classmethod
    def parse(cls, block: str) -> "Event":
        event = cls()
        for line in block.split("\n"):
            word, _, value = line.partition(": ")
            if word == "event":
                event.name = value
            elif word == "id":
                event.id = value
            elif word == "retry":
                event.retry = int(value)
            elif word == "data":
                event.data = json.loads(value)
        return event


@dataclass
class Listening:
    """An open stream of the application, as a client on a socket has it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    pieces: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _text: str = ""

    async def receive(self) -> Message:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.started.set()
            return
        self.pieces.put_nowait(message.get("body", b""))
        if not message.get("more_body"):
            self.pieces.put_nowait(None)

    async def rest(self) -> bytes:
        """Return all that is still to come of an answer that ends."""
        pieces = []
        while (piece := await asyncio.wait_for(self.pieces.get(), PATIENCE_SECONDS)) is not None:
            pieces.append(piece)
        return b"".join(pieces)

    async def block(self) -> Event | None:
        """Return the next event or comment as it was sent, or None at the end."""
        while "\n\n" not in self._text:
            piece = await asyncio.wait_for(self.pieces.get(), PATIENCE_SECONDS)
            if piece is None:
                return None
            self._text += piece.decode()
        block, _, self._text = self._text.partition("\n\n")
        return Event.parse(block)

    async def event(self) -> Event:
        """Return the next event that has something to say."""
        while True:
            event = await self.block()
            assert event is not None, "the stream has ended"
            if event.data is not None:
                return event

    async def ended(self) -> str:
        """Return the reason of the end, which may be preceded by other events; the answer is complete then."""
        while True:
            event = await self.event()
            if event.name == "end":
                assert await self.block() is None
                return str(event.data["reason"])


@contextlib.asynccontextmanager
async def listen(app: FastAPI, client: Client, path: str = "/events", **headers: str) -> AsyncIterator[Listening]:
    """Yield the answer to a GET of a client, whatever its status; leaving the block hangs up."""
    request = client.build_request("GET", path, headers=headers)
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": request.url.scheme, "path": request.url.path, "raw_path": request.url.raw_path, "root_path": "",
        "query_string": request.url.query, "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 5000),
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }  # fmt: skip
    listening = Listening()
    listening.reading.set()
    task = asyncio.create_task(app(scope, listening.receive, listening.send))
    task.add_done_callback(lambda _: listening.closed.set())
    try:
        await asyncio.wait_for(listening.started.wait(), PATIENCE_SECONDS)
        yield listening
    finally:
        listening.leaving.set()
        listening.reading.set()
        await asyncio.wait_for(task, PATIENCE_SECONDS)
