"""The public keys of access tokens, for other services that verify them (RFC 7517)."""

from typing import Any, Literal

from starlette.responses import JSONResponse, Response

from taskmanager.auth.deps import AuthDep
from taskmanager.kit.http.answers import refusals
from taskmanager.kit.http.route import router
from taskmanager.kit.limits import Output

published = router(tags=["operations"])

# A key is published long before it signs; only after an emergency may a copy lack the one that does.
CACHED_SECONDS = 300


class _Jwk(Output):
    kid: str
    use: Literal["sig"]
    alg: str


class EllipticJwk(_Jwk):
    kty: Literal["EC"]
    crv: Literal["P-256", "P-384"]
    x: str
    y: str


class EdwardsJwk(_Jwk):
    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str


class RsaJwk(_Jwk):
    kty: Literal["RSA"]
    n: str
    e: str


class JwkSet(Output):
    """The keys whose tokens are or soon will be valid; none where tokens are signed with a shared secret."""

    keys: list[EllipticJwk | EdwardsJwk | RsaJwk]


class JwkSetResponse(JSONResponse):
    media_type = "application/jwk-set+json"


@published.get("/.well-known/jwks.json", response_model=JwkSet, response_class=JwkSetResponse, responses=refusals(422))
async def read_jwks(auth: AuthDep, response: Response) -> Any:
    """Read the public keys that verify access tokens; look again when a token names another one."""
    response.headers["Cache-Control"] = f"public, max-age={CACHED_SECONDS}"
    return {"keys": auth.ring.published()}
