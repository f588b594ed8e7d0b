"""Laws of the running parts: tables, routes, bodies, and what is asked for before the write lock."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, mapped_column, relationship

from taskmanager.auth.deps import get_actor, get_admin, get_writer
from taskmanager.kit.columns import Model
from taskmanager.kit.db import get_session
from taskmanager.kit.http.answers import Problem, refusals
from taskmanager.kit.limits import Input, Output
from taskmanager.main import ROUTERS
from taskmanager.tables import metadata

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
PERMISSIONS = {get_actor, get_writer, get_admin}


def eager(mappers: Any) -> list[str]:
    """Return the relationships that would load by themselves."""
    found: list[Mapper[Any]] = list(mappers)
    return [str(one) for mapper in found for one in mapper.relationships if one.lazy != "raise"]


def test_relationships_never_load_by_themselves() -> None:
    assert eager(Model.registry.mappers) == []

    class Sample(DeclarativeBase):
        pass

    class Parent(Sample):
        __tablename__ = "parents"
        id: Mapped[int] = mapped_column(primary_key=True)
        children: Mapped[list["Child"]] = relationship()

    class Child(Sample):
        __tablename__ = "children"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parents.id"))

    assert eager(Sample.registry.mappers) == ["Parent.children"]


def test_columns_are_of_types_that_both_databases_keep_alike() -> None:
    for table in metadata.sorted_tables:
        for column in table.columns:
            assert not isinstance(column.type, DateTime), f"{column}: use kit.columns.Instant"
            assert type(column.type).__name__ not in {"Enum", "Uuid", "JSON"}, str(column)


def incomplete(route: APIRoute) -> str | None:
    """Return what a route does not say about itself."""
    answers = route.response_field is not None or route.status_code == 204 or 200 in route.responses
    refusals = [status for status, answer in route.responses.items() if int(status) >= 400 and "content" in answer]
    if not answers:
        return "no response model"
    if not refusals:
        return "no refusals"
    return None if route.endpoint.__doc__ else "no docstring"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{'/'.join(route.methods)} {route.path}")
def test_every_route_says_what_it_answers_and_refuses(route: APIRoute) -> None:
    assert incomplete(route) is None


def test_an_incomplete_route_is_noticed() -> None:
    sample = APIRouter()
    sample.get("/model", response_model=None)(lambda: 1)
    sample.get("/refusals", response_model=Problem)(lambda: 1)
    sample.get("/docstring", response_model=Problem, responses=refusals(404))(lambda: 1)
    found = [incomplete(route) for route in sample.routes if isinstance(route, APIRoute)]
    assert found == ["no response model", "no refusals", "no docstring"]


def resolved(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    """Yield dependencies in the order in which they are resolved."""
    for child in dependant.dependencies:
        yield from resolved(child)
    yield dependant.call


def locks_too_early(route: APIRoute) -> bool:
    """Tell whether a route takes the write lock before it knows that the caller may write."""
    order: list[Any] = list(resolved(route.dependant))
    if get_session not in order:
        return False
    return any(order.index(get_session) < order.index(check) for check in PERMISSIONS & set(order))


def test_nobody_takes_the_write_lock_before_being_known() -> None:
    assert [route.path for route in ROUTES if locks_too_early(route)] == []
    sample = APIRouter()

    @sample.get("/early")
    async def _early(session: Annotated[Any, Depends(get_session)], actor: Annotated[Any, Depends(get_actor)]) -> None:
        """Nothing."""

    @sample.get("/right")
    async def _right(actor: Annotated[Any, Depends(get_actor)], session: Annotated[Any, Depends(get_session)]) -> None:
        """Nothing."""

    early, right = [route for route in sample.routes if isinstance(route, APIRoute)]
    assert locks_too_early(early)
    assert not locks_too_early(right)


def test_readers_take_no_write_lock() -> None:
    assert [
        route.path for route in ROUTES if route.methods == {"GET"} and get_session in set(resolved(route.dependant))
    ] == []


def _subclasses(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)


def test_bodies_are_strict_and_answers_complete() -> None:
    for route in ROUTES:
        if route.body_field is not None:
            annotation = route.body_field.field_info.annotation
            kinds = [one for one in (annotation, *getattr(annotation, "__args__", ())) if isinstance(one, type)]
            assert any(issubclass(one, Input) for one in kinds), f"{route.path}: the body is no Input"
    for model in _subclasses(Input):
        assert model.model_config.get("extra") == "forbid"
        assert model.model_config.get("strict")
    for model in _subclasses(Output):
        defaults = [name for name, info in model.model_fields.items() if not info.is_required()]
        assert not defaults, f"{model.__name__} leaves out {defaults}"
