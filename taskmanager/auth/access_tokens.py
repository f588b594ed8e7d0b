"""Access tokens: JWTs by RFC 9068, signed and verified by PyJWT behind a strict pre-filter (RFC 8725)."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from taskmanager.auth.keys import Key
from taskmanager.auth.ring import KeyRing
from taskmanager.kit import clock, ids

# RFC 6750, section 3: at least one parameter follows the scheme.
CHALLENGE = 'Bearer realm="taskmanager"'
LEEWAY_SECONDS = 10
MAX_LENGTH = 4096
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_HEADER_KEYS = frozenset({"alg", "typ", "kid"})
_CLAIMS = ("iss", "aud", "sub", "exp", "iat", "nbf", "jti", "sid", "gen", "auth_time", "amr")
_TIMES = ("exp", "iat", "nbf", "auth_time")
_LATEST = 2**40
# Orders of the groups of P-256 and P-384 (FIPS 186-5).
_ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}


class TokenRefusedError(Exception):
    """Not a valid access token of ours; why is nobody's business but the log's."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says, and the key that vouches for it. Times are seconds since 1970."""

    user_id: str
    session_id: str
    auth_time: int
    issuer: str
    kid: str
    not_before: int
    expires: int

    @property
    def signed_in_at(self) -> datetime:
        return datetime.fromtimestamp(self.auth_time, UTC)


class AccessTokens:
    """Issues and verifies."""

    def __init__(self, ring: KeyRing, issuer: str, life: timedelta) -> None:
        self._ring = ring
        self._issuer = issuer
        self.life = life

    def issue(self, *, user_id: str, session_id: str, generation: int, signed_in_at: datetime) -> str:
        """Return a signed token for one session."""
        key = self._ring.active
        now = int(clock.now().timestamp())
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": user_id,
            "exp": now + int(self.life.total_seconds()),
            "iat": now,
            "nbf": now,
            "jti": ids.new_id(),
            "sid": session_id,
            "gen": generation,
            "auth_time": int(signed_in_at.timestamp()),
            "amr": ["pwd"],
        }
        token = jwt.encode(claims, key.secret, key.algorithm, headers={"typ": "at+jwt", "kid": key.kid})
        content, _, signature = token.rpartition(".")
        return f"{content}.{_encode(_lower(key, _decode(signature)))}"

    def verify(self, token: str) -> Claims:
        """Return the claims of a valid token; anything else, whatever it is, is :class:`TokenRefusedError`."""
        try:
            return self._verify(token)
        except TokenRefusedError:
            raise
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise TokenRefusedError from error

    def still_good(self, claims: Claims) -> bool:
        """Tell whether a token that was verified before would be so again; only its signature is not asked for."""
        now = clock.timestamp()
        in_time = claims.not_before - LEEWAY_SECONDS <= now < claims.expires + LEEWAY_SECONDS
        return in_time and claims.issuer == self._issuer and self._ring.find(claims.kid) is not None

    def _verify(self, token: str) -> Claims:
        header, payload, signature = _prefilter(token)
        key = self._ring.find(header["kid"])
        if key is None or header["alg"] != key.algorithm or header["typ"] != "at+jwt":
            raise TokenRefusedError
        if signature != _lower(key, signature):
            raise TokenRefusedError
        for name in _TIMES:
            if type(payload.get(name)) is not int or not 0 <= payload[name] <= _LATEST:
                raise TokenRefusedError
        claims = jwt.decode(
            token,
            key.verifier,
            algorithms=[key.algorithm],
            audience=self._issuer,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(_CLAIMS), "strict_aud": True},
        )
        if not all(isinstance(claims[name], str) and ids.is_id(claims[name]) for name in ("sub", "sid", "jti")):
            raise TokenRefusedError
        return Claims(
            user_id=claims["sub"],
            session_id=claims["sid"],
            auth_time=claims["auth_time"],
            issuer=claims["iss"],
            kid=key.kid,
            not_before=max(claims["nbf"], claims["iat"]),
            expires=claims["exp"],
        )


def session_of(token: str) -> str:
    """Return the session that a token names, true or not; TokenRefusedError if it names none."""
    if len(token) > MAX_LENGTH:
        raise TokenRefusedError
    try:
        _, payload, _ = token.split(".")
        session_id = json.loads(_decode(payload))["sid"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise TokenRefusedError from error
    if not isinstance(session_id, str) or not ids.is_id(session_id):
        raise TokenRefusedError
    return session_id


def _lower(key: Key, signature: bytes) -> bytes:
    """Return the one form of a signature that we issue and accept.

    With (r, s) an ECDSA signature is (r, n - s) one as well, and anyone can make it: the lower is ours.
    """
    if key.algorithm not in _ORDERS:
        return signature
    half = len(signature) // 2
    s = int.from_bytes(signature[half:])
    return signature[:half] + min(s, _ORDERS[key.algorithm] - s).to_bytes(half)


def _prefilter(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Return header, payload and signature of a well-formed compact token; the signature is not checked here."""
    if len(token) > MAX_LENGTH:
        raise TokenRefusedError
    segments = token.split(".")
    if len(segments) != 3:  # noqa: PLR2004 - compact serialisation, RFC 7515 section 7.1
        raise TokenRefusedError
    header, payload, signature = (_decode(segment) for segment in segments)
    names = _object(header)
    if set(names) != _HEADER_KEYS or not all(isinstance(value, str) for value in names.values()):
        raise TokenRefusedError
    return names, _object(payload), signature


def _decode(segment: str) -> bytes:
    if not _SEGMENT.fullmatch(segment):
        raise TokenRefusedError
    raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    # Only one spelling of the same bytes: trailing bits must be zero.
    if _encode(raw) != segment:
        raise TokenRefusedError
    return raw


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _object(raw: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise TokenRefusedError
        return result

    value = json.loads(raw.decode("utf-8"), object_pairs_hook=unique, parse_constant=_refuse)
    if not isinstance(value, dict) or not all(_is_flat(item) for item in value.values()):
        raise TokenRefusedError
    return value


def _is_flat(value: Any) -> bool:
    """Tell whether a claim is a plain value or a list of texts; ours are nothing else."""
    return all(isinstance(item, str) for item in value) if isinstance(value, list) else not isinstance(value, dict)


def _refuse(_: str) -> None:
    raise TokenRefusedError
