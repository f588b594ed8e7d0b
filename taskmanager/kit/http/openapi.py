"""The OpenAPI document: FastAPI's own, with our problems and with what needs a sign-in marked route by route."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from taskmanager.kit.http.answers import Problem
from taskmanager.kit.http.idempotency import MAX_KEY, METHODS

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The access token.",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request sent again with its key is carried out once and gets the same answer; for 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
}
_FOREIGN = ("HTTPValidationError", "ValidationError")


def operation_id(route: APIRoute) -> str:
    """Return the name of the route's function: what generated clients call it."""
    return route.name


def document(app: FastAPI, routers: Iterable[APIRouter], guard: Callable[..., Any]) -> dict[str, Any]:
    """Return the document; routes that depend on ``guard`` need a sign-in, the others do not."""
    result = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, openapi_version="3.1.0"
    )
    schemas = result["components"]["schemas"]
    for name in _FOREIGN:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    result["components"]["securitySchemes"] = {"bearer": BEARER}
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                needed: list[dict[str, list[str]]] = [{"bearer": []}] if _depends(route.dependant, guard) else []
                for method in route.methods or ():
                    operation = result["paths"][route.path_format][method.lower()]
                    operation["security"] = needed
                    if needed and method in METHODS and not (route.openapi_extra or {}).get("x-carries-secret"):
                        operation.setdefault("parameters", []).append(KEY)
    return result


def _depends(dependant: Dependant, guard: Callable[..., Any]) -> bool:
    return dependant.call is guard or any(_depends(child, guard) for child in dependant.dependencies)
