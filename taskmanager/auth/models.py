"""Tables of accounts, sessions, tokens, one-time links, signing keys, revocations, notices and the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from taskmanager.kit.columns import Id, Instant, Json, Model, Ordered


class User(Model):
    """An account. ``auth_epoch`` rises when every session must end; ``role`` is read from here only."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('guest', 'user', 'admin')", name="role"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(Ordered(64), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(Ordered(254), unique=True)
    email_verified_at: Mapped[datetime | None] = mapped_column(Instant)
    display_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool]
    password_hash: Mapped[str | None] = mapped_column(String(255))
    auth_epoch: Mapped[int] = mapped_column(default=0)
    timezone: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def email_verified(self) -> bool:
        """Whether the address signs in and gets mail."""
        return self.email_verified_at is not None

    @property
    def reachable_at(self) -> str | None:
        """The address that mail may go to: one that the owner has proved to read."""
        return self.email if self.email_verified else None


class Session(Model):
    """One sign-in: one row for its whole life, whatever the number of refreshes.

    ``noted`` holds a bit for each outcome of the present generation that stands in the audit trail already.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    auth_epoch: Mapped[int]
    salt: Mapped[bytes]
    generation: Mapped[int]
    token_digest: Mapped[bytes]
    rotation_key: Mapped[bytes | None]
    recoveries: Mapped[int] = mapped_column(default=0)
    noted: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    remember: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    rotated_at: Mapped[datetime] = mapped_column(Instant)
    idle_expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    absolute_expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_reason: Mapped[str | None] = mapped_column(String(32))
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300))
    label: Mapped[str] = mapped_column(String(100))


class ApiToken(Model):
    """A personal access token, of which only a keyed digest is kept; ``prefix`` is what its owner knows it by."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    auth_epoch: Mapped[int]
    digest: Mapped[bytes] = mapped_column(unique=True)
    prefix: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant)
    last_used_ip: Mapped[str | None] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class Link(Model):
    """A one-time link: first set-up, an invitation, the choice of a password, or the proof of an address.

    Only its digest is kept. ``sent_to`` is where mail took it: whoever uses it reads that address. A link that was
    shown to somebody instead proves nothing of ``email``, which is what was said about it.
    """

    __tablename__ = "links"
    __table_args__ = (CheckConstraint("kind IN ('setup', 'invitation', 'reset', 'email')", name="kind"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    digest: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[str | None] = mapped_column(String(16))
    email: Mapped[str | None] = mapped_column(String(254))
    sent_to: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class SigningKey(Model):
    """A key of access tokens, wrapped under the master secret (AES-256-GCM).

    ``state`` goes from next over active to verify-only; at most one is next, at most one active.
    """

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index(
            "uq_signing_keys_active",
            "state",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index(
            "uq_signing_keys_next",
            "state",
            unique=True,
            sqlite_where=text("state = 'next'"),
            postgresql_where=text("state = 'next'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(32), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    wrapped: Mapped[bytes]
    public: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    activated_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class Node(Model):
    """A process that serves, when it was last heard of, and which next key it has loaded."""

    __tablename__ = "nodes"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    next_kid: Mapped[str | None] = mapped_column(String(32))
    seen_at: Mapped[datetime] = mapped_column(Instant)


class Revocation(Model):
    """A change of access that every process must hear of, written in the transaction that makes the change."""

    __tablename__ = "revocations"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str | None] = mapped_column(Id)
    session_id: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    # PostgreSQL only, where the order of identities is not the order of commits.
    xid: Mapped[int | None] = mapped_column(BigInteger, index=True)


class Notice(Model):
    """Something that an owner should know happened to the account."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_user_id_at_id", "user_id", "at", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(48))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class AuditEvent(Model):
    """One record of the security audit trail. It refers to nothing, so that it outlives what it tells of.

    ``position`` and ``chain`` are set once by the sealing job: the hash chain over everything sealed before.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_subject", "subject_id", "id"),
        Index("ix_audit_events_event", "event", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    event: Mapped[str] = mapped_column(String(48))
    outcome: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[str | None] = mapped_column(Id)
    subject_id: Mapped[str | None] = mapped_column(Id)
    session_id: Mapped[str | None] = mapped_column(Id)
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300))
    request_id: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    xid: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    chain: Mapped[bytes | None]


class AuditMark(Model):
    """A point of the audit trail under a MAC: its ``head``, and the ``checkpoint`` up to which records were purged."""

    __tablename__ = "audit_marks"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes]
    mac: Mapped[bytes]
