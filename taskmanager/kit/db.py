"""The database: one write path, read sessions, and the session dependencies of every route."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit import late, postgresql, sqlite
from taskmanager.kit.asyncpg_door import AsyncpgDoor
from taskmanager.kit.events import EventBus, Facts
from taskmanager.kit.http.idempotency import Replay, claim
from taskmanager.kit.replica import Replica
from taskmanager.kit.settings import Settings
from taskmanager.kit.shared_commit import SharedCommit
from taskmanager.kit.shield import WriteSession, let_cancellation_in, to_the_end
from taskmanager.kit.statements import watch_of


class Database:
    """SQLite or PostgreSQL behind the same two doors: :meth:`write` and :meth:`read`."""

    def __init__(self, settings: Settings, events: EventBus) -> None:
        url = make_url(settings.database)
        self._watch = watch_of(settings)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._events = events
        self._shared: SharedCommit | None = None
        # A pooler may answer each statement outside of a transaction from another server.
        self.pooled = settings.database_pooler
        if self.is_sqlite:
            self.writer = sqlite.create_engine(url, writable=True, watch=self._watch)
            self.reader = sqlite.create_engine(url, writable=False, watch=self._watch)
            self._shared = SharedCommit(self.writer)
        else:
            self.writer = postgresql.create_engine(settings, settings.database)
            self.reader = self.writer if self.pooled else self.writer.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Yield a session whose writes are durable once the block is left; an exception takes them all back.

        Facts recorded in the block reach their *after* handlers only then. Being cancelled is such an exception too,
        but once the block is left the commit and what follows it go on to their end.
        """
        transaction = self._transaction()
        session = await transaction.__aenter__()
        try:
            facts = self._events.begin(session)
            yield session
            await late.write(session)
            await let_cancellation_in()
        except BaseException as error:
            await to_the_end(transaction.__aexit__(type(error), error, error.__traceback__))
            raise
        await to_the_end(_complete(transaction, facts))

    def _transaction(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._shared.session() if self._shared is not None else self._postgresql_transaction()

    @asynccontextmanager
    async def _postgresql_transaction(self) -> AsyncIterator[AsyncSession]:
        async with WriteSession(self.writer, expire_on_commit=False) as session, session.begin():
            session.info["door"] = AsyncpgDoor(session, self._watch)
            yield session

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncIterator[AsyncSession]:
        """Yield a session that cannot write; with ``snapshot`` all its statements see one moment."""
        async with AsyncSession(self.reader, expire_on_commit=False) as session:
            if not self.is_sqlite:
                session.info["door"] = AsyncpgDoor(session, self._watch)
            if snapshot and self.is_sqlite:
                await session.execute(text("BEGIN"))
            elif snapshot:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def stop(self) -> None:
        if self._shared is not None:
            await self._shared.stop()
        await self.reader.dispose()
        await self.writer.dispose()


async def _complete(transaction: AbstractAsyncContextManager[AsyncSession], facts: Facts) -> None:
    await transaction.__aexit__(None, None, None)
    await facts.deliver()


@asynccontextmanager
async def attempt(session: AsyncSession) -> AsyncIterator[None]:
    """Yield a part of a transaction that an exception takes back alone, with the facts it recorded."""
    await late.write(session)  # what comes before this part stays, whatever becomes of it
    facts: Facts = session.info["facts"]
    mark, info = facts.mark(), dict(session.info)
    try:
        async with session.begin_nested():
            await session.connection()  # the savepoint is made when its connection is first asked for
            yield
    except BaseException:
        facts.rewind(mark)
        session.info.clear()
        session.info.update(info)
        raise


def constraint_of(error: IntegrityError) -> str:
    """Return the name of the violated constraint, or SQLite's ``table.column`` words for a unique one."""
    cause: Any = error.orig
    while cause is not None:
        name = getattr(cause, "constraint_name", None)
        if name:
            return cast("str", name)
        cause = cause.__cause__
    return str(error.orig).rpartition(": ")[2]


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield the request's one write transaction, committed before the answer leaves.

    With an ``Idempotency-Key`` the key is claimed first; a stored answer is replayed instead (after the commit
    that made it is durable).
    """
    database: Database = request.app.state.database
    async with database.write() as session:
        request.state.session = session
        stored = await claim(session, request)
        if stored is None:
            yield session
    if stored is not None:
        raise Replay(stored)
    replica: Replica | None = request.app.state.replica
    if replica is not None:
        await replica.wrote(getattr(request.state, "account_id", ""))


async def get_reader(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield a session for reading only."""
    database: Database = request.app.state.database
    async with database.read() as session:
        yield session


async def get_lagging_reader(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield a session for reading what may be a second old: of a replica, unless this account wrote a moment ago.

    For lists and searches. Declared after the actor, whose account must be known.
    """
    replica: Replica | None = request.app.state.replica
    if replica is not None and await replica.serves(getattr(request.state, "account_id", "")):
        async with replica.read() as session:
            if session is not None:
                request.state.lagging = True
                yield session
                return
    async with request.app.state.database.read() as session:
        yield session


def is_lagging(request: Request) -> bool:
    """Tell whether the lagging reader of this request is one indeed."""
    return getattr(request.state, "lagging", False)


# scope="function": serialise, commit, answer. The default scope would answer before the commit.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
ReaderDep = Annotated[AsyncSession, Depends(get_reader, scope="function")]
LaggingReaderDep = Annotated[AsyncSession, Depends(get_lagging_reader, scope="function")]
