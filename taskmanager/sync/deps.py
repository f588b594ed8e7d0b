"""What the routes of this room ask for."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from taskmanager.auth.deps import ActorDep, WriterDep
from taskmanager.kit.db import Database, SessionDep
from taskmanager.sync.feed import Feed
from taskmanager.sync.sequences import Sequences
from taskmanager.sync.service import UndoService


async def get_undo_service(actor: WriterDep, session: SessionDep) -> UndoService:
    return UndoService(session, actor)


async def get_database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def get_sequences(request: Request) -> Sequences:
    sequences: Sequences = request.app.state.sequences
    return sequences


DatabaseDep = Annotated[Database, Depends(get_database)]
SequencesDep = Annotated[Sequences, Depends(get_sequences)]


async def get_feed(actor: ActorDep, database: DatabaseDep, sequences: SequencesDep) -> AsyncIterator[Feed]:
    """Yield the actor's feed, all of it read at one moment."""
    async with database.read(snapshot=True) as session:
        yield Feed(session, actor, sequences)


UndoDep = Annotated[UndoService, Depends(get_undo_service)]
FeedDep = Annotated[Feed, Depends(get_feed, scope="function")]
