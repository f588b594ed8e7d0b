"""The audit trail for administrators: read, taken out, verified."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import StreamingResponse

from taskmanager.auth import audit as trail
from taskmanager.auth import scopes
from taskmanager.auth.audit_chain import verify
from taskmanager.auth.audit_repository import NEWEST_FIRST, AuditRepository, lines
from taskmanager.auth.audit_schemas import (
    AuditBreak,
    AuditList,
    AuditParty,
    AuditQuery,
    AuditRecord,
    AuditVerdict,
)
from taskmanager.auth.deps import AdminDep
from taskmanager.kit import clock
from taskmanager.kit.db import Database, ReaderDep
from taskmanager.kit.http.answers import Responses, refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.paging import PagerDep

audit = router(prefix="/admin/audit", tags=["administration"], opening=scopes.ADMIN)

QueryDep = Annotated[AuditQuery, Query()]
_LINES = "application/jsonl"
_EXPORT: Responses = {
    200: {"description": "One record a line, oldest first.", "content": {_LINES: {"schema": {"type": "string"}}}},
    **refusals(400, 401, 403, 422, 507),
}


def _out(row: Row[Any]) -> AuditRecord:
    return AuditRecord(
        id=row.id,
        position=row.position,
        at=row.at,
        event=row.event,
        outcome=row.outcome,
        actor=AuditParty(id=row.actor_id, username=row.actor_name) if row.actor_id else None,
        subject=AuditParty(id=row.subject_id, username=row.subject_name) if row.subject_id else None,
        session_id=row.session_id,
        ip=row.ip,
        user_agent=row.user_agent,
        request_id=row.request_id,
        detail=row.detail,
    )


@audit.get("", response_model=AuditList, responses=refusals(400, 401, 403, 422))
async def list_audit(_actor: AdminDep, reader: ReaderDep, pager: PagerDep, query: QueryDep) -> Any:
    """List the records of the audit trail, newest first."""
    return pager.page(await AuditRepository(reader).list(pager, query), NEWEST_FIRST, _out)


@audit.get("/export", response_class=StreamingResponse, responses=_EXPORT)
async def export_audit(request: Request, actor: AdminDep, query: QueryDep) -> Any:
    """Take out the trail as lines of JSON, with positions and chain; that it was taken out stands in it too."""
    database: Database = request.app.state.database
    async with database.write() as session:
        await trail.record(session, trail.Event.AUDIT_EXPORTED, actor=actor)
    headers = {"Content-Disposition": f'attachment; filename="audit-{clock.now():%Y-%m-%d}.jsonl"'}
    return StreamingResponse(lines(database, query), headers=headers, media_type=_LINES)


@audit.post("/verify", response_model=AuditVerdict, responses=refusals(400, 401, 403, 413, 415, 422))
async def verify_audit(request: Request, _actor: AdminDep) -> Any:
    """Verify the whole trail: no record edited, removed, put in, moved, and no tail cut off."""
    database: Database = request.app.state.database
    async with database.read(snapshot=True) as session:
        found = await verify(session, request.app.state.seals)
    broken = AuditBreak(position=found.broken.position, kind=found.broken.kind) if found.broken else None
    return AuditVerdict(ok=found.ok, checked=found.checked, unsealed=found.unsealed, broken=broken)
