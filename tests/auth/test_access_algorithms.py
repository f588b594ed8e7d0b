"""Access tokens in every algorithm: one key, one algorithm, one form of a signature."""

import base64
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

from taskmanager.auth.access_tokens import AccessTokens, TokenRefusedError
from taskmanager.auth.keys import ALGORITHMS, CURVES, HMAC_BYTES, Key, load, wrap
from taskmanager.auth.models import SigningKey
from taskmanager.kit import clock
from taskmanager.kit.settings import Settings
from taskmanager.main import create_app
from tests.auth.signatures import (
    MASTER,
    ORDERS,
    claims,
    compact,
    elliptic,
    head,
    pairs,
    sign,
    spellings,
    tokens_of,
)
from tests.auth.test_access_tokens import ALGORITHMS as TRICKS
from tests.auth.tokens import code, encoded, me, refresh, start_session
from tests.factories import Api

PUBLIC = tuple(algorithm for algorithm in ALGORITHMS if algorithm not in HMAC_BYTES)
RSA = ("PS256", "RS256")


def refuses(tokens: AccessTokens, *texts: str) -> None:
    for text in texts:
        with pytest.raises(TokenRefusedError):
            tokens.verify(text)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_tokens_are_what_the_algorithm_says(algorithm: str) -> None:
    key, _ = pairs()[algorithm]
    tokens = tokens_of(key)
    by_hand = claims()
    assert tokens.verify(compact(head(key), by_hand, algorithm, key.secret)).session_id == by_hand["sid"]
    for _ in range(8):  # some signatures of ECDSA come out the other way round
        issued = tokens.issue(user_id=by_hand["sub"], session_id=by_hand["sid"], generation=1, signed_in_at=clock.now())
        assert tokens.verify(issued).user_id == by_hand["sub"]
        assert jwt.get_unverified_header(issued) == head(key)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_A1_no_other_algorithm_is_taken_under_a_key(algorithm: str) -> None:
    key, _ = pairs()[algorithm]
    tokens, payload = tokens_of(key), claims()
    content, _, signature = compact(head(key), payload, algorithm, key.secret).rpartition(".")
    for trick in (*TRICKS, *ALGORITHMS, "HS1", "RS1", "PS384", "PS512", "ES512", "ES256K", "ESP256", "Ed448"):
        if trick == algorithm:
            continue
        header = head(key, alg=trick) if trick is not ... else {"typ": "at+jwt", "kid": key.kid}
        unsigned = f"{encoded(header)}.{encoded(payload)}"
        refuses(tokens, compact(header, payload, algorithm, key.secret), unsigned, f"{unsigned}.", f"{unsigned}.AA")
        refuses(tokens, f"{unsigned}.{signature}", f"{content.partition('.')[0]}.{unsigned.partition('.')[2]}.")
    # What the same key could sign in another way, named as it is and named as it should be.
    for other in {"HS": tuple(HMAC_BYTES), "RS": RSA, "PS": RSA}.get(algorithm[:2], ()):
        if other != algorithm:
            refuses(tokens, compact(head(key, alg=other), payload, other, key.secret))
            refuses(tokens, compact(head(key), payload, other, key.secret))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_A2_the_kid_fixes_the_key_and_its_algorithm(algorithm: str) -> None:
    everyone = [key for pair in pairs().values() for key in pair]
    key, sibling = pairs()[algorithm]
    tokens, payload = tokens_of(*everyone), claims()
    assert tokens.verify(compact(head(key), payload, algorithm, key.secret))
    assert tokens.verify(compact(head(sibling), payload, algorithm, sibling.secret))
    for other in everyone:
        if other is not key:
            refuses(tokens, compact(head(key), payload, other.algorithm, other.secret))
            refuses(tokens, compact(head(key, alg=other.algorithm), payload, other.algorithm, other.secret))
            refuses(tokens, compact(head(other), payload, algorithm, key.secret))
            if other.algorithm != algorithm:
                refuses(tokens, compact(head(other, alg=algorithm), payload, algorithm, key.secret))
    refuses(tokens_of(sibling), compact(head(key), payload, algorithm, key.secret))


