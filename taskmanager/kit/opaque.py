"""Values that travel through clients and come back as they were: opaque text with a seal of ours."""

import base64
import hashlib
import hmac
import json
from typing import Any

_TAG = 16


class SealBrokenError(ValueError):
    """The text was not sealed here, not for this purpose, or was changed on its way."""


def seal(secret: bytes, values: Any, bound: str = "") -> str:
    """Return JSON values as URL-safe text; it opens only with the same secret and the same ``bound``."""
    content = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(secret, content, bound) + content).rstrip(b"=").decode()


def unseal(secret: bytes, text: str, bound: str = "") -> Any:
    """Return what was sealed, or raise :class:`SealBrokenError`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise SealBrokenError from error
    tag, content = raw[:_TAG], raw[_TAG:]
    if not hmac.compare_digest(tag, _tag(secret, content, bound)):
        raise SealBrokenError
    return json.loads(content)


def _tag(secret: bytes, content: bytes, bound: str) -> bytes:
    return hmac.digest(secret, bound.encode() + b"\n" + content, hashlib.sha256)[:_TAG]
