"""The laws of the source text, each a function from a text to what breaks it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LINES = 300
WEB_LINES = 250
START_LINES = 40
# One commit at the edge: everything else hands its work to `Database.write`.
COMMITTERS = {"taskmanager/kit/db.py", "taskmanager/kit/shared_commit.py"}
# The last resort of a request, handlers after a commit, members of a shared commit, jobs.
CATCHERS = {
    "taskmanager/kit/http/middleware.py",
    "taskmanager/kit/events.py",
    "taskmanager/kit/shared_commit.py",
    "taskmanager/kit/jobs.py",
}
VAGUE = {"utils", "helpers", "common", "base", "manager"}


def python_files(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield the path and text of every Python file in some folders of the project."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def web_files() -> Iterator[tuple[str, str]]:
    """Yield the path and text of every written file of the web application."""
    for folder in ("web/src", "web/build"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".ts", ".js", ".svelte", ".css"} and ".gen." not in path.name:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def too_long(text: str, most: int) -> bool:
    return text.count("\n") > most


def commits(text: str) -> list[int]:
    """Return the lines that commit something, in Python or in SQL."""
    found = [node for node in ast.walk(ast.parse(text)) if _commits(node)]
    return [getattr(node, "lineno", 0) or node.context_expr.lineno for node in found]  # type: ignore[attr-defined]


def _commits(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.upper() == "COMMIT"
    if isinstance(node, ast.withitem):
        # `with session.begin():` commits at its end.
        node = node.context_expr.func if isinstance(node.context_expr, ast.Call) else node
        return isinstance(node, ast.Attribute) and node.attr in {"begin", "begin_nested"}
    return isinstance(node, ast.Attribute) and node.attr == "commit"


def broad_handlers(text: str) -> list[int]:
    """Return the lines of handlers that catch everything and do not raise it again."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
        and not _raises_again(node)
    ]


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def environment_reads(text: str) -> list[int]:
    """Return the lines that read the environment."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]
