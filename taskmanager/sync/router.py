"""Routes that span the rooms."""

from typing import Annotated, Any

from fastapi import Depends

from taskmanager.auth import scopes
from taskmanager.auth.deps import WriterDep
from taskmanager.kit.db import SessionDep
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.sync.schemas import Undone
from taskmanager.sync.service import UndoService

undo = router(tags=["undo"], opening=scopes.BOTH)


async def get_undo_service(actor: WriterDep, session: SessionDep) -> UndoService:
    return UndoService(session, actor)


@undo.post("/undo/{operation_id}", response_model=Undone, responses=refusals(400, 401, 403, 404, 409, 413, 415, 422))
async def undo_operation(service: Annotated[UndoService, Depends(get_undo_service)], operation_id: IdPath) -> Any:
    """Take back one write (its ``X-Operation-ID``) as a whole; undoing the undo does it again."""
    return await service.undo(operation_id)
