"""Server-sent events: the feed as it happens, one page an event.

Nothing is queued. A stream that is woken reads the page that follows the one it has sent, so a slow reader costs one
page of memory; one that does not read at all is dropped, and goes on from its last event id when it comes back.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from taskmanager.auth.standing import credential_of, find_standings
from taskmanager.kit.db import Database
from taskmanager.sync.feed import Feed, Page
from taskmanager.sync.schemas import Changes
from taskmanager.sync.sequences import Sequences
from taskmanager.sync.streams import Stream, Streams

logger = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
SEND_SECONDS = 15.0
PAGE = 200
RETRY_MILLISECONDS = 1000


class EventStream(Response):
    """The answer of ``GET /events``: its stream is open before the headers leave, and given back at the end."""

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, stream: Stream, database: Database, sequences: Sequences) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["Content-Length"]
        self._streams = streams
        self._stream = stream
        self._database = database
        self._sequences = sequences

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - of the protocol
        watching = asyncio.create_task(self._watch(receive))
        try:
            await _send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for event in self._events():
                await _send(send, {"type": "http.response.body", "body": event.encode(), "more_body": True})
            await _send(send, {"type": "http.response.body", "body": b""})
        finally:
            self._streams.close(self._stream)
            watching.cancel()

    async def _watch(self, receive: Receive) -> None:
        """End the stream when the client leaves; a page that is being read is read to its end."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stream.end("gone")

    async def _events(self) -> AsyncIterator[str]:
        stream, told, beat = self._stream, None, 0.0
        yield _retry()
        while stream.ended is None:
            page = await self._read() if stream.behind else None
            if page is not None and (page.says_something or told is None):
                yield _event(page)
                told, beat = stream.sequence, time.monotonic()
            elif time.monotonic() - beat >= BEAT_SECONDS:
                yield self._beat(moved=stream.sequence != told)
                told, beat = stream.sequence, time.monotonic()
            if not stream.behind:
                await stream.rest(beat + BEAT_SECONDS - time.monotonic())
        if stream.ended != "gone":
            yield f"{_retry()}event: end\ndata: {json.dumps({'reason': stream.ended})}\n\n"

    async def _read(self) -> Page | None:
        """Return the next page, or None if the stream ends instead."""
        stream = self._stream
        stream.behind = False
        try:
            async with self._streams.reading, self._database.read(snapshot=True) as session:
                standing = (await find_standings(session, [stream.actor])).get(credential_of(stream.actor))
                if standing is None:
                    stream.end("signed_out")
                    return None
                stream.actor, stream.standing = standing.of(stream.actor), standing
                page = await Feed(session, stream.actor, self._sequences).page(stream.sequence, PAGE)
        except (SQLAlchemyError, OSError):
            logger.warning("cannot read a page of changes", exc_info=True)
            stream.end("unavailable")
            return None
        stream.sequence, stream.projects = page.sequence, page.projects
        stream.behind |= page.body["more"]
        if page.body["reset"]:
            stream.end("reset")
        return page

    def _beat(self, *, moved: bool) -> str:
        """Return a sign of life; with it the client learns how far it has come without anything to tell."""
        if not moved or self._stream.sequence is None:
            return ":\n\n"
        return f"id: {self._sequences.token(self._stream.sequence, self._stream.actor.user_id)}\n\n"


def _event(page: Page) -> str:
    data = Changes.model_validate(page.body).model_dump_json()
    return f"id: {page.body['sequence']}\ndata: {data}\n\n"


def _retry() -> str:
    """Return when to come back, not the same for everybody: they may all have been told at once."""
    return f"retry: {RETRY_MILLISECONDS + secrets.randbelow(RETRY_MILLISECONDS)}\n"


async def _send(send: Send, message: Message) -> None:
    """Send, but not for ever: whoever does not read is gone."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send(message)
    except TimeoutError as error:
        raise ClientDisconnect from error
