"""Routes that span the rooms."""

from typing import Annotated, Any

from fastapi import Header, Query
from starlette.requests import Request

from taskmanager.auth import scopes
from taskmanager.auth.deps import ActorDep
from taskmanager.kit.http.answers import Responses, refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.sync.deps import DatabaseDep, FeedDep, SequencesDep, UndoDep
from taskmanager.sync.events import EventStream
from taskmanager.sync.feed import Feed
from taskmanager.sync.schemas import Bootstrap, Changes, Undone
from taskmanager.sync.streams import Streams

MAX_TOKEN = 1000
DEFAULT_LIMIT = 500
MAX_LIMIT = 1000

undo = router(tags=["undo"], opening=scopes.BOTH)
sync = router(tags=["sync"], opening=scopes.BOTH)

Since = Annotated[str, Query(min_length=1, max_length=MAX_TOKEN, description="The `sequence` to go on from.")]
_STREAM: Responses = {
    200: {
        "description": "Events, until the session or API token ends. The `data` of each is a page as of `GET /changes`,"
        " its `id` the page's `sequence`. An event `end` with `{reason}` comes last: `signed_out`, `shutdown`, `reset`"
        " or `unavailable`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@undo.post("/undo/{operation_id}", response_model=Undone, responses=refusals(400, 401, 403, 404, 409, 413, 415, 422))
async def undo_operation(service: UndoDep, operation_id: IdPath) -> Any:
    """Take back one write (its ``X-Operation-ID``) as a whole; undoing the undo does it again."""
    return await service.undo(operation_id)


@sync.get("/bootstrap", response_model=Bootstrap, responses=refusals(401, 422))
async def bootstrap(feed: FeedDep) -> Any:
    """Read what a client keeps, at one moment: account, projects and all in them, labels, filters, the working set."""
    return await feed.bootstrap()


@sync.get("/changes", response_model=Changes, responses=refusals(400, 401, 422))
async def list_changes(
    actor: ActorDep,
    feed: FeedDep,
    sequences: SequencesDep,
    since: Since,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="About how many things a page tells of.")] = (
        DEFAULT_LIMIT
    ),
) -> Any:
    """Read what changed for you since a sequence token: things as they are now, and what to forget.

    Apply the deletions, then the upserts. With ``reset`` begin anew with ``GET /bootstrap``.
    """
    return (await feed.page(sequences.read(since, actor.user_id), limit)).body


@sync.get(
    "/events",
    status_code=200,
    response_class=EventStream,
    response_model=None,
    responses=_STREAM | refusals(400, 401, 422, 429),
)
async def follow_changes(  # noqa: PLR0917 - what the framework hands over, by name
    request: Request,
    actor: ActorDep,
    database: DatabaseDep,
    sequences: SequencesDep,
    since: Since | None = None,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", max_length=MAX_TOKEN, description="In place of `since`, as browsers send it."),
    ] = None,
) -> Any:
    """Follow what changes for you as server-sent events, from a sequence token or from now on."""
    streams: Streams = request.app.state.streams
    if token := last_event_id or since:
        begin = sequences.read(token, actor.user_id)
    else:
        async with database.read(snapshot=True) as session:
            begin = await Feed(session, actor, sequences).here()
    return EventStream(streams, streams.open(actor, begin), database, sequences)
