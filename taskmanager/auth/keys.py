"""Keys of access tokens: made, wrapped under the master secret, and checked whenever they are loaded.

A key has one algorithm for its whole life. What a key must not be, whoever made it, is refused here (RFC 8725).
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, get_args

from anyio import to_thread
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurve, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_elliptic
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from jwt.algorithms import get_default_algorithms

from taskmanager.auth.master import KeyProblem, Master, is_regular
from taskmanager.auth.models import SigningKey
from taskmanager.kit import clock
from taskmanager.kit.settings import JwtAlgorithm

ALGORITHMS: tuple[str, ...] = get_args(JwtAlgorithm)
# As long as the hash: shorter ones are weak, longer ones gain nothing (RFC 7518, 3.2).
HMAC_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
CURVES: dict[str, EllipticCurve] = {"ES256": SECP256R1(), "ES384": SECP384R1()}
RSA_BITS = 3072
_EXPONENT = 65537
_NONCE_BYTES = 12
# Keys that anyone can read in RFC 7515 (A.1, A.3), 7517 (A.1), 7520 (3.5) and 8037 (A.1): `k` or `x` as written there.
_PUBLISHED = {
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key that is ready for use: ``secret`` signs, ``verifier`` verifies, and ``jwk``, if any, may be published."""

    kid: str
    algorithm: str
    secret: Any
    verifier: Any
    jwk: dict[str, str] | None


async def make(master: Master, algorithm: str) -> SigningKey:
    """Return a new key as its row; what it is for is up to the caller."""
    # Primes are searched for in a thread, for as long as a tenth of a second or more.
    secret = await to_thread.run_sync(_generate, algorithm) if algorithm in {"PS256", "RS256"} else _generate(algorithm)
    kid = secrets.token_hex(8)
    material, public = (secret, None) if isinstance(secret, bytes) else (_private_bytes(secret), _public_bytes(secret))
    wrapped = wrap(master, kid, algorithm, material)
    return SigningKey(kid=kid, algorithm=algorithm, wrapped=wrapped, public=public, created_at=clock.now())


def _generate(algorithm: str) -> Any:
    if algorithm in HMAC_BYTES:
        return secrets.token_bytes(HMAC_BYTES[algorithm])
    if algorithm in CURVES:
        return generate_elliptic(CURVES[algorithm])
    return Ed25519PrivateKey.generate() if algorithm == "EdDSA" else generate_rsa(_EXPONENT, RSA_BITS)


def _private_bytes(secret: Any) -> bytes:
    return bytes(secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def _public_bytes(secret: Any) -> bytes:
    return bytes(secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def wrap(master: Master, kid: str, algorithm: str, material: bytes) -> bytes:
    """Return ``material`` sealed so that only this master opens it, and only under this name and algorithm."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(master.derive("jwt-key-wrapping")).encrypt(nonce, material, f"{kid}|{algorithm}".encode())


def unwrap(master: Master, row: SigningKey) -> bytes:
    """Return what :func:`wrap` sealed."""
    nonce, sealed = row.wrapped[:_NONCE_BYTES], row.wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(master.derive("jwt-key-wrapping")).decrypt(nonce, sealed, f"{row.kid}|{row.algorithm}".encode())
    except (InvalidTag, ValueError) as error:
        message = "the database was made with another master secret; put that file back in its place"
        raise KeyProblem(message) from error


def load(master: Master, row: SigningKey) -> Key:
    """Return the key of a row; raises :class:`KeyProblem` for one that must not be used."""
    material = unwrap(master, row)
    if row.algorithm not in ALGORITHMS:
        raise _problem(row, "is of an algorithm that this version does not know")
    if row.algorithm in HMAC_BYTES:
        _check_bytes(row, material)
        return Key(row.kid, row.algorithm, material, material, None)
    try:
        private = load_der_private_key(material, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _problem(row, "cannot be read") from error
    _check_private(row, private)
    if row.public is None or not hmac.compare_digest(_public_bytes(private), row.public):
        raise _problem(row, "does not match its public part")
    public: Any = private.public_key()
    numbers = get_default_algorithms()[row.algorithm].to_jwk(public, as_dict=True)
    numbers.pop("key_ops", None)  # says the same as `use`; RFC 7517, 4.3 wants one of them
    if numbers.get("x") in _PUBLISHED:
        raise _problem(row, "is an example that everyone can read")
    jwk = {**numbers, "kid": row.kid, "use": "sig", "alg": row.algorithm}
    return Key(row.kid, row.algorithm, private, public, jwk)


def _check_bytes(row: SigningKey, material: bytes) -> None:
    if row.public is not None:
        raise _problem(row, "has a public part, which a shared secret cannot have")
    needed = HMAC_BYTES[row.algorithm]
    if len(material) < needed:
        raise _problem(row, f"has {len(material)} bytes, and {needed} are needed")
    if base64.urlsafe_b64encode(material).rstrip(b"=").decode() in _PUBLISHED:
        raise _problem(row, "is an example that everyone can read")
    if is_regular(material):
        raise _problem(row, "is guessable")


def _check_private(row: SigningKey, private: Any) -> None:
    kind = (
        EllipticCurvePrivateKey
        if row.algorithm in CURVES
        else Ed25519PrivateKey
        if row.algorithm == "EdDSA"
        else RSAPrivateKey
    )
    if not isinstance(private, kind):
        raise _problem(row, "is of another kind than its algorithm")
    if isinstance(private, EllipticCurvePrivateKey) and private.curve.name != CURVES[row.algorithm].name:
        raise _problem(row, f"is on the curve {private.curve.name}, and {CURVES[row.algorithm].name} is needed")
    if isinstance(private, RSAPrivateKey):
        if private.key_size < RSA_BITS:
            raise _problem(row, f"has {private.key_size} bits, and {RSA_BITS} are needed")
        if private.public_key().public_numbers().e < _EXPONENT:
            raise _problem(row, f"has a public exponent below {_EXPONENT}")


def _problem(row: SigningKey, why: str) -> KeyProblem:
    advice = "replace all signing keys with: taskmanager keys rotate --emergency (nobody is signed out)"
    return KeyProblem(f"the signing key {row.kid} ({row.algorithm}) {why}; {advice}")
