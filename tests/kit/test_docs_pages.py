"""The documentation pages at HTTP level; a browser reads them in tests/e2e."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from taskmanager.kit.http.docs import docs_routes


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=docs_routes("/openapi.json")))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_everything_a_page_loads_is_served_here(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)

    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) >= 4
    for link in links:
        assert link.startswith("/docs/assets/")
        assert (await client.get(link)).status_code == 200
    assert 'data-openapi="/openapi.json"' in page.text


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_holds_inline_script_or_allows_it(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)

    assert re.search(r"<script(?! src=)|<style| style=| on\w+=", page.text) is None
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "script-src 'self';" in policy


async def test_urls_keep_the_prefix_under_which_a_proxy_serves_us() -> None:
    transport = httpx.ASGITransport(Starlette(routes=docs_routes("/openapi.json")), root_path="/tasks")
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        page = await client.get("/tasks/docs")

    assert 'data-openapi="/tasks/openapi.json"' in page.text
    assert 'src="/tasks/docs/assets/swagger.js"' in page.text


async def test_an_asset_travels_compressed_and_only_once(client: httpx.AsyncClient) -> None:
    path = "/docs/assets/swagger-ui-bundle.js"
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    compressed = await client.get(path, headers={"Accept-Encoding": "gzip"})

    assert plain.content == compressed.content
    assert plain.headers["content-type"].startswith("text/javascript")
    assert int(compressed.headers["content-length"]) * 2 < int(plain.headers["content-length"])
    again = await client.get(path, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_no_asset_draws_an_image_from_another_server(client: httpx.AsyncClient) -> None:
    bundle = await client.get("/docs/assets/redoc.standalone.js")

    assert re.findall(r'src:"https?:[^"]*', bundle.text) == []


@pytest.mark.parametrize("name", ["swagger.html", "core.py", "..%2Fcore.py", "%2e%2e%2fcore.py", "nothing.js"])
async def test_only_listed_assets_exist(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get("/docs/assets/" + name)).status_code == 404
