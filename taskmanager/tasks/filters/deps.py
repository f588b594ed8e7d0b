"""What the routes of filters ask for."""

from typing import Annotated

from fastapi import Depends

from taskmanager.auth.deps import ActorDep, WriterDep
from taskmanager.kit.db import ReaderDep, SessionDep
from taskmanager.tasks.filters.repository import FilterRepository
from taskmanager.tasks.filters.service import FilterService


async def get_filters(actor: ActorDep, session: ReaderDep) -> FilterRepository:
    return FilterRepository(session, actor)


async def get_filter_service(actor: WriterDep, session: SessionDep) -> FilterService:
    return FilterService(session, actor)


FiltersDep = Annotated[FilterRepository, Depends(get_filters)]
FilterServiceDep = Annotated[FilterService, Depends(get_filter_service)]
