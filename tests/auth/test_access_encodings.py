"""Access tokens with odd times and odd spellings: each is a 401, never a 500."""

import json
import string
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmanager.auth.access_tokens import LEEWAY_SECONDS, MAX_LENGTH, AccessTokens, TokenRefusedError
from tests.auth.tokens import Forger, auth_of, me, refuses, signed
from tests.factories import Api

ODD_TIMES: tuple[Any, ...] = (
    "1", "9999999999", "now", 1.5, 1e10, 1e308, -1, -(2**63), 2**41, 2**63, 2**64, 10**400, True, False, [1], [], {},
)  # fmt: skip


async def test_A4_odd_numeric_dates_are_refused(api: Api, forger: Forger) -> None:
    for name in ("exp", "iat", "nbf", "auth_time"):
        await refuses(api, *(forger.token(**{name: value}) for value in ODD_TIMES))
    for spelling in ("1e400", "NaN", "Infinity", "-Infinity", "0x7fffffff", "01893456000", "1893456000.0", "1_000"):
        payload = _json({**forger.claims, "exp": "@"}).replace('"@"', spelling)
        await refuses(api, signed(forger.header, payload, forger.secret))


async def test_A4_tokens_live_in_their_own_time_only(api: Api, forger: Forger) -> None:
    now = int(time.time())
    late = LEEWAY_SECONDS + 2
    await refuses(
        api,
        forger.token(exp=now - late),
        forger.token(exp=0),
        forger.token(nbf=now + late + 30),
        forger.token(iat=now + late + 30),
    )
    assert LEEWAY_SECONDS <= 30
    assert (await me(api.anonymous, forger.token(exp=now - 1))).status_code == 200


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _odd_encodings(forger: Forger) -> list[str]:
    token = forger.token()
    header, payload, signature = token.split(".")
    trailing = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    respelled = trailing[trailing.index(signature[-1]) ^ 1]  # the same 32 bytes in another spelling
    nested = "[" * 1000 + "]" * 1000

    def with_payload(text: str | bytes) -> str:
        return signed(forger.header, text, forger.secret)

    def with_header(text: str | bytes) -> str:
        return signed(text, forger.claims, forger.secret)

    claims, head = _json(forger.claims), _json(forger.header)
    return [
        f"{header}.{payload}.{signature[:-1]}{respelled}",
        f"{header}.{payload}.{signature}=",
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}==.{signature}",
        token.replace("-", "+").replace("_", "/") + "+",
        f"{header}.{payload}.{signature}\t",
        f"{header}. {payload}.{signature}",
        f"{header}\n.{payload}.{signature}".replace("\n", "%0a"),
        f"{token}.",
        f".{token}",
        f"{token}.{signature}",
        f"{header}..{signature}",
        f".{payload}.{signature}",
        f"{header}.{payload}.",
        "...",
        "..",
        ".",
        "a.b.c",
        "ä.ö.ü",
        "\ud800.a.b",
        f"{header}.{payload}.{signature}ä",
        token + "A" * (MAX_LENGTH - len(token) + 1),
        "A" * 16_000,
        with_payload(""),
        with_payload("{"),
        with_payload("null"),
        with_payload("[]"),
        with_payload('"text"'),
        with_payload(b"\xff\xfe"),
        with_payload(b"\xef\xbb\xbf" + claims.encode()),
        with_payload(claims.encode("utf-16")),
        with_payload(claims + " x"),
        with_payload(claims[:-1] + ',"exp":9999999999}'),
        with_payload(claims[:-1] + f',"x":{nested}}}'),
        with_payload(claims[:-1] + ',"x":{"a":1}}'),
        with_payload(claims[:-1] + ',"x":[[1]]}'),
        with_payload(nested),
        with_header(head[:-1] + ',"alg":"none"}'),
        with_header(head[:-1] + ',"typ":"at+jwt"}'),
        with_header("{}"),
        with_header("[]"),
        with_header(nested),
        with_header(b"\xff"),
        signed(forger.header, {**forger.claims, "pad": "x" * MAX_LENGTH}, forger.secret),
    ]


async def test_A5_non_canonical_encodings_are_refused(api: Api, forger: Forger) -> None:
    await refuses(api, *_odd_encodings(forger))


async def test_A5_a_mutated_token_is_refused_whatever_the_mutation(api: Api, forger: Forger) -> None:
    tokens: AccessTokens = auth_of(api).access
    good = forger.token()
    alphabet = st.characters(codec="utf-8") | st.sampled_from(string.ascii_letters + string.digits + "-_.=+/")

    @settings(max_examples=400, deadline=None, database=None)
    @given(st.integers(0, len(good)), st.integers(0, 40), st.text(alphabet, max_size=40))
    def mutate(start: int, cut: int, instead: str) -> None:
        token = good[:start] + instead + good[start + cut :]
        if token != good:
            with pytest.raises(TokenRefusedError):
                tokens.verify(token)

    @settings(max_examples=200, deadline=None, database=None)
    @given(st.binary(max_size=200), st.binary(max_size=200))
    def invent(header: bytes, payload: bytes) -> None:
        for token in (signed(header, payload, forger.secret), signed(forger.header, payload, forger.secret)):
            with pytest.raises(TokenRefusedError):
                tokens.verify(token)

    mutate()
    invent()
