"""`python3 app.py`: the environment it makes, keeps, mends and hands over to."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkouts import BASE, ROOT, Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_installs_once_and_hands_over(checkout: Checkout) -> None:
    checkout.borrow_pip()
    first = checkout.run("version", "--all")
    assert (first.returncode, first.stdout) == (7, "ran ['version', '--all'] 1.0\n")
    assert "Installing 1 libraries" in first.stderr
    shutil.rmtree(checkout.wheels)
    second = checkout.run()
    assert (second.returncode, second.stdout, second.stderr) == (7, "ran ['serve'] 1.0\n", "")


def test_a_changed_lock_installs_again(checkout: Checkout) -> None:
    checkout.borrow_pip()
    checkout.run("version")
    checkout.lock("1.1")
    assert checkout.run("version").stdout == "ran ['version'] 1.1\n"
    checkout.lock("1.2")
    assert checkout.run("version", python=str(checkout.python)).stdout == "ran ['version'] 1.2\n"


def test_a_file_with_another_hash_is_refused_and_the_old_one_stays(checkout: Checkout) -> None:
    checkout.borrow_pip()
    checkout.run("version")
    good = (checkout.folder / "requirements.txt").read_text()
    checkout.lock("1.1", digest="0" * 64)
    refused = checkout.run("version")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "requirements.txt could not be installed" in refused.stderr
    assert "HASHES" in refused.stderr
    (checkout.folder / "requirements.txt").write_text(good)
    assert checkout.run("version").stdout == "ran ['version'] 1.0\n"


def test_an_interrupted_installation_starts_again(checkout: Checkout) -> None:
    checkout.borrow_pip()
    checkout.run("version")
    site = next((checkout.folder / ".venv" / "lib").glob("python*/site-packages"))
    (site / "pebble.py").unlink()
    (checkout.folder / ".venv" / "requirements.stamp").write_text("unfinished")
    has_pip = subprocess.run([BASE, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0
    # Without a package manager on the PATH, so that a test never installs what Debian's Python lacks.
    again = checkout.run("version", path="")
    assert "was interrupted" in again.stderr
    if has_pip:
        assert again.stdout == "ran ['version'] 1.0\n"
    else:
        assert f"Type: {BASE} -m ensurepip" in again.stderr


def test_an_environment_that_has_everything_is_used_as_it_is(checkout: Checkout) -> None:
    checkout.borrow_pip()
    checkout.run("version")
    own = checkout.folder / "own"
    shutil.move(checkout.folder / ".venv", own)
    checkout.lock("1.1")
    result = checkout.run("version", python=str(own / "bin" / "python"))
    assert result.stdout == "ran ['version'] 1.0\n"
    assert "Other versions than requirements.txt names: pebble" in result.stderr
    assert not (checkout.folder / ".venv").exists()


def test_an_old_python_is_told_what_to_install(tmp_path: Path) -> None:
    source = (ROOT / "app.py").read_text()
    ast.parse(source, feature_version=(3, 7))
    app = str(ROOT / "app.py")
    old = f"import runpy, sys\nsys.version_info = (3, 6, 15)\nrunpy.run_path({app!r}, run_name='__main__')"
    result = subprocess.run(
        [sys.executable, "-c", old], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == f"TaskManager needs Python 3.11 or newer; {sys.executable} is 3.6.\n"