@pytest.mark.parametrize("algorithm", PUBLIC)
def test_A2_a_public_key_is_no_shared_secret(algorithm: str) -> None:
    key, _ = pairs()[algorithm]
    tokens, payload = tokens_of(key), claims()
    for secret in spellings(key):
        for named in HMAC_BYTES:
            refuses(tokens, compact(head(key, alg=named), payload, named, secret))
            refuses(tokens, compact(head(key), payload, named, secret))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_A1_a_signature_has_its_length(algorithm: str) -> None:
    key, _ = pairs()[algorithm]
    content = f"{encoded(head(key))}.{encoded(claims())}"
    good = sign(algorithm, key.secret, content.encode())
    half = len(good) // 2
    wrong = [
        *(good[:length] for length in (0, 1, 2, half - 1, half, half + 1, len(good) - 1)),
        *(good + more for more in (b"\0", b"\1", b"\0" * half, good)),
        *(more + good for more in (b"\0", b"\0\0", b"\0" * half)),
        b"\0" + good[:half] + b"\0" + good[half:],
        good[1:half] + good[half + 1 :],
        good[half:] + good[:half],
        good[::-1],
        bytes(len(good)),
        b"\xff" * len(good),
        good.hex().encode(),
        *(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :] for place in (0, half - 1, half, len(good) - 1)),
    ]
    refuses(tokens_of(key), *(f"{content}.{encoded(signature)}" for signature in wrong))


