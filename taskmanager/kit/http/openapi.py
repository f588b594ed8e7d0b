"""The OpenAPI document: FastAPI's own, with our problems and with what needs a sign-in marked route by route."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi

from taskmanager.kit.http.answers import Problem, refusals
from taskmanager.kit.http.idempotency import MAX_KEY, METHODS
from taskmanager.kit.http.route import ApiRoute

BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The access token.",
}
API_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "tmp_...",
    "description": "An API token in place of the access token; it must hold all the scopes named here.",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request sent again with its key is carried out once and gets the same answer; for 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"},
}
# Every route counts into a general limit, some into one of their own (docs/limits.md).
LIMITED = refusals(429)[429] | {
    "headers": {
        name: {"description": text, "required": name == "Retry-After", "schema": {"type": kind}}
        for name, text, kind in (
            ("Retry-After", "Seconds until the next request may succeed.", "integer"),
            ("RateLimit", "What is left of each limit.", "string"),
            ("RateLimit-Policy", "The limits that were counted into.", "string"),
        )
    }
}
_FOREIGN = ("HTTPValidationError", "ValidationError")


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
    result["components"]["securitySchemes"] = {"bearer": BEARER, "api_token": API_TOKEN}
    for router in routers:
        for route in router.routes:
            if isinstance(route, ApiRoute):
                needed = _credentials(route) if _depends(route.dependant, guard) else []
                for method in route.methods or ():
                    operation = result["paths"][route.path_format][method.lower()]
                    operation["security"] = needed
                    if needed:
                        # An API token may lack a scope, also where no role is refused.
                        operation["responses"].setdefault("403", refusals(403)[403])
                    operation["responses"]["429"] = LIMITED
                    if needed and method in METHODS and not (route.openapi_extra or {}).get("x-carries-secret"):
                        operation.setdefault("parameters", []).append(KEY)
    return result


def _credentials(route: ApiRoute) -> list[dict[str, list[str]]]:
    """Return what each of may open a route, by scheme."""
    by_api_token = [{"api_token": sorted(route.scopes)}] if route.scopes else []
    return [{"bearer": []}, *by_api_token]


def _depends(dependant: Dependant, guard: Callable[..., Any]) -> bool:
    return dependant.call is guard or any(_depends(child, guard) for child in dependant.dependencies)
