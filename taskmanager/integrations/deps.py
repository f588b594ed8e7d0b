"""What the routes of this room ask for. Files are read before the write lock is taken, in a thread of their own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from anyio import to_thread
from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from taskmanager.auth.deps import WriterDep
from taskmanager.integrations.formats.detection import Kind
from taskmanager.integrations.formats.errors import MappingError
from taskmanager.integrations.preparing import Prepared, prepare
from taskmanager.integrations.schemas import ImportQuery
from taskmanager.integrations.service import ImportService
from taskmanager.kit.db import get_reader, get_session
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.http.route import UnsupportedMediaTypeError

KINDS: dict[str, Kind] = {"text/csv": "csv", "application/json": "json", "text/calendar": "icalendar"}
_CHARSETS = {"", "utf-8", "utf8", "us-ascii", "utf-16"}


class UnknownFormatError(UnsupportedMediaTypeError):
    title = "Send the file itself, with its Content-Type: text/csv, application/json or text/calendar."


async def read_upload(request: Request, actor: WriterDep, query: Annotated[ImportQuery, Query()]) -> Prepared:
    """Return the file that was sent, read; raises 415, 413 or 422."""
    kind = _kind(request)
    mapping = parse_mapping_text(query.mapping) if query.mapping is not None else None
    content = await request.body()
    try:
        return await to_thread.run_sync(prepare, content, kind, mapping, query.timezone or actor.timezone)
    except MappingError as error:
        for place in error.extra["errors"]:
            place["pointer"] = f"/query/mapping{place['pointer']}"
        raise


def _kind(request: Request) -> Kind:
    word, _, parameters = request.headers.get("content-type", "").partition(";")
    charsets = [
        value.strip().strip('"').lower()
        for name, _, value in (parameter.partition("=") for parameter in parameters.split(";"))
        if name.strip().lower() == "charset"
    ]
    kind = KINDS.get(word.strip().lower())
    if kind is None or not set(charsets) <= _CHARSETS:
        raise UnknownFormatError
    return kind


def parse_mapping_text(text: str) -> dict[str, Any]:
    """Return the object that a mapping's JSON text holds; raises 422."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"The mapping is not JSON: {error}."
        raise InvalidError.at("/query/mapping", "invalid_json", message) from error
    if not isinstance(value, dict):
        raise InvalidError.at("/query/mapping", "invalid_json", "The mapping must be a JSON object.")
    return value


PreparedDep = Annotated[Prepared, Depends(read_upload)]


async def get_import_session(
    request: Request, _prepared: PreparedDep, query: Annotated[ImportQuery, Query()]
) -> AsyncIterator[AsyncSession]:
    """Yield the request's write transaction; a dry run gets a session that cannot write, and waits for nobody."""
    opened = asynccontextmanager(get_reader if query.dry_run else get_session)
    async with opened(request) as session:
        yield session


ImportSessionDep = Annotated[AsyncSession, Depends(get_import_session, scope="function")]


async def get_import_service(actor: WriterDep, session: ImportSessionDep) -> ImportService:
    return ImportService(session, actor)


ImportServiceDep = Annotated[ImportService, Depends(get_import_service)]
