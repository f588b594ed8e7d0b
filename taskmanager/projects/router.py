"""Routes of projects, members, sections and labels."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from taskmanager.auth import scopes
from taskmanager.kit.http.answers import NO_CONTENT, NOT_MODIFIED, refusals
from taskmanager.kit.http.etag import IfMatchDep, conditional, tagged
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import IdPath
from taskmanager.kit.paging import PagerDep
from taskmanager.projects.deps import (
    LabelsDep,
    LabelServiceDep,
    MemberServiceDep,
    ProjectsDep,
    ProjectServiceDep,
    SectionsDep,
    SectionServiceDep,
)
from taskmanager.projects.members import member_out
from taskmanager.projects.repository import BY_NAME, BY_POSITION, BY_USERNAME, LABELS_BY_NAME
from taskmanager.projects.schemas import (
    LabelCreate,
    LabelList,
    LabelOut,
    LabelUpdate,
    MemberCreate,
    MemberList,
    MemberOut,
    MemberUpdate,
    ProjectCreate,
    ProjectList,
    ProjectOut,
    ProjectUpdate,
    SectionCreate,
    SectionList,
    SectionOut,
    SectionUpdate,
)
from taskmanager.projects.service import project_out

projects = router(prefix="/projects", tags=["projects"], opening=scopes.PROJECTS)
labels = router(prefix="/labels", tags=["labels"], opening=scopes.TASKS)

_READ = refusals(400, 401, 404, 422)
_CREATE = refusals(400, 401, 403, 404, 409, 413, 415, 422)
_CHANGE = refusals(400, 401, 403, 404, 409, 412, 413, 415, 422)
_REMOVE = NO_CONTENT | refusals(400, 401, 403, 404, 409, 412, 413, 415, 422)


@projects.get("", response_model=ProjectList, responses=_READ)
async def list_projects(repository: ProjectsDep, pager: PagerDep) -> Any:
    """List the projects you may see, by name; your Inbox is one of them."""
    return pager.page(await repository.list(pager), BY_NAME, project_out)


@projects.post("", status_code=201, response_model=ProjectOut, responses=_CREATE)
async def create_project(response: Response, service: ProjectServiceDep, body: ProjectCreate) -> Any:
    """Make a project; you administer it."""
    created = project_out(await service.create(body))
    response.headers["Location"] = f"/projects/{created.id}"
    return tagged(response, created)


@projects.get("/{project_id}", response_model=ProjectOut, responses=NOT_MODIFIED | _READ)
async def read_project(request: Request, response: Response, repository: ProjectsDep, project_id: IdPath) -> Any:
    """Read one project."""
    return conditional(request, response, project_out(await repository.get(project_id)))


@projects.patch("/{project_id}", response_model=ProjectOut, responses=_CHANGE)
async def update_project(
    response: Response, service: ProjectServiceDep, if_match: IfMatchDep, project_id: IdPath, body: ProjectUpdate
) -> Any:
    """Change the fields that the body names."""
    return tagged(response, project_out(await service.update(project_id, body, if_match)))


@projects.delete("/{project_id}", status_code=204, responses=_REMOVE)
async def delete_project(service: ProjectServiceDep, if_match: IfMatchDep, project_id: IdPath) -> None:
    """Delete a project with all that is in it; undo within 30 days brings everything back."""
    await service.trash(project_id, if_match)


@projects.get("/{project_id}/members", response_model=MemberList, responses=_READ)
async def list_members(repository: ProjectsDep, pager: PagerDep, project_id: IdPath) -> Any:
    """List who may see the project and what they may do."""
    await repository.get(project_id)
    return pager.page(await repository.members(project_id, pager), BY_USERNAME, member_out)


@projects.post("/{project_id}/members", status_code=201, response_model=MemberOut, responses=_CREATE)
async def add_member(service: MemberServiceDep, project_id: IdPath, body: MemberCreate) -> Any:
    """Share the project with an account."""
    return await service.add(project_id, body)


@projects.patch("/{project_id}/members/{user_id}", response_model=MemberOut, responses=_CREATE)
async def change_member(service: MemberServiceDep, project_id: IdPath, user_id: IdPath, body: MemberUpdate) -> Any:
    """Give a member another role."""
    return await service.change(project_id, user_id, body.role)


@projects.delete("/{project_id}/members/{user_id}", status_code=204, responses=_REMOVE)
async def remove_member(service: MemberServiceDep, project_id: IdPath, user_id: IdPath) -> None:
    """Take a member out of the project, or leave it yourself."""
    await service.remove(project_id, user_id)


@projects.get("/{project_id}/sections", response_model=SectionList, responses=_READ)
async def list_sections(repository: ProjectsDep, sections: SectionsDep, pager: PagerDep, project_id: IdPath) -> Any:
    """List the sections of a project in their order."""
    await repository.get(project_id)
    return pager.page(await sections.list(project_id, pager), BY_POSITION, SectionOut.model_validate)


@projects.post("/{project_id}/sections", status_code=201, response_model=SectionOut, responses=_CREATE)
async def create_section(
    response: Response, service: SectionServiceDep, project_id: IdPath, body: SectionCreate
) -> Any:
    """Make a section: a heading of the list, a column of the board."""
    return tagged(response, SectionOut.model_validate(await service.create(project_id, body)))


@projects.patch("/{project_id}/sections/{section_id}", response_model=SectionOut, responses=_CHANGE)
async def update_section(  # noqa: PLR0917 - what the framework hands over, by name
    response: Response,
    service: SectionServiceDep,
    if_match: IfMatchDep,
    project_id: IdPath,
    section_id: IdPath,
    body: SectionUpdate,
) -> Any:
    """Rename a section or put it elsewhere."""
    return tagged(response, SectionOut.model_validate(await service.update(project_id, section_id, body, if_match)))


@projects.delete("/{project_id}/sections/{section_id}", status_code=204, responses=_REMOVE)
async def delete_section(
    service: SectionServiceDep, if_match: IfMatchDep, project_id: IdPath, section_id: IdPath
) -> None:
    """Delete a section; its tasks stay in the project."""
    await service.trash(project_id, section_id, if_match)


@labels.get("", response_model=LabelList, responses=_READ)
async def list_labels(repository: LabelsDep, pager: PagerDep) -> Any:
    """List your labels by name."""
    return pager.page(await repository.list(pager), LABELS_BY_NAME, LabelOut.model_validate)


@labels.post("", status_code=201, response_model=LabelOut, responses=_CREATE)
async def create_label(response: Response, service: LabelServiceDep, body: LabelCreate) -> Any:
    """Make a label; using a new name on a task makes one too."""
    return tagged(response, LabelOut.model_validate(await service.create(body)))


@labels.patch("/{label_id}", response_model=LabelOut, responses=_CHANGE)
async def update_label(
    response: Response, service: LabelServiceDep, if_match: IfMatchDep, label_id: IdPath, body: LabelUpdate
) -> Any:
    """Change the colour of a label."""
    return tagged(response, LabelOut.model_validate(await service.update(label_id, body, if_match)))


@labels.delete("/{label_id}", status_code=204, responses=_REMOVE)
async def delete_label(service: LabelServiceDep, if_match: IfMatchDep, label_id: IdPath) -> None:
    """Forget a label; tasks keep its name."""
    await service.remove(label_id, if_match)
