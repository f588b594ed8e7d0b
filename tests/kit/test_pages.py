"""Serving the web application from a folder that a build left."""

import gzip
from pathlib import Path

import httpx
import pytest

from taskmanager.kit.http.pages import BUILDING_MARK, POLICY, web_app

INDEX = b"<!doctype html><title>TaskManager</title>"
SCRIPT = b"console.info('ready')\n" * 200


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "web" / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "assets" / "app-1a2b.js").write_bytes(SCRIPT)
    (folder / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "app-1a2b.js.br").write_bytes(b"as brotli")
    (tmp_path / "web" / "secret.txt").write_text("not for you")
    return folder


@pytest.fixture
def client(dist: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(web_app(dist), root_path="/app")
    return httpx.AsyncClient(transport=transport, base_url="http://testserver/app/")


async def test_each_page_of_the_application_is_index_html(client: httpx.AsyncClient) -> None:
    for path in ("", "signin", "p/0190-abc", "index.html"):
        answer = await client.get(path)
        assert (answer.status_code, answer.content) == (200, INDEX), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-security-policy"] == POLICY


async def test_text_says_in_which_encoding_it_is(client: httpx.AsyncClient, dist: Path) -> None:
    for name, media_type in (
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
        ("app.webmanifest", "application/manifest+json"),
        ("inter.woff2", "font/woff2"),
    ):
        (dist / "assets" / name).write_bytes(b"x")
        assert (await client.get(f"assets/{name}")).headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("accepts", "encoding", "size"),
    [
        ("gzip, deflate, br", "br", len(b"as brotli")),
        ("gzip", "gzip", len(gzip.compress(SCRIPT))),
        ("br;q=0, gzip;q=0.5", "gzip", len(gzip.compress(SCRIPT))),
        ("identity", None, len(SCRIPT)),
    ],
)
async def test_the_smallest_accepted_form_is_sent(
    client: httpx.AsyncClient, accepts: str, encoding: str | None, size: int
) -> None:
    answer = await client.head("assets/app-1a2b.js", headers={"Accept-Encoding": accepts})
    assert answer.status_code == 200
    assert answer.headers.get("content-encoding") == encoding
    assert int(answer.headers["content-length"]) == size
    assert answer.content == b""
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_known_form_is_answered_with_304_and_each_form_has_its_own_tag(client: httpx.AsyncClient) -> None:
    plain = await client.head("assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    packed = await client.head("assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert plain.headers["etag"] != packed.headers["etag"]
    first = await client.get("signin")
    again = await client.get("signin", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


async def test_a_missing_asset_is_404_and_no_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("assets/app-gone.js")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "assets/..%2f..%2f../secret.txt",
        "..%5csecret.txt",
        "%2fetc/passwd",
        "a%00b",
        "assets/app-1a2b.js.br/../../../secret.txt",
        "x" * 5000,
    ],
)
async def test_no_path_leads_out_of_the_folder(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert b"not for you" not in answer.content
    assert b"root:" not in answer.content
    assert answer.status_code in {200, 404}


async def test_a_link_out_of_the_folder_is_not_followed(client: httpx.AsyncClient, dist: Path) -> None:
    (dist / "assets" / "out.txt").symlink_to(dist.parent / "secret.txt")
    assert (await client.get("assets/out.txt")).status_code == 404


async def test_only_reading_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.post("signin")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_without_a_build_the_page_says_how_to_make_one_and_a_build_shows_at_once(
    client: httpx.AsyncClient, dist: Path
) -> None:
    (dist / "index.html").unlink()
    missing = await client.get("inbox")
    assert missing.status_code == 200
    assert "python3 app.py build-web" in missing.text
    assert "refresh" not in missing.headers
    (dist.parent / BUILDING_MARK).touch()
    waiting = await client.get("inbox")
    assert waiting.status_code == 200
    assert waiting.headers["refresh"] == "2"
    (dist / "index.html").write_bytes(INDEX)
    assert (await client.get("inbox")).content == INDEX
