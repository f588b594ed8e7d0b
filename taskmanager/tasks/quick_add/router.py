"""The route of quick add."""

from typing import Any

from starlette.responses import Response

from taskmanager.auth import scopes
from taskmanager.kit.http.answers import Responses, refusals
from taskmanager.kit.http.route import router
from taskmanager.tasks.quick_add.deps import QuickAddDep
from taskmanager.tasks.quick_add.schemas import QuickAdded, QuickPreview

quick_add = router(tags=["tasks"], opening=scopes.TASKS)

_ANSWERS: Responses = {
    200: {"model": QuickPreview, "description": "How the text is understood, of a dry run."},
    **refusals(400, 401, 403, 409, 413, 415, 422),
}


@quick_add.post("/quick-add", status_code=201, response_model=QuickAdded, responses=_ANSWERS)
async def add_quickly(response: Response, work: QuickAddDep) -> Any:
    """Make tasks from lines as people type them: all of them as one operation, or nothing; ``dry_run`` only shows."""
    answer = await work()
    if isinstance(answer, QuickPreview):
        return Response(answer.model_dump_json(), media_type="application/json")
    response.headers["Location"] = f"/tasks/{answer.task.id}"
    return answer
