"""Routes of import and export."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from taskmanager.auth import audit, quotas, scopes
from taskmanager.auth.deps import ActorDep
from taskmanager.auth.limited import limited
from taskmanager.integrations.deps import KINDS, ImportServiceDep, PreparedDep
from taskmanager.integrations.exporting import MEDIA_TYPES, Exporter, file_name
from taskmanager.integrations.schemas import ExportQuery, ImportQuery, ImportReport
from taskmanager.kit.db import Database
from taskmanager.kit.errors import PROBLEM
from taskmanager.kit.http.answers import Responses, refusals
from taskmanager.kit.http.route import KIB, RAW_BODY, router

MIB = 1024 * KIB
MAX_FILE = 32 * MIB
_IN_MEMORY = 4 * MIB
_PIECE = 64 * KIB

transfer = router(max_body_size=MAX_FILE, opening=scopes.BOTH, tags=["import and export"])

_FILE: dict[str, Any] = {
    **RAW_BODY,
    "requestBody": {
        "description": "The file itself, up to 32 MiB.",
        "required": True,
        "content": {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in KINDS},
    },
}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_REFUSED = {
    "allOf": [
        {"$ref": "#/components/schemas/Problem"},
        {
            "type": "object",
            "properties": {
                "counts": {"$ref": "#/components/schemas/ImportCounts"},
                "problems": _list_of("ImportProblem"),
                "duplicates": _list_of("ImportDuplicate"),
            },
        },
    ]
}
_IMPORT: Responses = {
    200: {"model": ImportReport, "description": "The report of a dry run."},
    **refusals(400, 401, 403, 413, 415),
    409: {"description": "Tasks of the file are here already.", "content": {PROBLEM: {"schema": _REFUSED}}},
    422: {"description": "The file, a row or an option is wrong.", "content": {PROBLEM: {"schema": _REFUSED}}},
}
_EXPORT: Responses = {
    200: {
        "description": "The file.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/csv": {"schema": {"type": "string"}},
            "text/calendar": {"schema": {"type": "string"}},
        },
    },
    **refusals(400, 401, 404, 422),
}


@transfer.post(
    "/import",
    status_code=201,
    response_model=ImportReport,
    responses=_IMPORT,
    openapi_extra=_FILE,
    dependencies=[limited(quotas.IMPORTS)],
)
async def import_file(
    response: Response, prepared: PreparedDep, service: ImportServiceDep, query: Annotated[ImportQuery, Query()]
) -> Any:
    """Take in a CSV, JSON or iCalendar file: all of it as one operation, or nothing; try it with ``dry_run`` first."""
    report = await service.run(query, prepared)
    if query.dry_run:
        response.status_code = 200
    return report


@transfer.get("/export", response_class=StreamingResponse, responses=_EXPORT, dependencies=[limited(quotas.EXPORTS)])
async def export_file(request: Request, actor: ActorDep, query: Annotated[ExportQuery, Query()]) -> Any:
    """Take out everything you may see, or one project, as a file. What lies in the trash stays there."""
    database: Database = request.app.state.database
    # Written down first: a slow reader of the answer must not hold a snapshot of the database.
    file = SpooledTemporaryFile(_IN_MEMORY, dir=request.app.state.settings.data_dir)  # noqa: SIM115 - closed once sent
    try:
        async with database.read(snapshot=True) as session:
            exporter = Exporter(session, actor)
            total = await exporter.open(query.project_id)
            await exporter.write(query.format, file)
        exported = audit.Event.DATA_EXPORTED
        await audit.record_alone(database, exported, actor=actor, format=query.format, tasks=total)
        size = file.tell()
    except BaseException:
        file.close()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name(query.format)}"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_pieces(file), headers=headers, media_type=MEDIA_TYPES[query.format])


def _pieces(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
