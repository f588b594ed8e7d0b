"""The browser's way in: cookies that no script can read, and what a request that carries them must show."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import Response

from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.tokens import WEB, browser, code, row_of
from tests.factories import PASSWORD, Api, Client

ACCESS, REFRESH = "__Host-tm_access", "__Host-tm_refresh"
OWN = "https://127.0.0.1:5000"
LISTED = "https://elsewhere.example"
FOREIGN = ("https://evil.example", "null", "", "https://127.0.0.1:5001", "http://[", f"{OWN}.evil.example")


def cookies_of(answer: Response) -> dict[str, "Morsel[str]"]:
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return dict(jar)


def cleared(answer: Response) -> set[str]:
    return {name for name, morsel in cookies_of(answer).items() if morsel["max-age"] == "0" and not morsel.value}


def carried(client: Client) -> str:
    """Return the Cookie header of a signed-in browser, to be sent by others or with other headers."""
    return "; ".join(f"{name}={client.cookies[name]}" for name in (ACCESS, REFRESH))


async def test_R12_tokens_travel_in_strict_cookies_only(api: Api) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD)
    login = await client.post("/login", json={"username": "anna", "password": PASSWORD, "cookie": True})
    refreshed = await client.post("/refresh")
    for answer in (login, refreshed):
        assert answer.status_code == 200
        assert set(answer.json()) == {"expires_in", "refresh_expires_in", "session_id"}
        cookies = cookies_of(answer)
        assert set(cookies) == {ACCESS, REFRESH}
        for name, morsel in cookies.items():
            assert morsel["secure"]
            assert morsel["httponly"]
            assert (morsel["samesite"].lower(), morsel["path"], morsel["domain"]) == ("strict", "/", "")
            assert morsel.value not in answer.text
            assert len(f"{name}={morsel.value}") <= 4096
        assert cookies[ACCESS]["max-age"] == "600"
        assert 13 * 86_400 < int(cookies[REFRESH]["max-age"]) <= 14 * 86_400
        assert answer.headers["Cache-Control"] == "no-store"
    assert cookies_of(login)[REFRESH].value != cookies_of(refreshed)[REFRESH].value
    assert (await client.get("/me")).status_code == 200
    assert (await client.post("/tasks", json={"title": "By cookie"})).status_code == 201


async def test_R12_without_remember_me_the_cookies_end_with_the_browser(api: Api) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD, remember=False)
    answer = await client.post("/refresh")
    for morsel in cookies_of(answer).values():
        assert (morsel["max-age"], morsel["expires"]) == ("", "")
    assert 11 * 3600 < answer.json()["refresh_expires_in"] <= 12 * 3600


async def test_R12_tokens_in_the_answer_set_no_cookie(api: Api) -> None:
    client = await api.user("anna")
    answer = await client.post("/refresh", json={"refresh_token": client.refresh_token})
    assert cookies_of(answer) == {}


GOOD: list[dict[str, str]] = [
    {"X-TM-Client": "web", "Sec-Fetch-Site": "same-origin"},
    {"X-TM-Client": "web", "Origin": OWN},
    {"X-TM-Client": "web", "Sec-Fetch-Site": "same-origin", "Origin": OWN},
]
BAD: list[dict[str, str]] = [
    {},
    {"X-TM-Client": "web"},
    {"X-TM-Client": "curl", "Sec-Fetch-Site": "same-origin"},
    {"X-TM-Client": "", "Origin": OWN},
    {"Sec-Fetch-Site": "same-origin", "Origin": OWN},
    *({"X-TM-Client": "web", "Sec-Fetch-Site": site} for site in ("cross-site", "same-site", "none", "", "x")),
    *({"X-TM-Client": "web", "Sec-Fetch-Site": site, "Origin": OWN} for site in ("cross-site", "same-site", "none")),
    *(
        {"X-TM-Client": "web", "Sec-Fetch-Site": "same-origin", "Origin": origin}
        for origin in (*FOREIGN, LISTED)
    ),
]  # fmt: skip


@pytest.fixture
async def open_app(settings: Settings) -> FastAPI:
    return create_app(settings.model_copy(update={"cors_origins": (LISTED,)}))


async def test_R12_changing_requests_with_cookies_must_come_from_our_own_pages(open_app: FastAPI) -> None:
    async with open_app.router.lifespan_context(open_app), Api(open_app) as api:
        await api.account("anna")
        cookie = {"Cookie": carried(await browser(api, "anna", PASSWORD))}
        requests: list[tuple[str, str, Any]] = [
            ("POST", "/tasks", {"title": "x"}),
            ("PATCH", "/me", {"display_name": "x"}),
            ("DELETE", "/sessions", None),
            ("POST", "/refresh", None),
            ("POST", "/logout", None),
            ("POST", "/logout", {}),
        ]
        for method, path, body in requests:
            for headers in BAD:
                answer = await api.anonymous.request(method, path, json=body, headers={**headers, **cookie})
                assert code(answer) == (403, "cross_site_request"), (path, headers)
                assert cookies_of(answer) == {}
        for headers in GOOD:
            assert (await api.anonymous.get("/me", headers={**headers, **cookie})).status_code == 200
            body = {"display_name": "Anna"}
            assert (await api.anonymous.patch("/me", json=body, headers={**headers, **cookie})).status_code == 200
        # Reading needs nothing: a link from another site leads here too.
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
            assert (await api.anonymous.get("/me", headers={**headers, **cookie})).status_code == 200


@pytest.mark.parametrize("kept", [ACCESS, REFRESH])
async def test_R12_one_cookie_alone_ends_no_session_for_a_foreign_page(api: Api, kept: str) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD)
    cookie = {"Cookie": f"{kept}={client.cookies[kept]}"}
    assert code(await api.anonymous.post("/logout", headers=cookie)) == (403, "cross_site_request")
    assert (await client.get("/me")).status_code == 200
    assert (await api.anonymous.post("/logout", headers={**cookie, **WEB})).status_code == 204
    assert code(await client.get("/me")) == (401, "session_ended")


async def test_R12_a_login_from_a_foreign_page_is_refused(open_app: FastAPI) -> None:
    async with open_app.router.lifespan_context(open_app), Api(open_app) as api:
        await api.account("anna")

        async def login(cookie: bool, **headers: str) -> Response:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            body = {"username": "anna", "password": PASSWORD, "cookie": cookie}
            return await api.anonymous.post("/login", json=body, headers=names)

        foreign: list[dict[str, str]] = [
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": OWN, "Sec_Fetch_Site": "cross-site"},
        ]
        for headers in foreign:
            for cookie in (True, False):
                assert code(await login(cookie, **headers)) == (403, "cross_site_request")
        own: list[dict[str, str]] = [{}, {"Origin": OWN}, {"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}]
        for headers in own:
            for cookie in (True, False):
                assert (await login(cookie, **headers)).status_code == 200
        # An origin that may call the API gets tokens, never cookies.
        listed = {"Origin": LISTED, "Sec_Fetch_Site": "cross-site"}
        answer = await login(cookie=False, **listed)
        assert answer.status_code == 200
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert code(await login(cookie=True, **listed)) == (403, "cross_site_request")


async def test_R12_a_stale_cookie_never_makes_a_login_fail(api: Api) -> None:
    await api.account("anna")
    body = {"username": "anna", "password": PASSWORD, "cookie": True}
    for stale in (f"{ACCESS}=x; {REFRESH}=y", f"{REFRESH}=tmr_x", f"{ACCESS}="):
        for more in ({}, {"Authorization": "Bearer x"}):
            answer = await api.anonymous.post("/login", json=body, headers={"Cookie": stale, **more})
            assert answer.status_code == 200
            assert set(cookies_of(answer)) == {ACCESS, REFRESH}


async def test_R12_two_credentials_at_once_are_refused(api: Api) -> None:
    own = await api.user("anna")
    client = await browser(api, "anna", PASSWORD)
    bearer = {"Authorization": f"Bearer {own.access_token}"}
    body = {"refresh_token": own.refresh_token}
    for cookie in (carried(client), f"{ACCESS}={client.cookies[ACCESS]}", f"{REFRESH}={client.cookies[REFRESH]}"):
        headers = {"Cookie": cookie, **WEB}
        both = {**headers, **bearer}
        answers = [
            await api.anonymous.get("/me", headers=both),
            await api.anonymous.post("/tasks", json={"title": "x"}, headers=both),
            await api.anonymous.post("/refresh", headers=both),
            await api.anonymous.post("/logout", headers=both),
            await api.anonymous.post("/refresh", json=body, headers=headers),
            await api.anonymous.post("/logout", json=body, headers=headers),
        ]
        for answer in answers:
            assert code(answer) == (400, "ambiguous_credentials")
    for session_id in (own.session_id, (await client.post("/refresh")).json()["session_id"]):
        assert (await row_of(api, session_id)).revoked_at is None


async def test_R7_a_loser_takes_no_cookie_away(api: Api) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD)
    loser = {"Cookie": carried(client), **WEB}
    assert (await client.post("/refresh")).status_code == 200
    lost = [
        (await api.anonymous.post("/refresh", headers=loser), (401, "refresh_token_used")),
        (
            await api.anonymous.post("/refresh", headers={**WEB, "Cookie": f"{REFRESH}=tmr_damaged"}),
            (401, "invalid_refresh_token"),
        ),
        (
            await api.anonymous.post("/refresh", headers={"Cookie": loser["Cookie"]}),
            (403, "cross_site_request"),
        ),
        (
            await api.anonymous.post("/refresh", headers={**loser, "Idempotency-Key": "two words"}),
            (400, "invalid_idempotency_key"),
        ),
        (
            await api.anonymous.post("/refresh", content=b"x", headers={**loser, "Content-Type": "text/plain"}),
            (415, "unsupported_media_type"),
        ),
    ]
    for answer, expected in lost:
        assert code(answer) == expected
        assert cookies_of(answer) == {}
    assert (await client.get("/me")).status_code == 200


async def test_R7_the_end_of_the_session_takes_the_cookies_away(api: Api) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD)
    first = {"Cookie": carried(client), **WEB}
    for _ in range(2):
        assert (await client.post("/refresh")).status_code == 200
    reused = await api.anonymous.post("/refresh", headers=first)
    assert code(reused) == (401, "refresh_token_reused")
    assert cleared(reused) == {ACCESS, REFRESH}
    ended = await client.post("/refresh")
    assert code(ended) == (401, "session_ended")
    assert cleared(ended) == {ACCESS, REFRESH}
    for header in ended.headers.get_list("set-cookie"):
        assert "Secure" in header  # a browser takes nothing else under such a name


async def test_a_sign_out_always_clears_the_cookies(api: Api) -> None:
    await api.account("anna")
    client = await browser(api, "anna", PASSWORD)
    headers = {"Cookie": carried(client), **WEB}
    for _ in range(2):
        answer = await api.anonymous.post("/logout", headers=headers)
        assert answer.status_code == 204
        assert cleared(answer) == {ACCESS, REFRESH}
    unknown = await api.anonymous.post("/logout", headers={"Cookie": f"{ACCESS}=x; {REFRESH}=y", **WEB})
    assert code(unknown) == (401, "invalid_token")
    assert cleared(unknown) == {ACCESS, REFRESH}


async def test_unprefixed_cookies_serve_only_where_the_operator_says_so(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"insecure_cookies": True}))
    async with app.router.lifespan_context(app), Api(app) as api:
        await api.account("anna")
        client = await browser(api, "anna", PASSWORD)
        assert set(client.cookies) == {"tm_access", "tm_refresh"}
        assert (await client.post("/refresh")).status_code == 200
        assert (await client.get("/me")).status_code == 200
