"""What the routes of this room ask for. The actor comes before the session: who may not write takes no lock."""

from typing import Annotated

from fastapi import Depends

from taskmanager.auth.deps import ActorDep, WriterDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.projects.labels import LabelService
from taskmanager.projects.members import MemberService
from taskmanager.projects.repository import LabelRepository, ProjectRepository, SectionRepository
from taskmanager.projects.sections import SectionService
from taskmanager.projects.service import ProjectService


async def get_projects(actor: ActorDep, session: ReaderDep) -> ProjectRepository:
    return ProjectRepository(session, actor)


async def get_project_service(actor: WriterDep, session: SessionDep) -> ProjectService:
    return ProjectService(session, actor)


async def get_member_service(actor: WriterDep, session: SessionDep) -> MemberService:
    return MemberService(session, actor)


async def get_sections(actor: ActorDep, session: ReaderDep) -> SectionRepository:
    return SectionRepository(session, actor)


async def get_section_service(actor: WriterDep, session: SessionDep) -> SectionService:
    return SectionService(session, actor)


async def get_labels(actor: ActorDep, session: ReaderDep) -> LabelRepository:
    return LabelRepository(session, actor)


async def get_label_service(actor: WriterDep, session: SessionDep) -> LabelService:
    return LabelService(session, actor)


ProjectsDep = Annotated[ProjectRepository, Depends(get_projects)]
ProjectServiceDep = Annotated[ProjectService, Depends(get_project_service)]
MemberServiceDep = Annotated[MemberService, Depends(get_member_service)]
SectionsDep = Annotated[SectionRepository, Depends(get_sections)]
SectionServiceDep = Annotated[SectionService, Depends(get_section_service)]
LabelsDep = Annotated[LabelRepository, Depends(get_labels)]
LabelServiceDep = Annotated[LabelService, Depends(get_label_service)]
