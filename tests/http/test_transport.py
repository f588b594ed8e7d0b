"""What browsers are told about https, other origins and where else to go."""

import pytest
from fastapi import FastAPI

from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.factories import Api

LISTED, FOREIGN = "https://elsewhere.example", "https://evil.example"
ANSWERS = (("/health/live", 200), ("/me", 401), ("/nowhere", 404), ("/docs", 200), ("/app/", 200), ("/", 307))


@pytest.fixture
async def public_app(settings: Settings) -> FastAPI:
    public = {"public_url": "https://tasks.example.org", "cors_origins": (LISTED,)}
    return create_app(settings.model_copy(update=public))


async def test_z8_https_is_to_be_kept_for_a_year_and_nobody_is_led_there_unseen(public_app: FastAPI) -> None:
    async with public_app.router.lifespan_context(public_app), Api(public_app) as api:
        for path, status in ANSWERS:
            answer = await api.anonymous.get(path)
            assert (answer.status_code, answer.headers.get("location")) == (status, "/app/" if path == "/" else None)
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_z8_plain_http_promises_nothing(api: Api) -> None:
    for path, _ in ANSWERS:
        assert "strict-transport-security" not in (await api.anonymous.get(path)).headers


async def test_z8_only_listed_origins_are_let_in_and_never_with_cookies(public_app: FastAPI) -> None:
    async with public_app.router.lifespan_context(public_app), Api(public_app) as api:
        asks = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
        allowed = await api.anonymous.options("/tasks", headers={"Origin": LISTED, **asks})
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, LISTED)
        read = await api.anonymous.get("/health/live", headers={"Origin": LISTED})
        assert (read.status_code, read.headers["access-control-allow-origin"]) == (200, LISTED)
        for origin in (FOREIGN, "null", f"{LISTED}.evil.example", "https://elsewhere.example:1"):
            for answer in (
                await api.anonymous.options("/tasks", headers={"Origin": origin, **asks}),
                await api.anonymous.get("/health/live", headers={"Origin": origin}),
            ):
                assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")
                assert "access-control-allow-origin" not in answer.headers
        assert not any("access-control-allow-credentials" in answer.headers for answer in (allowed, read))
