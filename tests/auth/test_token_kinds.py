"""No kind of token passes for another, wherever it is shown."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from httpx import Response

from taskmanager.auth.links import Links
from tests.auth.tokens import WEB, code
from tests.factories import PASSWORD, Api, add_api_token

NEW = {"username": "newcomer", "password": PASSWORD}
ACCESS, REFRESH = "__Host-tm_access", "__Host-tm_refresh"


@dataclass(frozen=True)
class Place:
    """Where a token may be shown: which kinds it takes, and what it says to all others."""

    takes: frozenset[str]
    refuses: tuple[int, str]
    show: Callable[[Api, str], Awaitable[Response]]


async def _bearer(api: Api, token: str) -> Response:
    return await api.anonymous.get("/me", headers={"Authorization": f"Bearer {token}"})


async def _access_cookie(api: Api, token: str) -> Response:
    return await api.anonymous.get("/me", headers={"Cookie": f"{ACCESS}={token}"})


async def _refresh_body(api: Api, token: str) -> Response:
    return await api.anonymous.post("/refresh", json={"refresh_token": token})


async def _refresh_cookie(api: Api, token: str) -> Response:
    return await api.anonymous.post("/refresh", headers={"Cookie": f"{REFRESH}={token}", **WEB})


async def _access_cookie_at_refresh(api: Api, token: str) -> Response:
    return await api.anonymous.post("/refresh", headers={"Cookie": f"{ACCESS}={token}", **WEB})


async def _bearer_at_refresh(api: Api, token: str) -> Response:
    return await api.anonymous.post("/refresh", headers={"Authorization": f"Bearer {token}"})


async def _logout_body(api: Api, token: str) -> Response:
    return await api.anonymous.post("/logout", json={"refresh_token": token})


async def _logout_bearer(api: Api, token: str) -> Response:
    return await api.anonymous.post("/logout", headers={"Authorization": f"Bearer {token}"})


async def _logout_cookie(api: Api, token: str) -> Response:
    return await api.anonymous.post("/logout", headers={"Cookie": f"{REFRESH}={token}", **WEB})


async def _setup(api: Api, token: str) -> Response:
    return await api.anonymous.post("/setup", json={**NEW, "setup_token": token})


async def _invitation(api: Api, token: str) -> Response:
    return await api.anonymous.post("/register", json={**NEW, "invitation": token})


async def _reset(api: Api, token: str) -> Response:
    return await api.anonymous.post("/reset", json={"reset_token": token, "password": PASSWORD})


def _place(takes: str, refuses: tuple[int, str], show: Callable[[Api, str], Awaitable[Response]]) -> Place:
    return Place(frozenset(takes.split()), refuses, show)


INVALID, NO_REFRESH, NO_LINK = (401, "invalid_token"), (401, "invalid_refresh_token"), (403, "invalid_link")
PLACES = {
    "Authorization": _place("access api", INVALID, _bearer),
    "access cookie": _place("access", INVALID, _access_cookie),
    "body of /refresh": _place("refresh", NO_REFRESH, _refresh_body),
    "refresh cookie": _place("refresh", NO_REFRESH, _refresh_cookie),
    "access cookie at /refresh": _place("", NO_REFRESH, _access_cookie_at_refresh),
    "Authorization at /refresh": _place("", NO_REFRESH, _bearer_at_refresh),
    "body of /logout": _place("refresh", INVALID, _logout_body),
    "Authorization at /logout": _place("access", INVALID, _logout_bearer),
    "refresh cookie at /logout": _place("refresh", INVALID, _logout_cookie),
    "set-up": _place("setup", NO_LINK, _setup),
    "invitation": _place("invitation", NO_LINK, _invitation),
    "reset": _place("reset", NO_LINK, _reset),
}


async def _tokens(api: Api) -> dict[str, str]:
    """Return one live token of each kind."""
    chief_id = await api.account("chief", "admin")
    client = await api.user("anna")
    api_token = await add_api_token(client, "account:read")
    async with api.database.write() as session:
        links = Links(session)
        return {
            "access": client.access_token,
            "refresh": client.refresh_token,
            "api": api_token["token"],
            "setup": links.make("setup").token,
            "invitation": links.make("invitation", created_by=chief_id, role="user").token,
            "reset": links.make("reset", user_id=client.user_id).token,
        }


async def test_A3_no_token_kind_passes_for_another(api: Api) -> None:
    tokens = await _tokens(api)
    for name, place in PLACES.items():
        for kind, token in tokens.items():
            if kind not in place.takes:
                answer = await place.show(api, token)
                too_long = place.refuses == NO_LINK and kind == "access"
                assert code(answer) == ((422, "validation_failed") if too_long else place.refuses), f"{kind} as {name}"
    # Nothing was used up or ended by being shown in the wrong place, and each serves in its own.
    assert (await _bearer(api, tokens["access"])).status_code == 200
    assert (await _access_cookie(api, tokens["access"])).status_code == 200
    assert (await _bearer(api, tokens["api"])).status_code == 200
    assert code(await _setup(api, tokens["setup"])) == (409, "setup_done")
    assert (await _invitation(api, tokens["invitation"])).status_code == 201
    assert (await _refresh_body(api, tokens["refresh"])).status_code == 200
    assert (await _logout_bearer(api, tokens["access"])).status_code == 204
    assert (await _logout_body(api, tokens["refresh"])).status_code == 204
    assert (await _reset(api, tokens["reset"])).status_code == 204
