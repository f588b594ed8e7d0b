"""Journeys with the service worker: the application opens without a server, and says when there is a newer one."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import Journey, expect_rows, kept
from tests.e2e.site import BUILD, ROOT, Person, serving

pytestmark = pytest.mark.e2e


def test_it_opens_without_a_server_and_offers_a_newer_version(browser: Browser, tmp_path: Path) -> None:
    web = tmp_path / "web"
    shutil.copytree(BUILD.parent, web)
    with serving(tmp_path, web_dir=str(web)) as site:
        journey = Journey(browser, site.url)
        journey.allow("net::ERR_", "Failed to fetch")
        person: Person = site.person("mira")
        person.add("Buy milk")
        page = journey.signed_in(person.name, service_workers="allow")
        expect_rows(page, "Buy milk")
        kept(page)
        page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        page.reload()
        expect_rows(page, "Buy milk")
        assert page.evaluate("navigator.serviceWorker.controller !== null")
        page.context.set_offline(True)
        page.reload()
        expect_rows(page, "Buy milk")
        page.get_by_text("Buy milk").click()
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Task: Buy milk")).to_be_visible()
        page.keyboard.press("Escape")
        page.context.set_offline(False)
        # Another build: the worker is another one.
        worker = web / "sw.js"
        worker.write_text(worker.read_text(encoding="utf-8") + "// another build\n", encoding="utf-8")
        for encoded in web.glob("sw.js.*"):
            encoded.unlink()
        page.evaluate("navigator.serviceWorker.ready.then((one) => one.update()).then(() => undefined)")
        with page.expect_navigation():
            page.get_by_role("button", name="Reload").click()
        expect_rows(page, "Buy milk")
        expect(page.get_by_role("button", name="Reload")).to_have_count(0)
        page.get_by_role("button", name=f"Account: {person.name}").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        # What stays is the application; of the account nothing was ever kept there.
        urls = page.evaluate(
            "async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await caches.open(name))"
            ".keys()).map((one) => new URL(one.url).pathname)))).flat()"
        )
        assert urls
        assert all((BUILD.parent / url.removeprefix("/app/")).is_file() for url in urls)
        journey.finish()


def test_the_manifest_is_one(journey: Journey) -> None:
    page = journey.page()
    page.goto("/app/signin")
    manifest = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then((one) => one.json())")
    assert manifest["start_url"] == "/app/"
    for icon in manifest["icons"]:
        assert page.evaluate("(src) => fetch(src).then((one) => one.headers.get('content-type'))", icon["src"]) == (
            "image/svg+xml; charset=utf-8"
        )
    assert (ROOT / "web" / "public" / "app.webmanifest").is_file()
