"""Access tokens: what is refused, where they are taken from, and what a refusal says."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from taskmanager.kit.ids import new_id
from tests.auth.tokens import Forger, code, encoded, me, refuses, signed
from tests.factories import Api

ALGORITHMS = (
    "none", "None", "NONE", "nOnE", "", " ", "HS256 ", "hs256", "Hs256", "HS384", "HS512", "RS256", "RS512", "PS256",
    "ES256", "ES384", "EdDSA", "Ed25519", "A256KW", "dir", "HS256,none", None, 256, True, ["HS256"], {"a": "HS256"},
    ...,
)  # fmt: skip


async def test_A1_every_trick_with_the_algorithm_is_refused(api: Api, forger: Forger) -> None:
    tokens = [forger.token({"alg": algorithm}) for algorithm in ALGORITHMS]
    content, _, signature = forger.token().rpartition(".")
    for algorithm in ALGORITHMS[:6]:
        unsigned = forger.token({"alg": algorithm}).rpartition(".")[0]
        tokens += [f"{unsigned}.", unsigned, f"{unsigned}.{signature}"]
    tokens += [
        f"{content}.",
        content,
        f"{content}.{encoded(bytes(32))}",
        # The signature of nothing, which careless ECDSA code takes for valid.
        f"{forger.token({'alg': 'ES256'}).rpartition('.')[0]}.{encoded(bytes(64))}",
        f"{content}.{signature[:-4]}",
        f"{content}.{signature}{signature}",
        # Signed with other secrets: none, the public key id, another hash.
        signed(forger.header, forger.claims, b""),
        signed(forger.header, forger.claims, forger.header["kid"].encode()),
        signed(forger.header, forger.claims, b"secret"),
        signed({**forger.header, "alg": "HS512"}, forger.claims, forger.secret, "sha512"),
        signed(forger.header, forger.claims, forger.secret, "sha384"),
    ]
    await refuses(api, *tokens)


@pytest.fixture
def key_server() -> Iterator[socket.socket]:
    """Yield a listener to whom a token may point for its key."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


