"""docs/asvs.md is complete and true: each requirement has its row and state, each proof exists, the numbers add up."""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.asvs import LEVELS
from tests.architecture.source import ROOT

STATES = ("met", "partly", "open", "operator", "n/a")
DOCS = ROOT / "docs"
PAGE = (DOCS / "asvs.md").read_text(encoding="utf-8")
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
FILE = re.compile(r"`((?:taskmanager|tests|web)/[\w./-]+|[\w.-]*Dockerfile|\.dockerignore|requirements\.txt)`")
LINK = re.compile(r"\]\((?!https:)([^)#]*)(?:#([^)]*))?\)")


@dataclass(frozen=True)
class Row:
    """One row of a chapter's table."""

    requirement: str
    level: str
    here: str
    state: str
    proof: str

    @property
    def word(self) -> str:
        return self.state.partition(":")[0]


def rows(page: str) -> list[Row]:
    lines = [line for line in page.splitlines() if re.match(r"\| \d+\.\d+\.\d+ \| \d ", line)]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def level_of(requirement: str) -> str:
    section, _, number = requirement.rpartition(".")
    return LEVELS[section][int(number) - 1]


def place(requirement: str) -> tuple[int, ...]:
    return tuple(map(int, requirement.split(".")))


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the names of the functions of a file, none if there is no such file."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def missing_tests(page: str) -> list[str]:
    return [f"{file}::{name}" for file, name in TEST.findall(page) if name not in names_in(ROOT / "tests" / file)]


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return the names of a page's headings, as links to them are written."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings)


def broken_links(page: str) -> list[str]:
    found = [(target or "asvs.md", anchor) for target, anchor in LINK.findall(page)]
    return [
        f"{target}#{anchor}"
        for target, anchor in found
        if not (DOCS / target).is_file() or (anchor and anchor not in anchors(DOCS / target))
    ]


def test_every_requirement_of_levels_1_and_2_has_one_row_with_its_level() -> None:
    found = [row.requirement for row in rows(PAGE)]
    asked = {f"{section}.{n}" for section, levels in LEVELS.items() for n, level in enumerate(levels, 1) if level < "3"}
    assert asked - set(found) == set()
    assert found == sorted(set(found), key=place)
    assert [row for row in rows(PAGE) if row.level != level_of(row.requirement)] == []


def test_every_row_has_a_state_and_what_the_state_asks_for() -> None:
    for row in rows(PAGE):
        assert row.word in STATES, row
        assert row.here, row
        # What is met is shown; what is not is explained.
        assert row.proof if row.state in {"met", "operator"} else len(row.state) > len(row.word) + 2, row


def test_the_numbers_are_those_of_the_rows() -> None:
    counted = Counter((row.level, row.word) for row in rows(PAGE))
    for level in "123":
        numbers = [counted[level, state] for state in STATES]
        all_of_them = str(sum(numbers)) + (f" of {''.join(LEVELS.values()).count('3')}" if level == "3" else "")
        assert f"| {level} | {' | '.join(map(str, numbers))} | {all_of_them} |" in PAGE


def test_every_proof_exists() -> None:
    assert missing_tests(PAGE) == []
    assert [path for path in FILE.findall(PAGE) if not (ROOT / path).is_file()] == []
    assert broken_links(PAGE) == []


def test_what_is_missing_is_noticed() -> None:
    nowhere = "`auth/test_cookies.py::test_nothing` `auth/nowhere.py::test_x` [a](nowhere.md) [b](limits.md#nothing)"
    assert missing_tests(nowhere) == ["auth/test_cookies.py::test_nothing", "auth/nowhere.py::test_x"]
    assert broken_links(nowhere) == ["nowhere.md#", "limits.md#nothing"]
    assert rows("| 1.1.1 | 2 | here | n/a: none | |") == [Row("1.1.1", "2", "here", "n/a: none", "")]
