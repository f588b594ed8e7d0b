"""Column types and naming that read the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import JSON, BigInteger, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class Model(DeclarativeBase):
    """The parent of every table. Constraint names follow one convention, so errors can be told apart by name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Id(TypeDecorator[str]):
    """A UUID, text in Python. PostgreSQL keeps 16 bytes, SQLite the canonical text; both sort alike."""

    impl = String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(UUID(as_uuid=False))
        return dialect.type_descriptor(String(36))


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant with microseconds.

    SQLite keeps fixed-width RFC 3339 text, which sorts in time order and can be read by a person.
    """

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return instant_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return value.astimezone(UTC)  # type: ignore[no-any-return]
        return datetime.fromisoformat(value)


def instant_text(value: datetime) -> str:
    """Return fixed-width RFC 3339 UTC with microseconds and ``Z``, the form in which text sorts as time."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class Json(TypeDecorator[Any]):
    """JSON that both databases store; a Python None is a SQL NULL."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))


class Ordered(TypeDecorator[str]):
    """Text compared by code unit on both databases, so that cursors and sorts agree."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        collation = "C" if dialect.name == "postgresql" else None
        length = cast("String", self.impl_instance).length
        return dialect.type_descriptor(String(length, collation=collation))


class TransactionId(FunctionElement[int]):
    """The number of this transaction on PostgreSQL, where the order of identities is not that of commits; else NULL."""

    type = BigInteger()
    inherit_cache = True


@compiles(TransactionId)
def _no_number(*_: Any, **__: Any) -> str:
    return "NULL"


@compiles(TransactionId, "postgresql")
def _number(*_: Any, **__: Any) -> str:
    return "pg_current_xact_id()::text::bigint"
