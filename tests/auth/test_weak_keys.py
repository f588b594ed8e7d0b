"""Signing keys that must not be used are refused when they are loaded, in words that say what to do."""

import base64
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError
from sqlalchemy import update

from taskmanager.auth.keys import HMAC_BYTES, load, wrap
from taskmanager.auth.master import KeyProblem, load_master
from taskmanager.auth.models import SigningKey
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.rotations import process
from tests.auth.signatures import MASTER, pairs

NAMES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "koblitz": ec.SECP256K1()}
MAKERS: dict[str, Any] = {
    **{name: lambda curve=curve: ec.generate_private_key(curve) for name, curve in NAMES.items()},
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "RSA 3071": lambda: rsa.generate_private_key(65537, 3071),
    "RSA 3072, e = 3": lambda: rsa.generate_private_key(3, 3072),
    "RSA 3072": lambda: pairs()["PS256"][0].secret,
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
}
WRONG = {
    "ES256": ("P-384", "P-521", "koblitz", "RSA 3072", "Ed25519"),
    "ES384": ("P-256", "P-521", "koblitz", "RSA 3072", "Ed25519"),
    "EdDSA": ("Ed448", "P-256", "RSA 3072"),
    "PS256": ("RSA 2048", "RSA 3071", "RSA 3072, e = 3", "P-256", "Ed25519"),
    "RS256": ("RSA 2048", "RSA 3072, e = 3", "P-384"),
}
ADVICE = r"taskmanager keys rotate --emergency"


def row(algorithm: str, material: bytes, public: bytes | None = None) -> SigningKey:
    return SigningKey(kid="one", algorithm=algorithm, wrapped=wrap(MASTER, "one", algorithm, material), public=public)


def private(secret: Any) -> bytes:
    return bytes(secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def public(secret: Any) -> bytes:
    return bytes(secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(("algorithm", "kind"), [(one, kind) for one, kinds in WRONG.items() for kind in kinds])
def test_A10_keys_of_another_size_or_kind_are_refused(algorithm: str, kind: str) -> None:
    secret = MAKERS[kind]()
    with pytest.raises(KeyProblem, match=ADVICE):
        load(MASTER, row(algorithm, private(secret), public(secret)))


@pytest.mark.parametrize("algorithm", HMAC_BYTES)
def test_A10_short_and_guessable_secrets_are_refused(algorithm: str) -> None:
    size = HMAC_BYTES[algorithm]
    assert load(MASTER, row(algorithm, secrets.token_bytes(size))).algorithm == algorithm
    short = [secrets.token_bytes(length) for length in (0, 1, 16, size - 1)]
    guessable = [bytes(size), b"a" * size, bytes(range(size)), b"0123456789abcdef" * (size // 16)]
    for material in short + guessable:
        with pytest.raises(KeyProblem, match=ADVICE):
            load(MASTER, row(algorithm, material))
    private_key = private(MAKERS["P-256"]())
    with pytest.raises(KeyProblem, match="public part"):
        load(MASTER, row(algorithm, private_key, public(MAKERS["P-256"]())))


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "EdDSA", "PS256", "RS256"])
def test_A10_mixed_and_broken_keys_are_refused(algorithm: str) -> None:
    one, other = (private(key.secret) for key in pairs()[algorithm])
    shown, others = (public(key.secret) for key in pairs()[algorithm])
    assert load(MASTER, row(algorithm, one, shown)).algorithm == algorithm
    foreign = public(MAKERS["P-521"]())
    mixed = [(one, others), (other, shown), (one, None), (one, b""), (one, foreign), (shown, shown)]
    broken = [(b"", shown), (one[:-1], shown), (secrets.token_bytes(32), shown), (one[::-1], shown)]
    for material, published in mixed + broken:
        with pytest.raises(KeyProblem, match=ADVICE):
            load(MASTER, row(algorithm, material, published))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_A10_keys_of_the_standards_are_refused() -> None:
    numbers = {
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    }
    x, y, d = (int.from_bytes(_bytes(numbers[name])) for name in "xyd")
    elliptic = ec.EllipticCurvePrivateNumbers(d, ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1())).private_key()
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(_bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    shared = _bytes("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
    examples = [
        row("ES256", private(elliptic), public(elliptic)),
        row("EdDSA", private(edwards), public(edwards)),
        row("HS256", shared),
        row("HS512", shared),
        row("HS256", _bytes("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg")),
    ]
    for example in examples:
        with pytest.raises(KeyProblem, match="everyone can read"):
            load(MASTER, example)


def test_A10_algorithms_that_nobody_has_are_refused() -> None:
    for algorithm in ("none", "HS1", "ES256K", "RS512", "dir", ""):
        with pytest.raises(KeyProblem, match="does not know"):
            load(MASTER, row(algorithm, secrets.token_bytes(64)))


def test_A1_an_algorithm_must_be_one_of_ours_and_rs256_be_asked_for_twice() -> None:
    given: dict[str, Any]
    for algorithm in ("none", "hs256", "HS1", "ES512", "RS512", ""):
        given = {"jwt_algorithm": algorithm}
        with pytest.raises(ValidationError):
            Settings(**given)
    with pytest.raises(ValidationError, match="JWT_ALLOW_RS256=on"):
        Settings(jwt_algorithm="RS256")
    assert Settings(jwt_algorithm="RS256", jwt_allow_rs256=True).jwt_algorithm == "RS256"


async def test_A10_a_server_does_not_start_with_a_weak_key(settings: Settings) -> None:
    async with process(settings) as one:
        kid = await one.kid("active")
        weak = wrap(load_master(settings), kid, "HS256", b"secret")
        async with one.database.write() as session:
            await session.execute(update(SigningKey).where(SigningKey.kid == kid).values(wrapped=weak))
        app = create_app(settings)
        with pytest.raises(KeyProblem, match=f"{kid}.*6 bytes, and 32 are needed.*{ADVICE}"):
            async with app.router.lifespan_context(app):
                pass
        # As the words say.
        await one.rotate(emergency=True)
        async with app.router.lifespan_context(app):
            pass


async def test_A10_a_server_that_runs_never_takes_up_a_weak_key(settings: Settings) -> None:
    async with process(settings) as one:
        assert await one.rotate()
        active, coming = await one.kid("active"), await one.kid("next")
        weak = wrap(load_master(settings), coming, "HS256", bytes(32))
        async with one.database.write() as session:
            await session.execute(update(SigningKey).where(SigningKey.kid == coming).values(wrapped=weak))
        with pytest.raises(KeyProblem, match="guessable"):
            await one.follower.follow()
        assert one.active != active
        assert not one.knows(coming)
        # It says nothing of having it, so the key stays next.
        assert not await one.rotate()