async def test_A2_the_kid_fixes_the_key_and_no_header_brings_another(
    api: Api, forger: Forger, key_server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbound = _outbound_connections(monkeypatch)
    url = f"http://127.0.0.1:{key_server.getsockname()[1]}/keys"
    own = b"a key of the forger's own choice"
    jwk = {"kty": "oct", "k": encoded(own), "kid": forger.header["kid"], "alg": "HS256"}
    carried: dict[str, Any] = {
        "jwk": jwk, "jku": url, "x5u": url, "x5c": ["MIIB"], "x5t": "x", "x5t#S256": "x", "crit": ["exp"], "b64": False,
        "zip": "DEF", "cty": "JWT", "enc": "A256GCM", "p2c": 2**31, "url": "https://example.org/keys", "nonce": "1",
    }  # fmt: skip
    for name, value in carried.items():
        header = {**forger.header, name: value}
        await refuses(api, signed(header, forger.claims, own), forger.token({name: value}))
    kid = forger.header["kid"]
    kids: list[Any] = [..., None, "", "0", 1, [kid], f"{kid}x", f"{kid}\0", url, "/dev/null", "' OR 1=1 --", "x" * 500]
    await refuses(api, *(forger.token({"kid": other}) for other in kids))
    await refuses(api, *(signed({**forger.header, "kid": other}, forger.claims, b"") for other in kids[1:]))
    with pytest.raises(BlockingIOError):
        key_server.accept()
    assert outbound == []


def _outbound_connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that names every connection and look-up that leaves the machine from now on."""
    seen: list[Any] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def watched_connect(self: socket.socket, address: Any) -> None:
        if not str(address[0]).startswith("127."):
            seen.append(address)
        connect(self, address)

    def watched_resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in {"127.0.0.1", "localhost", None}:
            seen.append(host)
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", watched_connect)
    monkeypatch.setattr(socket, "getaddrinfo", watched_resolve)
    return seen


OTHER = "01890a5d-ac96-774b-bcce-b302099a8057"
WRONG_CLAIMS: dict[str, tuple[Any, ...]] = {
    "iss": (..., "", "TaskManager", "taskmanager/", ["taskmanager"], None, 1),
    "aud": (..., "", "other", ["taskmanager"], ["taskmanager", "other"], None, {"a": 1}),
    "sub": (..., "", "anna", None, 1, ["x"], OTHER.upper(), f"{OTHER} "),
    "exp": (..., None),
    "iat": (..., None),
    "nbf": (..., None),
    "auth_time": (..., None),
    "jti": (..., "", None, 7, "not-an-id"),
    "sid": (..., "", None, 7, "not-an-id", [OTHER]),
    "gen": (...,),
    "amr": (...,),
}


async def test_A3_a_wrong_or_missing_claim_is_refused(api: Api, forger: Forger) -> None:
    for name, values in WRONG_CLAIMS.items():
        await refuses(api, *(forger.token(**{name: value}) for value in values))
    types: tuple[Any, ...] = (
        ...,
        None,
        "",
        "JWT",
        "jwt",
        "at+JWT",
        "application/at+jwt",
        "rt+jwt",
        "id+jwt",
        ["at+jwt"],
    )
    await refuses(api, *(forger.token({"typ": kind}) for kind in types))
    # Well-formed names of somebody else, or of nobody, open nothing either.
    for stranger in (forger.token(sub=OTHER), forger.token(sid=OTHER)):
        assert code(await me(api.anonymous, stranger)) == (401, "session_ended")


async def test_A3_a_session_serves_its_own_account_only(api: Api, forger: Forger) -> None:
    ben = await api.user("ben")
    assert code(await me(api.anonymous, forger.token(sub=ben.user_id))) == (401, "session_ended")
    assert code(await me(api.anonymous, forger.token(sid=ben.session_id))) == (401, "session_ended")


async def test_A7_the_token_is_taken_from_the_header_only(api: Api, forger: Forger) -> None:
    token = forger.token()
    elsewhere: list[Callable[[], Any]] = [
        lambda: api.anonymous.get("/me", params={"access_token": token}),
        lambda: api.anonymous.get("/me", headers={"X-Access-Token": token}),
        lambda: api.anonymous.get("/me", headers={"Proxy-Authorization": f"Bearer {token}"}),
        lambda: api.anonymous.get("/me", headers={"Cookie": f"access_token={token}; tm_access={token}"}),
        lambda: api.anonymous.get("/me", headers={"Authorization": token}),
        lambda: api.anonymous.get("/me", headers={"Authorization": f"Token {token}"}),
        lambda: api.anonymous.get("/me", headers={"Authorization": f"Basic {token}"}),
        lambda: api.anonymous.patch("/me", json={"access_token": token}),
    ]
    for ask in elsewhere:
        answer = await ask()
        assert answer.status_code in {401, 422}, answer.text
    assert (await api.anonymous.get("/me", headers={"Authorization": f"bearer {token}"})).status_code == 200


async def test_A7_two_headers_are_refused(api: Api, forger: Forger) -> None:
    good, bad = ("Authorization", f"Bearer {forger.token()}"), ("Authorization", "Bearer x")
    for headers in ([good, bad], [bad, good], [good, good], [good, ("Authorization", "Basic eDp5")]):
        for path in ("/me", "/tasks"):
            answer = await api.anonymous.get(path, headers=headers)
            assert code(answer) == (400, "ambiguous_credentials")
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="taskmanager", error="invalid_request"'
    assert code(await api.anonymous.post("/logout", headers=[good, good])) == (400, "ambiguous_credentials")
    both = [good, ("Authorization", f"Bearer {new_id()}")]
    assert code(await api.anonymous.delete("/sessions", headers=both)) == (400, "ambiguous_credentials")


async def test_A8_the_challenge_says_what_rfc_6750_says(api: Api, forger: Forger) -> None:
    bare = 'Bearer realm="taskmanager"'
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Negotiate abc"}):
        answer = await api.anonymous.get("/me", headers=headers)
        assert code(answer) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == bare
    for token in ("", "x", forger.token(exp=1), forger.token(sid=OTHER)):
        answer = await api.anonymous.get("/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == f'{bare}, error="invalid_token"'
