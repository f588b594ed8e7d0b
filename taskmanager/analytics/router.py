"""Routes of analytics."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from taskmanager.analytics.deps import AnalyticsDep, TableDep
from taskmanager.analytics.exporting import MEDIA_TYPES, write_table
from taskmanager.analytics.schemas import Analytics
from taskmanager.auth import quotas, scopes
from taskmanager.auth.limited import limited
from taskmanager.kit.http.answers import NOT_MODIFIED, Responses, refusals
from taskmanager.kit.http.etag import conditional_contents
from taskmanager.kit.http.route import router

analytics = router(prefix="/analytics", tags=["analytics"], opening=scopes.BOTH)

_READ = NOT_MODIFIED | refusals(400, 401, 404, 422)
_EXPORT: Responses = {
    200: {
        "description": "The file.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/Analytics"}},
        },
    },
    **refusals(400, 401, 404, 422),
}


@analytics.get("", response_model=Analytics, responses=_READ, dependencies=[limited(quotas.SEARCHES)])
async def read_analytics(request: Request, response: Response, found: AnalyticsDep) -> Any:
    """Read what was done on some days and what is left, of all tasks you may see; a few seconds old."""
    return conditional_contents(request, response, found, besides={"as_of"})


@analytics.get("/export", response_class=Response, responses=_EXPORT, dependencies=[limited(quotas.EXPORTS)])
async def export_analytics(table: TableDep) -> Response:
    """Take out the same as a file: one table as CSV, or everything as JSON."""
    found, query = table
    is_csv = query.format == "csv"
    contents = write_table(found, query.table) if is_csv else found.model_dump_json(by_alias=True).encode()
    name = f"analytics-{query.table.replace('_', '-') if is_csv else found.until}.{query.format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(contents, headers=headers, media_type=MEDIA_TYPES[query.format])
