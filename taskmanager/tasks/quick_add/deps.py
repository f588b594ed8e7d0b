"""What the route of quick add asks for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from taskmanager.auth.deps import WriterDep
from taskmanager.kit.db import get_reader, get_session
from taskmanager.tasks.quick_add.schemas import QuickAdd, QuickAdded, QuickPreview
from taskmanager.tasks.quick_add.service import QuickAddService

Work = Callable[[], Awaitable[QuickAdded | QuickPreview]]


async def get_quick_add(request: Request, actor: WriterDep, body: QuickAdd) -> AsyncIterator[Work]:
    """Yield the work of a request in its write transaction; a dry run cannot write, and waits for nobody."""
    opened = asynccontextmanager(get_reader if body.dry_run else get_session)
    async with opened(request) as session:
        yield partial(QuickAddService(session, actor).run, body)


# scope="function" for the reason that SessionDep has it. The body stands here alone: named twice it would be checked,
# and refused, twice.
QuickAddDep = Annotated[Work, Depends(get_quick_add, scope="function")]
