"""Routes of tasks."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from taskmanager.auth import quotas, scopes
from taskmanager.auth.limited import limited
from taskmanager.kit.http.answers import NO_CONTENT, NOT_MODIFIED, refusals
from taskmanager.kit.http.etag import IfMatchDep, conditional, tagged
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep
from taskmanager.tasks.comments import OLDEST_FIRST, comment_out
from taskmanager.tasks.deps import (
    ActivityDep,
    CommentsDep,
    CommentServiceDep,
    CompletingDep,
    ListingDep,
    TasksDep,
    TaskServiceDep,
    UpcomingDep,
)
from taskmanager.tasks.kept import KeepingDep, ListKeepingDep
from taskmanager.tasks.occurrence_schemas import OccurrenceList, OccurrenceQuery
from taskmanager.tasks.schemas import (
    ActivityList,
    CommentBody,
    CommentList,
    CommentOut,
    TaskCreate,
    TaskOut,
    TaskQuery,
    TaskUpdate,
)
from taskmanager.tasks.search.schemas import TaskPage
from taskmanager.tasks.state import task_out

tasks = router(prefix="/tasks", tags=["tasks"], opening=scopes.TASKS)

_READ = refusals(400, 401, 404, 422)
_CREATE = refusals(400, 401, 403, 404, 409, 413, 415, 422)
_CHANGE = refusals(400, 401, 403, 404, 409, 412, 413, 415, 422)
_ACT = refusals(400, 401, 403, 404, 409, 412, 413, 415, 422)


@tasks.get(
    "",
    response_model=TaskPage,
    dependencies=[limited(quotas.SEARCHES, "q", "filter")],
    responses=refusals(400, 401, 422),
)
async def list_tasks(
    listing: ListingDep, pager: PagerDep, keeping: ListKeepingDep, query: Annotated[TaskQuery, Query()]
) -> Any:
    """List the tasks you may see, newest first unless sorted otherwise."""
    page = await listing.page(query, pager)
    await keeping.until_changed(query)
    return page


@tasks.post("", status_code=201, response_model=TaskOut, responses=_CREATE)
async def create_task(response: Response, service: TaskServiceDep, body: TaskCreate) -> Any:
    """Make a task; only a title is needed, and it goes to your Inbox unless a project is named."""
    created = task_out(await service.create(body))
    response.headers["Location"] = f"/tasks/{created.id}"
    return tagged(response, created)


@tasks.get("/{task_id}", response_model=TaskOut, responses=NOT_MODIFIED | _READ)
async def read_task(
    request: Request, response: Response, repository: TasksDep, keeping: KeepingDep, task_id: IdPath
) -> Any:
    """Read one task."""
    task = await repository.get(task_id)
    keeping.until_changed(task.project_id)
    return conditional(request, response, task_out(task))


@tasks.patch("/{task_id}", response_model=TaskOut, responses=_CHANGE)
async def update_task(
    response: Response, service: TaskServiceDep, if_match: IfMatchDep, task_id: IdPath, body: TaskUpdate
) -> Any:
    """Change the fields that the body names (merge patch: null clears)."""
    return tagged(response, task_out(await service.update(task_id, body, if_match)))


@tasks.delete("/{task_id}", status_code=204, responses=NO_CONTENT | _ACT)
async def delete_task(
    service: TaskServiceDep,
    if_match: IfMatchDep,
    task_id: IdPath,
    permanent: Annotated[bool, Query(description="Delete for good; only from the trash.")] = False,
) -> None:
    """Put a task into the trash for 30 days; with ``permanent``, delete one that is there for good."""
    await (service.purge if permanent else service.trash)(task_id, if_match)


@tasks.post("/{task_id}/complete", response_model=TaskOut, responses=_ACT)
async def complete_task(response: Response, service: CompletingDep, if_match: IfMatchDep, task_id: IdPath) -> Any:
    """Mark a task as done; one that recurs goes on to its next date, with its subtasks open again."""
    return tagged(response, task_out(await service.complete(task_id, if_match)))


@tasks.post("/{task_id}/skip", response_model=TaskOut, responses=_ACT)
async def skip_task(response: Response, service: CompletingDep, if_match: IfMatchDep, task_id: IdPath) -> Any:
    """Let a recurring task go on to its next date without being done; 409 if it does not recur."""
    return tagged(response, task_out(await service.skip(task_id, if_match)))


@tasks.post("/{task_id}/reopen", response_model=TaskOut, responses=_ACT)
async def reopen_task(response: Response, service: CompletingDep, if_match: IfMatchDep, task_id: IdPath) -> Any:
    """Take up a done or cancelled task again."""
    return tagged(response, task_out(await service.reopen(task_id, if_match)))


@tasks.post("/{task_id}/restore", response_model=TaskOut, responses=_ACT)
async def restore_task(response: Response, service: TaskServiceDep, if_match: IfMatchDep, task_id: IdPath) -> Any:
    """Take a task out of the trash, with the subtasks that went there with it."""
    return tagged(response, task_out(await service.restore(task_id, if_match)))


@tasks.get("/{task_id}/occurrences", response_model=OccurrenceList, responses=_READ)
async def list_occurrences(upcoming: UpcomingDep, task_id: IdPath, query: Annotated[OccurrenceQuery, Query()]) -> Any:
    """List the dates of a recurring task to come, at most 200; those that it has if it is always completed in time."""
    return await upcoming.of_task(task_id, query)


@tasks.get("/{task_id}/activity", response_model=ActivityList, responses=_READ)
async def list_activity(activity: ActivityDep, task_id: IdPath, pager: PagerDep) -> Any:
    """List who changed what in a task, newest first."""
    return await activity.of_task(task_id, pager)


@tasks.get("/{task_id}/comments", response_model=CommentList, responses=_READ)
async def list_comments(comments: CommentsDep, task_id: IdPath, pager: PagerDep) -> Any:
    """List what was said about a task, oldest first."""
    return pager.page(await comments.list(task_id, pager), OLDEST_FIRST, comment_out)


@tasks.post("/{task_id}/comments", status_code=201, response_model=CommentOut, responses=_CREATE)
async def create_comment(response: Response, service: CommentServiceDep, task_id: IdPath, body: CommentBody) -> Any:
    """Say something about a task, in Markdown."""
    return tagged(response, comment_out(await service.create(task_id, body)))


@tasks.patch("/{task_id}/comments/{comment_id}", response_model=CommentOut, responses=_CHANGE)
async def update_comment(  # noqa: PLR0917 - what the framework hands over, by name
    response: Response,
    service: CommentServiceDep,
    if_match: IfMatchDep,
    task_id: IdPath,
    comment_id: IdPath,
    body: CommentBody,
) -> Any:
    """Change what you said."""
    return tagged(response, comment_out(await service.update(task_id, comment_id, body, if_match)))


@tasks.delete("/{task_id}/comments/{comment_id}", status_code=204, responses=NO_CONTENT | _ACT)
async def delete_comment(service: CommentServiceDep, if_match: IfMatchDep, task_id: IdPath, comment_id: IdPath) -> None:
    """Take back what you said; project administrators may remove any comment."""
    await service.remove(task_id, comment_id, if_match)
