"""The inventory of cryptography is complete: found in the code, held against docs/cryptography.md (ASVS 11.1.3)."""

import ast
import re

import pytest

from taskmanager.auth.passwords import MEMORY_BYTES, OPERATIONS
from tests.architecture.source import ROOT, python_files

CRYPTOGRAPHIC = {"cryptography", "hashlib", "hmac", "jwt", "nacl", "secrets", "ssl", "zlib"}
REFUSED = {"random", "crypt", "Crypto", "bcrypt", "passlib", "jose", "rsa", "ecdsa"}
WEAK = re.compile(r"\b(md5|sha1|SHA1|MD5|ECB|CBC|PKCS1v15|uuid3|uuid5)\b")
PAGE = (ROOT / "docs" / "cryptography.md").read_text(encoding="utf-8")


def imports(text: str) -> set[str]:
    """Return the packages that a module imports, at its top or later."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        found |= {name.partition(".")[0] for name in names}
    return found


def labels(text: str) -> set[str]:
    """Return the labels of the keys that a module derives from the master secret."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    derived = [call.args[0] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "derive"]
    return {one.value for one in derived if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_every_use_of_cryptography_stands_in_the_inventory() -> None:
    users = {
        path.removeprefix("taskmanager/") for path, text in python_files("taskmanager") if imports(text) & CRYPTOGRAPHIC
    }
    assert {path for path in users if f"`{path}`" not in PAGE} == set()
    assert {path for path in re.findall(r"`([\w/]+\.py)`", PAGE) if not (ROOT / "taskmanager" / path).exists()} <= {
        "tests/architecture/test_cryptography.py"
    }


def test_every_derived_key_stands_in_the_inventory() -> None:
    derived = set().union(*(labels(text) for _, text in python_files("taskmanager")))
    assert {label for label in derived if f"`{label}`" not in PAGE} == set()
    assert len(derived) >= 10


def test_nothing_weak_is_used() -> None:
    for path, text in python_files("taskmanager", "migrations"):
        assert not imports(text) & REFUSED, path
        assert not WEAK.search(text), path


@pytest.mark.parametrize(
    ("text", "found"), [("from random import choice", {"random"}), ("import jwt.algorithms", {"jwt"})]
)
def test_an_import_is_noticed(text: str, found: set[str]) -> None:
    assert imports(f"def later():\n    {text}") == found


def test_the_page_tells_the_parameters_in_force() -> None:
    assert f"argon2id, {MEMORY_BYTES // 1024**2} MiB, {OPERATIONS} passes" in PAGE