@pytest.mark.parametrize("algorithm", CURVES)
def test_A1_ecdsa_has_one_signature_and_none_out_of_nothing(algorithm: str) -> None:
    key, _ = pairs()[algorithm]
    order, size = ORDERS[algorithm], int(algorithm[2:]) // 8
    most = 2 ** (8 * size) - 1
    content = f"{encoded(head(key))}.{encoded(claims())}"
    r, s = elliptic(key.secret, content.encode(), order)
    tokens = tokens_of(key)

    def token(*parts: int) -> str:
        return f"{content}.{encoded(b''.join(part.to_bytes(size) for part in parts))}"

    assert tokens.verify(token(r, s))
    # (r, n - s) is as good a signature to the mathematics, and the first one to be made by somebody else.
    assert _is_valid(key, content, (r, order - s))
    edges = (0, 1, 2, order - 1, order, order // 2, order // 2 + 1, most)
    refuses(tokens, token(r, order - s), *(token(one, other) for one in edges for other in edges))
    refuses(tokens, *(token(one, s) for one in edges), *(token(r, one) for one in edges))
    refuses(tokens, *(token(one + order, s) for one in (r,) if one + order <= most), token(s, r), token(order - r, s))
    for pair in ((r, s), (0, 0), (r, order - s)):
        refuses(tokens, f"{content}.{encoded(encode_dss_signature(*pair))}")


def _is_valid(key: Key, content: str, pair: tuple[int, int]) -> bool:
    used = SHA384() if key.algorithm == "ES384" else SHA256()
    key.verifier.verify(encode_dss_signature(*pair), content.encode(), ECDSA(used))
    return True


def test_A1_eddsa_has_one_signature_and_none_out_of_nothing() -> None:
    key, _ = pairs()["EdDSA"]
    content = f"{encoded(head(key))}.{encoded(claims())}"
    good = sign("EdDSA", key.secret, content.encode())
    r, s = good[:32], int.from_bytes(good[32:], "little")
    tokens, order = tokens_of(key), ORDERS["EdDSA"]
    assert tokens.verify(f"{content}.{encoded(good)}")
    neutral, small = (1).to_bytes(32, "little"), bytes(32)
    others = [s + times * order for times in range(1, 15)] + [0, 1, order, order - s, 2**255 - 1]
    scalars = [other.to_bytes(32, "little") for other in others]
    refuses(tokens, *(f"{content}.{encoded(r + scalar)}" for scalar in scalars))
    refuses(tokens, *(f"{content}.{encoded(point + scalar)}" for point in (neutral, small) for scalar in scalars))
    refuses(tokens, f"{content}.{encoded(bytes([*r[:31], r[31] ^ 0x80]) + good[32:])}")


@pytest.mark.parametrize("algorithm", RSA)
def test_A1_rsa_has_its_padding_salt_and_hash(algorithm: str) -> None:
    key, _ = pairs()[algorithm]
    content = f"{encoded(head(key))}.{encoded(claims())}"
    modulus = key.verifier.public_numbers().n
    good = sign(algorithm, key.secret, content.encode())
    tokens, size = tokens_of(key), len(good)
    assert tokens.verify(f"{content}.{encoded(good)}")
    others = ((SHA256, SHA256, 0), (SHA256, SHA256, 20), (SHA384, SHA256, 32), (SHA384, SHA384, 48))
    salted = [key.secret.sign(content.encode(), PSS(MGF1(mask()), salt), used()) for mask, used, salt in others]
    numbers = [0, 1, modulus - 1, modulus, modulus - int.from_bytes(good)]
    raw = [number.to_bytes(size) for number in numbers] + [(int.from_bytes(good) + modulus).to_bytes(size + 1)]
    refuses(tokens, *(f"{content}.{encoded(signature)}" for signature in (*salted, *raw)))


VECTORS: list[dict[str, str]] = json.loads(Path(__file__).with_name("vectors.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["algorithm"])
def test_A1_tokens_of_another_implementation_are_read_alike(vector: dict[str, str]) -> None:
    algorithm, token = vector["algorithm"], vector["token"]
    key = _given(vector)
    tokens = tokens_of(key)
    assert tokens.verify(token).session_id == "0190a1d0-0000-7000-8000-000000000003"
    content, _, signature = token.rpartition(".")
    if algorithm in HMAC_BYTES or algorithm in {"EdDSA", "RS256"}:
        assert encoded(sign(algorithm, key.secret, content.encode())) == signature
    header, payload = content.split(".")
    changed = payload.replace("Z2VuIjo3", "Z2VuIjo4")
    refuses(tokens, f"{header}.{changed}.{signature}", f"{content}.{signature[:-2]}AA")
    for other in VECTORS:
        if other is not vector:
            refuses(tokens, f"{content}.{other['token'].rpartition('.')[2]}", other["token"])


def _given(vector: dict[str, str]) -> Key:
    algorithm, kid = vector["algorithm"], f"vector-{vector['algorithm'].lower()}"
    material = base64.urlsafe_b64decode(vector["key"] + "==")
    row = SigningKey(kid=kid, algorithm=algorithm, wrapped=wrap(MASTER, kid, algorithm, material), public=None)
    if algorithm not in HMAC_BYTES:
        public: Any = load_der_private_key(material, None).public_key()
        row.public = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return load(MASTER, row)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_A10_others_verify_with_the_published_keys_only(settings: Settings, algorithm: str) -> None:
    chosen = {"jwt_algorithm": algorithm, "jwt_allow_rs256": algorithm == "RS256"}
    app = create_app(settings.model_copy(update=chosen))
    async with app.router.lifespan_context(app), Api(app) as api:
        grant = await start_session(api)
        assert (await me(api.anonymous, grant.access_token)).status_code == 200
        refreshed = await refresh(api.anonymous, grant.refresh_token)
        assert refreshed.status_code == 200
        assert code(await me(api.anonymous, refreshed.json()["access_token"] + "AA")) == (401, "invalid_token")
        answer = await api.anonymous.get("/.well-known/jwks.json")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    if algorithm in HMAC_BYTES:
        assert keys == []
        return
    # The next one is there as well, before it signs.
    assert len(keys) == 2
    assert all(set(key) <= {"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"} for key in keys)
    assert {(key["use"], key["alg"]) for key in keys} == {("sig", algorithm)}
    named = {key.key_id: key for key in jwt.PyJWKSet.from_dict({"keys": keys}).keys}
    token = refreshed.json()["access_token"]
    signer = named[jwt.get_unverified_header(token)["kid"]]
    read = jwt.decode(token, signer, algorithms=[algorithm], audience="taskmanager", issuer="taskmanager")
    assert read["sid"] == grant.session_id
