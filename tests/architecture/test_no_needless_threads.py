"""Every route and dependency is `async def`: FastAPI sends a plain function to a thread, which costs 0.1 ms each."""

import inspect
from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from taskmanager.kit.settings import Settings
from taskmanager.main import create_app


def _routes(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        inner = getattr(route, "original_router", route)
        yield from _routes(getattr(inner, "routes", ()))


def _functions(dependant: Dependant) -> Iterator[Any]:
    if dependant.call is not None:
        yield dependant.call
    for below in dependant.dependencies:
        yield from _functions(below)


def _runs_in_a_thread(function: Any) -> bool:
    return not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function))


def test_nothing_runs_in_a_thread_without_need() -> None:
    routes = [route for route in _routes(create_app(Settings()).routes) if route.include_in_schema]
    assert len(routes) > 40
    plain = {
        f"{function.__module__}.{function.__qualname__}"
        for route in routes
        for function in _functions(route.dependant)
        if _runs_in_a_thread(function)
    }
    assert plain == set()
