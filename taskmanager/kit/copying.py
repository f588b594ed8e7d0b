"""Taking a copy of a database while others write to it, and filling a database from a copy."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Row, Table, column, func, insert, inspect, select, table, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from taskmanager.kit.copies import KINDS, Copy, CopyProblem, CopyWriter, TableCopy, decode

PAGE = 1000
Progress = Callable[[int], None]


async def describe(session: AsyncSession, tables: Iterable[Table]) -> list[TableCopy]:
    """Return what a copy of these tables will hold, as of the session's snapshot."""
    return [
        TableCopy.of(one, (await session.execute(select(func.count()).select_from(one))).scalar_one()) for one in tables
    ]


async def copy_out(
    session: AsyncSession, tables: Sequence[Table], copies: Sequence[TableCopy], writer: CopyWriter, progress: Progress
) -> None:
    """Write tables as of the session's snapshot; ``progress`` is told how many rows were written just now."""
    for one, copy in zip(tables, copies, strict=True):
        writer.begin(copy)
        async for rows in _pages(session, one):
            writer.add(rows)
            progress(len(rows))
        writer.end()
    writer.close()


async def _pages(session: AsyncSession, one: Table) -> AsyncIterator[Sequence[Row[Any]]]:
    """Yield all rows in the order of their key, each page from where the last one ended."""
    key = list(one.primary_key.columns)
    places = [list(one.columns).index(part) for part in key]
    page = select(one).order_by(*key).limit(PAGE)
    statement = page
    while rows := (await session.execute(statement)).all():
        yield rows
        if len(rows) < PAGE:
            return
        last = [rows[-1][place] for place in places]
        statement = page.where(tuple_(*key) > tuple_(*last, types=[part.type for part in key]))


async def copy_in(
    connection: AsyncConnection, copy: Copy, leave_out: Collection[str], progress: Progress
) -> dict[str, int]:
    """Fill empty tables from a copy of the same revision; return how many rows each one has now.

    Raises CopyProblem where the file is damaged or the rows do not fit: the caller's transaction must not be kept then.
    """
    filled: dict[str, int] = {}
    async with _without_foreign_keys(connection):
        for described, lines in copy.tables():
            into = table(described.name, *(column(name, KINDS[kind].type) for name, kind in described.columns))
            names = [name for name, _ in described.columns]
            for rows in decode(described, lines, PAGE):
                if described.name not in leave_out:
                    await connection.execute(insert(into), [dict(zip(names, row, strict=True)) for row in rows])
                progress(len(rows))
            if described.name not in leave_out:
                filled[described.name] = await count(connection, described.name)
                if filled[described.name] != described.rows:
                    message = (
                        f"{described.rows:,} rows went into {described.name}, which has {filled[described.name]:,}"
                    )
                    raise CopyProblem(message)
    await _continue_numbers(connection, copy.header.tables)
    return filled


async def count(connection: AsyncConnection, name: str) -> int:
    """Return how many rows a table has."""
    return int((await connection.execute(select(func.count()).select_from(table(name)))).scalar_one())


async def empty(connection: AsyncConnection, names: Collection[str]) -> None:
    """Delete every row of those of these tables that are there."""
    there = await connection.run_sync(lambda one: set(inspect(one).get_table_names()))
    found = sorted(there & set(names))
    if connection.dialect.name == "postgresql" and found:
        await connection.execute(text(f"TRUNCATE {', '.join(found)}"))
        return
    for name in found:
        await connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608 - our names


@asynccontextmanager
async def _without_foreign_keys(connection: AsyncConnection) -> AsyncIterator[None]:
    """Let rows come in any order. PostgreSQL checks all of them when its keys are made again; see `exclusively`."""
    if connection.dialect.name != "postgresql":
        yield
        return
    found = await connection.execute(
        text(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conparentid = 0"
        )
    )
    keys = found.all()
    for one, name, _ in keys:
        await connection.execute(text(f"ALTER TABLE {one} DROP CONSTRAINT {name}"))
    yield
    for one, name, definition in keys:
        await connection.execute(text(f"ALTER TABLE {one} ADD CONSTRAINT {name} {definition}"))


async def _continue_numbers(connection: AsyncConnection, tables: Iterable[TableCopy]) -> None:
    """Have PostgreSQL count on from the greatest number of each table; SQLite does by itself."""
    if connection.dialect.name != "postgresql":
        return
    for one in tables:
        for name, kind in one.columns:
            if kind == "int":
                await connection.execute(
                    text(
                        f"SELECT setval(sequence, (SELECT coalesce(max({name}), 0) + 1 FROM {one.name}), false) "  # noqa: S608 - our names
                        "FROM pg_get_serial_sequence(:one, :name) AS sequence WHERE sequence IS NOT NULL"
                    ),
                    {"one": one.name, "name": name},
                )
