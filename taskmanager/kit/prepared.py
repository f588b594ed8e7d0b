"""Statements of hot paths: compiled once for each database, then handed to the driver as they are.

What SQLAlchemy does for each execution (finding the compiled form, a context, a result, the session's state) takes ten
times as long as SQLite takes to run a short statement. A :class:`Prepared` is built and compiled like any other, by
the same types, and shares the session's transaction; only that work is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]
_Process = Callable[[Any], Any] | None


class Found(NamedTuple):
    """What came of a statement: its rows, and how many it changed."""

    rows: list[Row]
    changed: int


class Driven(NamedTuple):
    """A statement's text and arguments as a driver takes them, and what makes of its rows what they mean."""

    sql: str
    arguments: list[Any]
    rows: Callable[[list[Row]], list[Row]]


class Door(Protocol):
    """A way to the driver's connection that a session's transaction runs on (``session.info["door"]``)."""

    dialect: Dialect
    few: int
    """Up to so many rows are written one by one; more of them by one trip for all."""

    async def run(self, sql: str, arguments: Sequence[Any], *, returns: bool) -> Found:
        """Run a statement that returns rows, or one that does not."""
        ...

    async def run_many(self, sql: str, many: Sequence[Sequence[Any]]) -> None: ...


class _SessionDoor:
    """The way through the session's own connection, which every database has."""

    few = 1

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self.dialect = session.get_bind().dialect

    async def run(self, sql: str, arguments: Sequence[Any], *, returns: bool) -> Found:  # noqa: ARG002 - known later
        result = await (await self._session.connection()).exec_driver_sql(sql, tuple(arguments))
        return Found([tuple(row) for row in result] if result.returns_rows else [], result.rowcount)

    async def run_many(self, sql: str, many: Sequence[Sequence[Any]]) -> None:
        await (await self._session.connection()).exec_driver_sql(sql, [tuple(one) for one in many])


class _Form:
    """A statement as one database takes it."""

    def __init__(self, statement: SelectBase | UpdateBase, names: Sequence[str] | None, dialect: Dialect) -> None:
        names = list(names) if names is not None else None
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.sql = str(compiled)
        self._fixed = dict(compiled.params)
        self._arguments = [(name, _bound(compiled.binds[name].type, dialect)) for name in compiled.positiontup or ()]
        self._results = [_found(column.type, dialect) for column in statement.exported_columns]
        self._plain = all(process is None for process in self._results)
        self.returns = bool(self._results)

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        fixed = self._fixed
        values = [(given[name] if name in given else fixed[name], process) for name, process in self._arguments]
        return [value if process is None else process(value) for value, process in values]

    def rows(self, raw: list[Row]) -> list[Row]:
        if self._plain:
            return raw
        results = self._results
        return [
            tuple([value if process is None else process(value) for value, process in zip(row, results, strict=True)])
            for row in raw
        ]


class Prepared:
    """One statement. ``names`` are the columns that an INSERT sets, all of them as parameters of the same names."""

    def __init__(self, statement: SelectBase | UpdateBase, names: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._names = names
        self._forms: dict[str, _Form] = {}

    async def run(self, session: AsyncSession, /, **parameters: Any) -> Found:
        """Run it in the session's transaction, after what the session has not written yet."""
        return await self.run_with(session, parameters)

    async def run_with(self, session: AsyncSession, parameters: Mapping[str, Any]) -> Found:
        """Do the same with parameters that are at hand as a mapping."""
        await self._flush(session)
        door, form = self._form(session)
        rows, changed = await door.run(form.sql, form.arguments(parameters), returns=form.returns)
        return Found(form.rows(rows), changed)

    async def run_many(self, session: AsyncSession, many: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of these parameters, by one trip where there are many."""
        await self._flush(session)
        door, form = self._form(session)
        arguments = [form.arguments(parameters) for parameters in many]
        if len(many) > door.few:
            await door.run_many(form.sql, arguments)
            return
        for one in arguments:
            await door.run(form.sql, one, returns=form.returns)

    async def first(self, session: AsyncSession, /, **parameters: Any) -> Row | None:
        """Return the first row, or None."""
        rows = (await self.run_with(session, parameters)).rows
        return rows[0] if rows else None

    def driven(self, dialect: Dialect, /, **parameters: Any) -> "Driven":
        """Return what the driver of a database takes, for who has a connection without a session."""
        form = self._form_of(dialect)
        return Driven(form.sql, form.arguments(parameters), form.rows)

    async def _flush(self, session: AsyncSession) -> None:
        pending = session.sync_session
        if pending.new or pending.dirty or pending.deleted:
            await session.flush()  # as the session does by itself before its own statements

    def _form(self, session: AsyncSession) -> tuple[Door, _Form]:
        door: Door = session.info.get("door") or _SessionDoor(session)
        return door, self._form_of(door.dialect)

    def _form_of(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, self._names, dialect)
        return form


def _bound(kind: TypeEngine[Any], dialect: Dialect) -> _Process:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _found(kind: TypeEngine[Any], dialect: Dialect) -> _Process:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def translated(sql: str, error: Exception, dialect: Dialect, *, gone: bool = False) -> BaseException:
    """Return a driver's error as SQLAlchemy raises it; what was sent stays hidden.

    ``gone`` tells that the connection was lost with it.
    """
    module: Any = dialect.loaded_dbapi
    return DBAPIError.instance(
        sql, (), error, module.Error, hide_parameters=True, connection_invalidated=gone, dialect=dialect
    )
