"""The lock files: complete, hashed, and silent about where packages came from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = tuple(sorted(lock.name for lock in ROOT.glob("requirements*.txt")))
PIN = re.compile(r"^([a-z\d.-]+)==(\S+)(?: ; [^\\]+)? \\\n((?:    --hash=sha256:[\da-f]{64}(?: \\)?\n)+)", re.MULTILINE)
PLACES = re.compile(r"\w+://|^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links)\b|(?<![\w.])/\w+/", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    """Return name and version of everything a lock names with at least one hash."""
    return {name: version for name, version, _ in PIN.findall((ROOT / lock).read_text())}


def named(requirements: list[str]) -> set[str]:
    """Return the names of a list of `pyproject.toml`, as locks write them."""
    found = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return {match.group().lower().replace("_", "-") for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_version_with_hashes(lock: str) -> None:
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    assert pins(lock)
    assert PIN.sub("", text) == ""


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    assert PLACES.findall((ROOT / lock).read_text()) == []


def test_the_web_lock_names_no_place() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package or "link" in package] == []
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []
    text = json.dumps([{**package, "funding": None} for package in packages.values()])
    assert re.findall(r"\w+://[^\"]*", text) == []


@pytest.mark.parametrize("line", ["--index-url https://x", "-f /wheels", "a @ file:///a", "# from /home/me/a.in"])
def test_a_place_would_be_noticed(line: str) -> None:
    assert PLACES.search(line)


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    assert named(project["project"]["dependencies"]) <= pins("requirements.txt").keys()
    assert named(groups["test"]) <= pins("requirements-test.txt").keys()
    assert named(groups["otel"]) <= pins("requirements-otel.txt").keys()
    assert named(groups["node"]) == pins("requirements-node.txt").keys()


def test_tests_run_on_the_versions_that_are_served() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-test.txt").items()
