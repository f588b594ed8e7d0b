"""Whether the server lives and is ready for work."""

from typing import Literal

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from taskmanager.kit.errors import UnavailableError
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import Output

health = router(prefix="/health", tags=["operations"])


class Health(Output):
    status: Literal["ok", "degraded"]


@health.get("/live", responses=refusals(422))
async def read_live() -> Health:
    """Answer as long as the process serves at all."""
    return Health(status="ok")


@health.get("/ready", responses=refusals(422, 503))
async def read_ready(request: Request) -> Health:
    """Answer 200 when requests can be served, ``degraded`` without the cache, 503 without the database."""
    state = request.app.state
    if state.draining:
        raise UnavailableError("The server is going down.")
    try:
        await state.database.ping()
    except (SQLAlchemyError, OSError) as error:
        raise UnavailableError("The database does not answer.") from error
    return Health(status="ok" if await state.cache.healthy() else "degraded")
