"""Identifiers: UUIDv7 (RFC 9562) in their canonical lower-case text form."""

import re

import uuid_utils

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VERSION_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id() -> str:
    """Return a fresh UUIDv7; ids made later by the same process sort after earlier ones."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Tell whether ``text`` is a UUID in canonical form, of any version."""
    return _CANONICAL.fullmatch(text) is not None


def is_uuid7(text: str) -> bool:
    """Tell whether ``text`` is a UUIDv7 in canonical form."""
    return _VERSION_7.fullmatch(text) is not None
