"""Tokens by hand: forged access tokens, sessions without the cost of a sign-in, refreshes."""

import base64
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select

from taskmanager.auth.deps import Auth
from taskmanager.auth.models import Session, User
from taskmanager.auth.sign_in import Grant, Sessions, SignIn
from taskmanager.kit.ids import new_id
from tests.factories import Api, Client

LIFE = timedelta(minutes=10)
"""Of an access token, by default."""
WEB = {"X-TM-Client": "web", "Sec-Fetch-Site": "same-origin"}
"""What our own pages send along with cookies."""


def auth_of(api: Api) -> Auth:
    auth: Auth = api.app.state.auth
    return auth


def encoded(value: object) -> str:
    """Return a segment of a compact token: base64url of bytes, of text, or of JSON."""
    if isinstance(value, str):
        value = value.encode()
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: object, payload: object, secret: bytes, algorithm: str = "sha256") -> str:
    """Return a compact token with a right HMAC over whatever header and payload it is given."""
    content = f"{encoded(header)}.{encoded(payload)}"
    return f"{content}.{encoded(hmac.digest(secret, content.encode(), algorithm))}"


class Forger:
    """Someone who can sign with the server's own key: what is refused then is refused for its content alone."""

    def __init__(self, api: Api, user_id: str, session_id: str) -> None:
        key = auth_of(api).ring.active
        self.secret = key.secret
        self.header: dict[str, Any] = {"alg": key.algorithm, "typ": "at+jwt", "kid": key.kid}
        now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": "taskmanager",
            "aud": "taskmanager",
            "sub": user_id,
            "exp": now + 600,
            "iat": now,
            "nbf": now,
            "jti": new_id(),
            "sid": session_id,
            "gen": 1,
            "auth_time": now,
            "amr": ["pwd"],
        }

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a signed token with some header members and claims replaced; ``...`` leaves one out."""
        return signed(_with(self.header, header or {}), _with(self.claims, claims), self.secret)


def _with(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changes}.items() if value is not ...}


async def start_sessions(api: Api, user_id: str, count: int = 1, *, remember: bool = True) -> list[Grant]:
    """Start sessions of an account through the service, without hashing a password each time."""
    auth = auth_of(api)
    async with api.database.write() as session:
        password_hash = await session.scalar(select(User.password_hash).where(User.id == user_id))
        assert password_hash is not None
        sessions = Sessions(session, auth.access, auth.refresh)
        how = SignIn(remember=remember, label="", ip="127.0.0.1", user_agent="")
        return [await sessions.begin(user_id, password_hash, how) for _ in range(count)]


async def start_session(api: Api, username: str = "anna", *, remember: bool = True) -> Grant:
    """Make an account and start its one session."""
    return (await start_sessions(api, await api.account(username), remember=remember))[0]


async def row_of(api: Api, session_id: str) -> Session:
    """Return the session's row as it is now."""
    async with api.database.read() as session:
        return (await session.execute(select(Session).where(Session.id == session_id))).scalar_one()


async def refresh(client: httpx.AsyncClient, token: str, key: str | None = None) -> httpx.Response:
    """Present a refresh token as API clients do."""
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/refresh", json={"refresh_token": token}, headers=headers)


async def me(client: httpx.AsyncClient, access_token: str) -> httpx.Response:
    """Ask for the account with an access token of the caller's choice."""
    return await client.get("/me", headers={"Authorization": f"Bearer {access_token}"})


async def browser(api: Api, username: str, password: str, **options: Any) -> Client:
    """Return a client that signed in with cookies and sends what our pages send."""
    client = await api.client(**WEB)
    client.base_url = httpx.URL("https://127.0.0.1:5000")  # Secure cookies go to https only
    body = {"username": username, "password": password, "cookie": True, **options}
    answer = await client.post("/login", json=body)
    assert answer.status_code == 200, answer.text
    return client


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def refuses(api: Api, *tokens: str) -> None:
    """Assert that each text is refused as an access token, with the challenge of RFC 6750."""
    for token in tokens:
        headers = [(b"Authorization", b"Bearer " + token.encode("utf-8", "surrogatepass"))]
        answer = await api.anonymous.get("/me", headers=headers)
        assert code(answer) == (401, "invalid_token"), token[:200]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="taskmanager", error="invalid_token"'
