"""Z1, Z2, Z3: every route of the document for every role, on one's own, on somebody else's, on what is nowhere."""

from typing import Any

import httpx
from fastapi import FastAPI

from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.architecture.routes import ROLES, ROUTES, Line, Role
from tests.architecture.world import Whose, World
from tests.factories import Api

HIDDEN = {"instance", "request_id"}


def documented(app: FastAPI) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def unlisted(routes: set[str], lines: dict[str, Line]) -> set[str]:
    return routes ^ set(lines)


def told(answer: httpx.Response) -> tuple[int, Any]:
    """Return what an answer tells apart from which request it was."""
    content = answer.json() if answer.content else None
    return answer.status_code, {k: v for k, v in content.items() if k not in HIDDEN} if content else content


def test_z1_every_route_has_a_line() -> None:
    routes = set(documented(create_app(Settings())))
    assert unlisted(routes, ROUTES) == set(), "add a line for each new route to tests/architecture/routes.py"
    assert unlisted({*routes, "GET /new"}, ROUTES) == {"GET /new"}


def test_z1_the_document_says_who_needs_a_sign_in() -> None:
    for route, operation in documented(create_app(Settings())).items():
        # A session can also be ended with the refresh token alone.
        if route != "POST /logout":
            assert (operation["security"] == []) == (ROUTES[route].who == "anyone"), route


async def test_z1_z2_every_route_for_every_role(api: Api) -> None:
    world = World(api)
    await world.settle()
    wrong: list[str] = []
    for route, line in ROUTES.items():
        for role in ROLES:
            answers = await asked(world, route, line, role)
            for whose, status in expected(line, role).items():
                if answers[whose].status_code != status:
                    wrong.append(f"{role} {route} {whose}: {answers[whose].status_code} for {status}")
            if line.ids and line.who != "administrators" and told(answers["foreign"]) != told(answers["missing"]):
                wrong.append(f"{role} {route}: foreign and missing differ")
            wrong += [f"{role} {route}: a 401 without challenge" for one in answers.values() if unchallenged(one)]
    assert not wrong, "\n".join(wrong)


async def asked(world: World, route: str, line: Line, role: Role) -> dict[Whose, httpx.Response]:
    kinds: tuple[Whose, ...] = ("own", "foreign", "missing") if line.ids else ("own",)
    return {
        whose: await world.call(route, line, role, await world.ids(line, role, whose) if line.ids else ())
        for whose in kinds
    }


def expected(line: Line, role: Role) -> dict[Whose, int]:
    if not line.allows(role):
        refused = 401 if role == "anonymous" else 403
        return {"own": refused, "foreign": refused, "missing": refused} if line.ids else {"own": refused}
    if not line.ids:
        return {"own": line.status}
    # Nothing of the instance is foreign to its administrators.
    foreign = line.status if line.who == "administrators" else 404
    return {"own": line.status, "foreign": foreign, "missing": 404}


def unchallenged(answer: httpx.Response) -> bool:
    return answer.status_code == 401 and not answer.headers.get("WWW-Authenticate", "").startswith("Bearer")


async def test_z2_a_child_is_found_under_its_own_parent_only(api: Api) -> None:
    world = World(api)
    await world.settle()
    for route, line in ROUTES.items():
        if len(line.ids) != 2:
            continue
        role: Role = "admin" if line.who == "administrators" else "user"
        own, other = [await world.ids(line, role, "own") for _ in range(2)]
        foreign, missing = await world.ids(line, role, "foreign"), await world.ids(line, role, "missing")
        answers = [
            await world.call(route, line, role, (parent[0], child[1]))
            for parent, child in ((own, other), (own, foreign), (own, missing), (foreign, own), (missing, own))
        ]
        assert {repr(told(answer)) for answer in answers} == {repr(told(answers[0]))}, route
        assert answers[0].status_code == 404, route


async def test_z3_unknown_fields_and_parameters_are_refused(api: Api) -> None:
    world = World(api)
    await world.settle()
    for route, line in ROUTES.items():
        role: Role = "anonymous" if line.who == "anyone" else "admin"
        ids = await world.ids(line, role, "own") if line.ids else ()
        method, _, path = route.partition(" ")
        asked = await world.call(f"{method} {path}?surprise=1", line, role, ids)
        assert (asked.status_code, asked.json()["errors"]) == (
            422,
            [
                {
                    "pointer": "/query/surprise",
                    "code": "unknown_parameter",
                    "message": "There is no such query parameter.",
                }
            ],
        ), route
        if method == "GET" or line.content is not None:
            continue
        surprising = Line(line.who, 422, {**(line.body or {}), "is_admin": True}, line.ids)
        answer = await world.call(route, surprising, role, ids)
        assert answer.status_code == 422, (route, answer.text)
        pointers = [error["pointer"] for error in answer.json()["errors"]]
        assert pointers == (["/is_admin"] if line.body is not None else [""]), route


async def test_z3_refused_fields_change_nothing(api: Api) -> None:
    anna = await api.user()
    await anna.post("/tasks", json={"title": "x", "created_by": "me"})
    await anna.patch("/me", json={"role": "admin"})
    await anna.patch("/me", json={"display_name": "Anna", "active": False})
    assert (await anna.get("/tasks")).json()["items"] == []
    me = (await anna.get("/me")).json()
    assert (me["role"], me["display_name"]) == ("user", "anna")
