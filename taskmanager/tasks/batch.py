"""Many writes in one request: all or nothing, or each for itself; one operation either way, so one undo."""

from typing import Any, TypeVar

from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.kit.db import attempt
from taskmanager.kit.errors import AppError, InvalidError, problem_of, refusals_of
from taskmanager.kit.http.etag import IfMatch
from taskmanager.tasks.completing import CompletingService
from taskmanager.tasks.placing import PlacingService
from taskmanager.tasks.schemas import TaskCreate, TaskUpdate
from taskmanager.tasks.schemas_actions import Batch, BatchOperation, BatchResult, TaskMove
from taskmanager.tasks.state import task_out

Body = TypeVar("Body", bound=BaseModel)


class _Tasks(PlacingService, CompletingService):
    """Every write that a batch may hold."""


class BatchService:
    """Carries out batches within one transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._tasks = _Tasks(session, actor)

    async def run(self, batch: Batch) -> list[BatchResult]:
        """Return what became of each write, in order.

        An atomic batch raises what the first refused write raises, with its ``index``, and nothing is done.
        """
        results = []
        for index, operation in enumerate(batch.operations):
            try:
                async with attempt(self._session):
                    results.append(await self._one(operation))
            except AppError as error:
                if batch.atomic:
                    error.extra["index"] = index
                    raise
                problem = jsonable_encoder(problem_of(error))
                results.append(BatchResult(status=error.status, task=None, problem=problem))
        return results

    async def _one(self, operation: BatchOperation) -> BatchResult:
        if operation.op == "create":
            body = {**(operation.body or {}), **({"id": operation.id} if operation.id is not None else {})}
            task = await self._tasks.create(_read(TaskCreate, body))
            return BatchResult(status=201, task=task_out(task), problem=None)
        if operation.id is None:
            raise InvalidError.at("/id", "missing", "This needs the id of a task.")
        if_match = IfMatch(operation.if_match)
        if operation.op == "update":
            task = await self._tasks.update(operation.id, _read(TaskUpdate, operation.body), if_match)
        elif operation.op == "move":
            task = await self._tasks.move(operation.id, _read(TaskMove, operation.body), if_match)
        else:
            if operation.body:
                raise InvalidError.at("/body", "unexpected_body", "This takes no body.")
            if operation.op == "delete":
                await self._tasks.trash(operation.id, if_match)
                return BatchResult(status=204, task=None, problem=None)
            task = await getattr(self._tasks, operation.op)(operation.id, if_match)
        return BatchResult(status=200, task=task_out(task), problem=None)


def _read(model: type[Body], body: dict[str, Any] | None) -> Body:
    """Return the body of one write, held to the limits of its own route."""
    try:
        return model.model_validate(body or {})
    except ValidationError as error:
        raise InvalidError(errors=refusals_of(error.errors(), body, within="/body")) from error
