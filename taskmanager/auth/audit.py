"""The security audit trail: who did what to whom, from where, with which outcome (ASVS 16.3, OWASP logging vocabulary).

A record is written in the transaction of what it tells, so neither exists without the other. The vocabulary is
closed, and details are short plain values: no secret and no text of a task ever goes in here. Sealing
(``audit_sealing.py``) chains the records later, in the order in which their transactions count.
"""

import logging
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import insert, literal_column
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import AuditEvent
from taskmanager.auth.roles import Actor
from taskmanager.kit import clock
from taskmanager.kit.db import Database
from taskmanager.kit.http import caller

logger = logging.getLogger(__name__)

Outcome = Literal["success", "failure"]
Detail = str | int | bool | None
MAX_DETAIL = 300


class Event(StrEnum):
    """Everything that the trail can tell."""

    LOGIN = "authn_login_success"
    LOGIN_FAILED = "authn_login_fail"
    LOGIN_THROTTLED = "authn_login_fail_max"
    REFRESH_RECOVERED = "refresh_recovered"
    REFRESH_CONCURRENT = "refresh_concurrent"
    REFRESH_REUSED = "authn_token_reuse"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "authn_password_change"  # noqa: S105 - the name of an event
    PASSWORD_CHANGE_FAILED = "authn_password_change_fail"  # noqa: S105
    RESET_REQUESTED = "password_reset_requested"
    RESET_USED = "password_reset"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    USER_CREATED = "user_created"
    USER_UPDATED = "user_updated"
    ROLE_CHANGED = "privilege_permissions_changed"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    INVITATION_CREATED = "invitation_created"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    API_TOKEN_CREATED = "authn_token_created"  # noqa: S105
    API_TOKEN_REVOKED = "authn_token_revoked"  # noqa: S105
    KEY_ROTATED = "key_rotated"
    KEY_ROTATED_EMERGENCY = "key_rotated_emergency"
    DENIED = "authz_fail"
    RATE_LIMITED = "excess_rate_limit_exceeded"
    DATA_IMPORTED = "data_imported"
    DATA_EXPORTED = "data_exported"
    AUDIT_EXPORTED = "audit_exported"
    AUDIT_PURGED = "audit_purged"
    INSECURE_COOKIES = "insecure_cookies_on"
    BACKUP_MADE = "backup_made"
    BACKUP_RESTORED = "backup_restored"
    STARTED = "sys_startup"


async def record(
    session: AsyncSession,
    event: Event,
    *,
    outcome: Outcome = "success",
    actor: Actor | None = None,
    subject_id: str | None = None,
    session_id: str | None = None,
    **detail: Detail,
) -> None:
    """Write one record in the transaction of ``session``.

    ``actor`` is who acts (None: nobody signed in, or the command line), ``subject_id`` the account concerned, by
    default the actor's; ``session_id`` the session concerned. Address, agent and request id come from the request.
    """
    asker = caller.current()
    if actor is not None and actor.token_id is not None:
        detail["api_token"] = actor.token_id
    values: dict[str, Any] = {
        "at": clock.now(),
        "event": Event(event).value,
        "outcome": outcome,
        "actor_id": actor.user_id if actor is not None else None,
        "subject_id": subject_id if subject_id is not None or actor is None else actor.user_id,
        "session_id": session_id if session_id is not None or actor is None else actor.session_id or None,
        "ip": asker.address,
        "user_agent": asker.agent,
        "request_id": asker.request_id,
        "detail": {name: _plain(value) for name, value in detail.items() if value is not None},
    }
    if session.get_bind().dialect.name == "postgresql":
        # The order of identities is not the order of commits there; sealing goes by this first.
        values["xid"] = literal_column("pg_current_xact_id()::text::bigint")
    await session.execute(insert(AuditEvent).values(values))


async def record_alone(database: Database, event: Event, **what: Any) -> None:
    """Write one record in a transaction of its own, about something that stands whether it can be written or not.

    Takes what :func:`record` takes. Where nothing can be written, as on a full disk, the log says so instead.
    """
    try:
        async with database.write() as session:
            await record(session, event, **what)
    except (SQLAlchemyError, OSError):
        logger.warning("%s could not be written to the audit trail", event.value, exc_info=True)


def _plain(value: Detail) -> Detail:
    """Return a short value on one line: a line of an exported trail is one record, whatever somebody typed."""
    if not isinstance(value, str):
        return value
    return "".join(character for character in value if character.isprintable())[:MAX_DETAIL]
