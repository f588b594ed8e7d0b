"""Z1 for API tokens: every route of the document for every scope, and what no scope opens."""

from typing import Any

import httpx

from taskmanager.auth.scopes import SCOPES, USABLE, complete
from taskmanager.kit.http.route import SECRET, SESSION_ONLY, ApiRoute, Opening, router
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.architecture.routes import ROLES, ROUTES
from tests.architecture.scopes import NEVER, OPENED_BY
from tests.architecture.test_matrix import documented
from tests.architecture.world import World
from tests.factories import Api, Client, add_api_token

GUARDED = {route: line for route, line in ROUTES.items() if line.who != "anyone" and route != "POST /logout"}


def asked_of_tokens(operation: dict[str, Any]) -> frozenset[str]:
    """Return the scopes that the document names for a route; nothing: no API token opens it."""
    return frozenset(scope for way in operation["security"] for scope in way.get("api_token", ()))


def test_z1_every_route_that_an_api_token_opens_stands_in_the_table() -> None:
    routes = documented(create_app(Settings()))
    opened = {route: scopes for route, one in routes.items() if (scopes := asked_of_tokens(one))}
    assert opened == OPENED_BY, "say in tests/architecture/scopes.py what opens a new route, or close it"
    assert frozenset().union(*opened.values()) == set(SCOPES)
    assert [route for route in GUARDED if "403" not in routes[route]["responses"]] == []


def test_no_scope_opens_what_manages_accounts_and_credentials() -> None:
    for route in OPENED_BY:
        method, _, path = route.partition(" ")
        assert not NEVER & set(path.split("/")), route
        assert method == "GET" or not path.startswith(("/admin", "/me")), route
        assert method == "GET" or all(scope.endswith(":write") for scope in OPENED_BY[route]), route


def test_a_new_route_is_closed_unless_its_router_says_what_opens_it() -> None:
    opening = Opening(frozenset({"tasks:read"}), frozenset({"tasks:write"}))
    plain, opened = router(), router(opening=opening)
    for one in (plain, opened):
        one.get("/read")(lambda: 1)
        one.post("/change")(lambda: 1)
        one.post("/secret", openapi_extra=SECRET)(lambda: 1)
        one.get("/session", openapi_extra=SESSION_ONLY)(lambda: 1)
        one.api_route("/both", methods=["GET", "POST"])(lambda: 1)
    found = [[set(route.scopes) for route in one.routes if isinstance(route, ApiRoute)] for one in (plain, opened)]
    assert found == [[set()] * 5, [{"tasks:read"}, {"tasks:write"}, set(), set(), {"tasks:write"}]]


def test_who_may_change_may_also_read() -> None:
    assert complete(["tasks:write"]) == ["tasks:read", "tasks:write"]
    assert complete(["admin:read", "projects:write", "projects:write"]) == [
        "projects:read",
        "projects:write",
        "admin:read",
    ]
    assert USABLE["guest"] < USABLE["user"] < USABLE["admin"] == set(SCOPES)


async def with_token(api: Api, client: Client, *scopes: str) -> Client:
    """Return a client that shows an API token of the same account in place of its session."""
    token = (await add_api_token(client, *scopes))["token"]
    return await api.client(Authorization=f"Bearer {token}")


def is_out_of_scope(answer: httpx.Response, needed: frozenset[str]) -> bool:
    """Tell whether a refusal is that of RFC 6750, section 3.1, and names what would do."""
    named = f', scope="{" ".join(sorted(needed))}"' if needed else ""
    challenge = f'Bearer realm="taskmanager", error="insufficient_scope"{named}'
    refused = answer.status_code == 403 and answer.json()["code"] == "insufficient_scope"
    return refused and answer.headers["WWW-Authenticate"] == challenge


async def test_z1_every_route_for_every_scope(api: Api) -> None:
    world = World(api)
    await world.settle()
    admin = world.client("admin")
    held: dict[str, Client] = {scope: await with_token(api, admin, scope) for scope in SCOPES}
    held[" ".join(SCOPES)] = await with_token(api, admin, *SCOPES)
    wrong: list[str] = []
    for route, line in GUARDED.items():
        needed = OPENED_BY.get(route, frozenset())
        for scopes, client in held.items():
            opens = bool(needed) and needed <= set(complete(scopes.split()))  # type: ignore[arg-type]
            ids = await world.ids(line, "admin", "own" if opens else "missing") if line.ids else ()
            answer = await world.call(route, line, "admin", ids, by=client)
            if not (answer.status_code == line.status if opens else is_out_of_scope(answer, needed)):
                wrong.append(f"{scopes} {route}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


async def test_z1_a_scope_never_grants_more_than_the_role(api: Api) -> None:
    """Tokens with every scope, of an account that was an administrator when it made them and is none any more."""
    world = World(api)
    await world.settle()
    chief, wrong = world.client("admin"), []
    for role in ROLES[1:3]:
        user_id = await api.account(f"former-{role}", "admin")
        token = await with_token(api, await api.enter(user_id), *SCOPES)
        assert (await token.get("/admin")).status_code == 200
        assert (await chief.patch(f"/admin/users/{user_id}", json={"role": role})).status_code == 200
        for route, line in GUARDED.items():
            if route not in OPENED_BY or (line.allows(role) and line.ids):
                continue
            ids = tuple(user_id for _ in line.ids)
            answer = await world.call(route, line, role, ids, by=token)
            code = None if answer.is_success else answer.json()["code"]
            expected = (line.status, None) if line.allows(role) else (403, "forbidden")
            if (answer.status_code, code) != expected:
                wrong.append(f"{role} {route}: {answer.status_code} {code}")
    assert not wrong, "\n".join(wrong)
