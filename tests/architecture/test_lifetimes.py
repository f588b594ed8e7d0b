"""An application that ended leaves nothing behind: tests, and programs that start many, do not grow."""

import gc
import weakref

from fastapi import FastAPI

from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.factories import Api


async def test_an_application_that_ended_is_forgotten(settings: Settings) -> None:
    ended = await _used_and_ended(settings)
    gc.collect()
    assert ended() is None


async def _used_and_ended(settings: Settings) -> weakref.ref[FastAPI]:
    application = create_app(settings)
    async with application.router.lifespan_context(application), Api(application) as api:
        assert (await (await api.user()).get("/tasks")).status_code == 200
        assert (await api.anonymous.get("/openapi.json")).status_code == 200
    return weakref.ref(application)
