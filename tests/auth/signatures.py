"""Keys and signatures by hand, past the library that the server uses; each a way to sign that a forger may try."""

import asyncio
import hmac
import json
import secrets
import time
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from taskmanager.auth.access_tokens import AccessTokens
from taskmanager.auth.keys import ALGORITHMS, Key, load, make
from taskmanager.auth.master import Master
from taskmanager.auth.ring import KeyRing
from taskmanager.kit.ids import new_id
from tests.auth.tokens import LIFE, encoded

# Orders of the groups: of P-256 and P-384 (FIPS 186-5), of edwards25519 (RFC 8032).
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "EdDSA": 2**252 + 27742317777372353535851937790883648493,
}
MASTER = Master(secrets.token_bytes(32))


def ready(algorithm: str) -> Key:
    """Return a new key as the server makes and loads it."""
    return load(MASTER, asyncio.run(make(MASTER, algorithm)))


@cache
def pairs() -> dict[str, tuple[Key, Key]]:
    """Return two keys of each algorithm."""
    return {algorithm: (ready(algorithm), ready(algorithm)) for algorithm in ALGORITHMS}


def tokens_of(*keys: Key) -> AccessTokens:
    """Return what issues and verifies with some keys, of which the first one signs."""
    ring = KeyRing()
    ring.replace(keys, keys[0])
    return AccessTokens(ring, "taskmanager", LIFE)


def elliptic(secret: Any, content: bytes, order: int) -> tuple[int, int]:
    """Return r and the lower s of an ECDSA signature."""
    used = SHA384() if secret.curve.name == "secp384r1" else SHA256()
    r, s = decode_dss_signature(secret.sign(content, ECDSA(used)))
    return r, min(s, order - s)


def sign(algorithm: str, secret: Any, content: bytes) -> bytes:
    """Return the signature that an algorithm asks for."""
    if algorithm in ORDERS and algorithm != "EdDSA":
        size = int(algorithm[2:]) // 8
        return b"".join(part.to_bytes(size) for part in elliptic(secret, content, ORDERS[algorithm]))
    if algorithm == "EdDSA":
        return bytes(secret.sign(content))
    if algorithm == "PS256":
        return bytes(secret.sign(content, PSS(MGF1(SHA256()), SHA256.digest_size), SHA256()))
    if algorithm == "RS256":
        return bytes(secret.sign(content, PKCS1v15(), SHA256()))
    return hmac.digest(secret, content, f"sha{algorithm[2:]}")


def compact(header: object, payload: object, algorithm: str, secret: Any) -> str:
    """Return a compact token, rightly signed whatever its header says."""
    content = f"{encoded(header)}.{encoded(payload)}"
    return f"{content}.{encoded(sign(algorithm, secret, content.encode()))}"


def head(key: Key, **changes: Any) -> dict[str, Any]:
    return {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid, **changes}


def claims() -> dict[str, Any]:
    """Return the claims of a token that is valid now."""
    now = int(time.time())
    ids = {name: new_id() for name in ("sub", "jti", "sid")}
    times = {"exp": now + 600, "iat": now, "nbf": now, "auth_time": now}
    return {"iss": "taskmanager", "aud": "taskmanager", "gen": 1, "amr": ["pwd"], **ids, **times}


def spellings(key: Key) -> list[bytes]:
    """Return a public key in every form in which it could be taken for a shared secret."""
    assert key.jwk is not None
    forms = [
        key.verifier.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
        for encoding in (Encoding.PEM, Encoding.DER)
    ]
    if key.algorithm != "EdDSA":
        forms.append(key.verifier.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    if key.algorithm in {"PS256", "RS256"}:
        forms += [key.verifier.public_bytes(encoding, PublicFormat.PKCS1) for encoding in (Encoding.PEM, Encoding.DER)]
    elif key.algorithm == "EdDSA":
        forms.append(key.verifier.public_bytes(Encoding.Raw, PublicFormat.Raw))
    else:
        points = (PublicFormat.UncompressedPoint, PublicFormat.CompressedPoint)
        forms += [key.verifier.public_bytes(Encoding.X962, point) for point in points]
    texts = [json.dumps(key.jwk), json.dumps({"keys": [key.jwk]}), *(key.jwk.get(name, "") for name in "xyn")]
    forms += [form.rstrip(b"\n") for form in forms]
    return [*forms, *(text.encode() for text in (*texts, key.kid) if text)]
