"""What the routes of this room ask for."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request

from taskmanager.analytics.repository import CountRepository
from taskmanager.analytics.schemas import Analytics, AnalyticsQuery, ExportQuery
from taskmanager.analytics.service import AnalyticsService
from taskmanager.auth.deps import ActorDep
from taskmanager.kit.db import ReaderDep


async def get_analytics(
    request: Request, actor: ActorDep, session: ReaderDep, query: Annotated[AnalyticsQuery, Query()]
) -> Analytics:
    repository = CountRepository(session, actor, query.project_id)
    return await AnalyticsService(repository, actor, request.app.state.settings.analytics_days).read(query)


async def get_table(
    request: Request, actor: ActorDep, session: ReaderDep, query: Annotated[ExportQuery, Query()]
) -> tuple[Analytics, ExportQuery]:
    return await get_analytics(request, actor, session, query), query


AnalyticsDep = Annotated[Analytics, Depends(get_analytics)]
TableDep = Annotated[tuple[Analytics, ExportQuery], Depends(get_table)]
