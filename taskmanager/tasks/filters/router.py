"""Routes of filters."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from taskmanager.auth import scopes
from taskmanager.auth.deps import ActorDep
from taskmanager.kit.http.answers import NO_CONTENT, NOT_MODIFIED, refusals
from taskmanager.kit.http.etag import IfMatchDep, conditional, tagged
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep
from taskmanager.tasks.filters.deps import FiltersDep, FilterServiceDep
from taskmanager.tasks.filters.repository import BY_NAME
from taskmanager.tasks.filters.schemas import (
    CheckedFilter,
    FilterCreate,
    FilterList,
    FilterOut,
    FilterQuery,
    FilterUpdate,
)
from taskmanager.tasks.filters.service import check

filters = router(prefix="/filters", tags=["filters"], opening=scopes.TASKS)

_READ = refusals(400, 401, 404, 422)
_CHANGE = refusals(400, 401, 403, 404, 409, 412, 413, 415, 422)


@filters.get("", response_model=FilterList, responses=_READ)
async def list_filters(repository: FiltersDep, pager: PagerDep) -> Any:
    """List the filters that you keep, by name."""
    return pager.page(await repository.list(pager), BY_NAME, FilterOut.model_validate)


@filters.post("", status_code=201, response_model=FilterOut, responses=refusals(400, 401, 403, 409, 413, 415, 422))
async def create_filter(response: Response, service: FilterServiceDep, body: FilterCreate) -> Any:
    """Keep a filter under a name."""
    created = FilterOut.model_validate(await service.create(body))
    response.headers["Location"] = f"/filters/{created.id}"
    return tagged(response, created)


@filters.post("/validate", response_model=CheckedFilter, responses=refusals(400, 401, 413, 415, 422))
async def validate_filter(_: ActorDep, body: FilterQuery) -> Any:
    """Say how a filter is understood, or where it cannot be."""
    return check(body.query)


@filters.get("/{filter_id}", response_model=FilterOut, responses=NOT_MODIFIED | _READ)
async def read_filter(request: Request, response: Response, repository: FiltersDep, filter_id: IdPath) -> Any:
    """Read one of your filters."""
    return conditional(request, response, FilterOut.model_validate(await repository.get(filter_id)))


@filters.patch("/{filter_id}", response_model=FilterOut, responses=_CHANGE)
async def update_filter(
    response: Response, service: FilterServiceDep, if_match: IfMatchDep, filter_id: IdPath, body: FilterUpdate
) -> Any:
    """Change the fields that the body names."""
    return tagged(response, FilterOut.model_validate(await service.update(filter_id, body, if_match)))


@filters.delete("/{filter_id}", status_code=204, responses=NO_CONTENT | _CHANGE)
async def delete_filter(service: FilterServiceDep, if_match: IfMatchDep, filter_id: IdPath) -> None:
    """Forget a filter; undo brings it back."""
    await service.remove(filter_id, if_match)
