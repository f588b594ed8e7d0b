"""Watching statements: those that take long are logged, and traces show each. Nobody watches unless asked to.

What is told of a statement is its text, in which values are marks; never a value.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from taskmanager.kit.http import caller
from taskmanager.kit.settings import Settings

slow = logging.getLogger("taskmanager.slow")

MAX_TEXT = 2000
Watch = Callable[[str, float], None]
"""Called with a statement's text and how many seconds it took, after it has ended."""


def watch_of(settings: Settings) -> Watch | None:
    """Return what the settings want to be told of each statement; None: nothing."""
    watches = [_log_slow(settings.slow_statement_ms / 1000)] if settings.slow_statement_ms else []
    if settings.otel:
        from taskmanager.kit.tracing import trace_statement  # noqa: PLC0415 - an optional dependency

        watches.append(trace_statement)
    if not watches:
        return None

    def watch(sql: str, seconds: float) -> None:
        for one in watches:
            one(sql, seconds)

    return watch


def _log_slow(least: float) -> Watch:
    def log(sql: str, seconds: float) -> None:
        if seconds >= least:
            text = " ".join(sql.split())[:MAX_TEXT]
            slow.warning("%.0f ms, request %s: %s", seconds * 1000, caller.current().request_id or "-", text)

    return log


def watch_engine(engine: AsyncEngine, watch: Watch) -> None:
    """Have ``watch`` told of what goes through an engine's cursors."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def _begin(*arguments: Any) -> None:
        arguments[4].watched_since = time.perf_counter()

    @event.listens_for(engine.sync_engine, "after_cursor_execute")
    def _end(*arguments: Any) -> None:
        watch(arguments[2], time.perf_counter() - arguments[4].watched_since)

    @event.listens_for(engine.sync_engine, "handle_error")
    def _fail(context: Any) -> None:
        since = getattr(context.execution_context, "watched_since", None)
        if since is not None:
            watch(context.statement, time.perf_counter() - since)
