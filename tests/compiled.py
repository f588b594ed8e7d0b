"""One store of compiled statements for all the engines of a run: each test opens its own, and they compile the same.

Compiling is a quarter of what a request costs in a fresh application. The product keeps what it compiled as long as it
runs; so do the tests, from one application to the next.
"""

from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

STATEMENTS = 5000


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """Let every engine read and fill one store; dialects of one kind count as the same."""
    store: LRUCache[Any, Any] = LRUCache(STATEMENTS)

    def use_store(connection: Connection) -> None:
        connection.engine._compiled_cache = store

    event.listen(Engine, "engine_connect", use_store)
    patch.setattr(DefaultDialect, "__eq__", lambda self, other: type(self) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))
