"""The web build of `python3 app.py`: made when sources have changed, never in the way of the API."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checkouts import Checkout
from tests.services.process import alive

BUILD = "mkdir -p dist && date +%N > dist/index.html"
WAITING = "import time\ndef main(argv):\n    print('ran', flush=True)\n    time.sleep(60)\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout with a web application of no packages."""
    checkout = Checkout(tmp_path)
    checkout.borrow_pip()
    (tmp_path / "web").mkdir()
    lock = {"name": "w", "lockfileVersion": 3, "packages": {"": {"name": "w"}}}
    (tmp_path / "web" / "package-lock.json").write_text(json.dumps(lock))
    return checkout


def set_build(checkout: Checkout, command: str) -> None:
    package = {"name": "w", "scripts": {"build": command}}
    (checkout.folder / "web" / "package.json").write_text(json.dumps(package))


def test_it_is_built_only_when_it_has_changed(checkout: Checkout) -> None:
    page = checkout.folder / "web" / "dist" / "index.html"
    set_build(checkout, BUILD)
    first = checkout.run("build-web")
    assert (first.returncode, "was built in" in first.stderr) == (0, True), first.stderr
    built = page.read_text()
    assert checkout.run("build-web").stderr == ""
    assert page.read_text() == built
    (checkout.folder / "web" / "main.ts").write_text("new")
    assert checkout.run("build-web").returncode == 0
    assert page.read_text() != built


def test_the_api_starts_without_a_build(checkout: Checkout) -> None:
    set_build(checkout, "echo 'error: no such colour'; exit 3")
    failed = checkout.run("build-web")
    assert failed.returncode == 3
    assert "the API works without it. error: no such colour" in failed.stderr
    served = checkout.run("serve")
    assert (served.returncode, served.stdout) == (7, "ran ['serve'] 1.0\n")
    assert "python3 app.py build-web" in served.stderr


def test_a_long_build_goes_on_beside_the_server_and_ends_with_it(checkout: Checkout) -> None:
    module = checkout.folder / "bootstrap" / "web.py"
    patient = module.read_text()
    assert "SECONDS_BEFORE_SERVING = 40\n" in patient
    module.write_text(patient.replace("SECONDS_BEFORE_SERVING = 40\n", "SECONDS_BEFORE_SERVING = 3\n"))
    (checkout.folder / "taskmanager" / "__main__.py").write_text(WAITING)
    set_build(checkout, "echo $$ > pid && exec sleep 60")
    with checkout.start("serve") as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ran\n"
        note = checkout.folder / "web" / "pid"
        eventually(lambda: note.exists() and note.read_text().endswith("\n"))
        build = int(note.read_text())
        assert alive(build)
        server.kill()
    eventually(lambda: not alive(build))


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
