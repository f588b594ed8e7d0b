"""The sessions of everybody."""

from typing import Annotated, Any

from fastapi import Query

from taskmanager.admin import service
from taskmanager.admin.schemas import AdminSession, AdminSessionList
from taskmanager.auth.deps import AdminDep, SessionsDep
from taskmanager.auth.devices import in_words
from taskmanager.auth.models import Session, User
from taskmanager.auth.repository import PAIR_ORDER, list_sessions_for_system
from taskmanager.auth.router import session_out
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import NO_CONTENT, refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath, IdText
from taskmanager.kit.paging import PagerDep

sessions = router(prefix="/admin/sessions", tags=["administration"])


@sessions.get("", response_model=AdminSessionList, responses=refusals(400, 401, 403, 422))
async def list_all_sessions(
    actor: AdminDep,
    reader: ReaderDep,
    pager: PagerDep,
    user_id: Annotated[IdText | None, Query(description="Only those of this account.")] = None,
) -> Any:
    """List the live sessions of all accounts, newest first."""
    rows = await list_sessions_for_system(reader, pager, user_id)
    words = await in_words([row.user_agent for row, _ in rows])
    devices = {row.id: device for (row, _), device in zip(rows, words, strict=True)}
    return pager.page(rows, PAIR_ORDER, lambda pair: _out(*pair, devices[pair[0].id], actor.session_id))


def _out(row: Session, user: User, device: str, current: str) -> AdminSession:
    own = session_out(row, device, current)
    return AdminSession(**own.model_dump(), user_id=user.id, username=user.username)


@sessions.delete("/{session_id}", status_code=204, responses=NO_CONTENT | refusals(400, 401, 403, 404, 409, 422))
async def end_any_session(actor: AdminDep, session_id: IdPath, living: SessionsDep, session: SessionDep) -> None:
    """End one session of any account."""
    await service.end_session(session, living, session_id, actor)
