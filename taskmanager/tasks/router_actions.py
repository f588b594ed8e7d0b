"""Routes that place, copy, relate and batch tasks."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from taskmanager.auth import scopes
from taskmanager.auth.deps import ActorDep, WriterDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.etag import IfMatchDep, tagged
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.tasks.batch import BatchService
from taskmanager.tasks.placing import PlacingService
from taskmanager.tasks.relations import RelationRepository, RelationService
from taskmanager.tasks.schemas import TaskOut
from taskmanager.tasks.schemas_actions import Batch, BatchOut, Relations, RelationsOut, TaskMove
from taskmanager.tasks.state import task_out

actions = router(prefix="/tasks", tags=["tasks"], opening=scopes.TASKS)

_ACT = refusals(400, 401, 403, 404, 409, 412, 413, 415, 422)


async def get_placing(actor: WriterDep, session: SessionDep) -> PlacingService:
    return PlacingService(session, actor)


async def get_batches(actor: WriterDep, session: SessionDep) -> BatchService:
    return BatchService(session, actor)


async def get_relations(actor: ActorDep, session: ReaderDep) -> RelationRepository:
    return RelationRepository(session, actor)


async def get_relation_service(actor: WriterDep, session: SessionDep) -> RelationService:
    return RelationService(session, actor)


PlacingDep = Annotated[PlacingService, Depends(get_placing)]


@actions.post("/batch", response_model=BatchOut, responses=_ACT)
async def run_batch(service: Annotated[BatchService, Depends(get_batches)], body: Batch) -> Any:
    """Carry out up to 200 writes: all or nothing if ``atomic``, else each for itself. One undo takes all back."""
    return {"results": await service.run(body)}


@actions.post("/{task_id}/move", response_model=TaskOut, responses=_ACT)
async def move_task(
    response: Response, service: PlacingDep, if_match: IfMatchDep, task_id: IdPath, body: TaskMove
) -> Any:
    """Put a task into another project, section or parent, or elsewhere in the order of its project."""
    return tagged(response, task_out(await service.move(task_id, body, if_match)))


@actions.post("/{task_id}/duplicate", response_model=TaskOut, responses=_ACT)
async def duplicate_task(response: Response, service: PlacingDep, if_match: IfMatchDep, task_id: IdPath) -> Any:
    """Copy a task with its subtasks, to do again, right after it."""
    copy = task_out(await service.duplicate(task_id, if_match))
    response.headers["Location"] = f"/tasks/{copy.id}"
    return tagged(response, copy)


@actions.get("/{task_id}/relations", response_model=RelationsOut, responses=refusals(400, 401, 404, 422))
async def list_relations(repository: Annotated[RelationRepository, Depends(get_relations)], task_id: IdPath) -> Any:
    """List what a task is to others that you may see."""
    return {"relations": await repository.list(task_id)}


@actions.put("/{task_id}/relations", response_model=RelationsOut, responses=_ACT)
async def replace_relations(
    service: Annotated[RelationService, Depends(get_relation_service)], task_id: IdPath, body: Relations
) -> Any:
    """Replace the relations of a task; those to tasks that you cannot see stay as they are."""
    return {"relations": await service.replace(task_id, body)}
