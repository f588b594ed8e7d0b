"""PostgreSQL's engine: bounded waits, errors without values, and a form that PgBouncer's transactions bear."""

import logging
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from taskmanager.kit.settings import Settings
from taskmanager.kit.statements import watch_engine, watch_of

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5
IDLE_SECONDS = 1
ANSWER_SECONDS = 5
"""A server that hangs tells nothing; one that works has given up a statement by itself before."""


def create_engine(settings: Settings, url: str) -> AsyncEngine:
    """Return the engine for requests and jobs: every statement, lock and wait for a connection has an end."""
    limits = {
        "statement_timeout": str(settings.statement_seconds * 1000),
        "lock_timeout": str(settings.lock_seconds * 1000),
    }
    arguments = _arguments(settings, CONNECT_SECONDS, {} if settings.database_pooler else limits)
    engine = create_async_engine(
        url,
        hide_parameters=True,  # errors are logged; names, addresses and digests are not
        pool_size=settings.pool_size // 2,
        max_overflow=settings.pool_size - settings.pool_size // 2,
        pool_timeout=5,
        connect_args=arguments | {"command_timeout": settings.statement_seconds + ANSWER_SECONDS},
    )

    @event.listens_for(engine.sync_engine, "handle_error")
    def _note(context: Any) -> None:
        if context.is_disconnect:
            logger.warning("lost the connection to PostgreSQL")

    _look_after(engine)
    watch = watch_of(settings)
    if watch is not None:
        watch_engine(engine, watch)
    return engine


def _look_after(engine: AsyncEngine) -> None:
    """Hand out connections that answer; asking each one, as `pool_pre_ping` does, is half of a transaction's costs.

    A server that ends closes its connections, which is known without asking. One that has lain idle is asked.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _look(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.pop("idle_since", None)
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        if since is not None and time.monotonic() - since > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error


def create_patient_engine(settings: Settings) -> AsyncEngine:
    """Return an engine for what takes as long as it takes: migrations, restores."""
    arguments = _arguments(settings, 2 * CONNECT_SECONDS, {})
    return create_async_engine(settings.database, hide_parameters=True, connect_args=arguments)


def _arguments(settings: Settings, seconds: float, limits: dict[str, str]) -> dict[str, Any]:
    """Return what asyncpg is told.

    PgBouncer in transaction mode lends a server for one transaction. A prepared statement with a name would be missing
    on the next one, or be somebody else's, so there it has none; and settings of a session would stay with the wrong
    one, so there are none but those that PgBouncer keeps track of.
    """
    arguments: dict[str, Any] = {
        "timeout": seconds,
        "server_settings": {"application_name": "taskmanager", "TimeZone": "UTC", **limits},
    }
    if settings.database_pooler:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": str,
        }
    return arguments
