"""Every kind of secret of the product, made and used rightly and wrongly. A new kind is one function at the end.

Each function gets a :class:`World` and returns the secrets that it made, as somebody who finds them could use them.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select

from taskmanager.auth.links import Links
from taskmanager.auth.master import Master, load_master
from taskmanager.auth.models import User
from tests.auth.tokens import WEB, auth_of, refresh
from tests.factories import Api, Client, add_api_token

CHIEF = "correct horse battery staple of the chief"


@dataclass(frozen=True)
class Secret:
    """``but`` names the places where it must be: a hash of a password is kept in the database."""

    kind: str
    value: bytes
    but: frozenset[str] = frozenset()

    @property
    def forms(self) -> list[bytes]:
        """Return the secret as it is, and as it would look encoded."""
        plain = base64.b64encode(self.value).rstrip(b"=")
        return [self.value, self.value.hex().encode(), plain, plain.translate(bytes.maketrans(b"+/", b"-_"))]


@dataclass
class World:
    """The installation; ``answers`` holds every answer that any client got."""

    api: Api
    answers: list[httpx.Response] = field(default_factory=list)
    chief: Client = field(init=False)

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        return await self.api.anonymous.post(path, json=body, headers=headers)

    async def login(self, username: str, password: str, **options: Any) -> httpx.Response:
        return await self.post("/login", {"username": username, "password": password, **options})


def token_of(url: str) -> str:
    return url.rpartition("=")[2]


async def set_up(world: World) -> list[str]:
    """Make the first administrator by its link, which has to come first."""
    async with world.api.database.write() as session:
        token = (await Links(session).replace_setup()).token
    body = {"setup_token": token, "username": "chief", "password": CHIEF}
    await world.post("/setup", {**body, "setup_token": token + "x"})
    await world.post("/setup", {**body, "password": "short"})
    assert (await world.post("/setup", body)).status_code == 201
    await world.post("/setup", body)
    world.chief = await world.api.sign_in("chief", CHIEF)
    return [token]


async def passwords(world: World) -> list[str]:
    first, second, wrong, typo = (f"the {word} password of anna" for word in ("first", "second", "wrong", "mistyped"))
    invited = (await world.chief.post("/admin/invitations", json={})).json()["url"]
    body = {"username": "anna", "password": first, "invitation": token_of(invited)}
    await world.post("/register", {**body, "username": "chief"})
    await world.post("/register", {**body, "username": "Not A Name"})
    assert (await world.post("/register", body)).status_code == 201
    for name, password in (("anna", wrong), (typo, wrong), ("nobody", first), ("chief", first)):
        await world.login(name, password)
    await world.login("anna", first, surprise=True)
    await world.post("/login", {"username": "anna", "password": [first]})
    await world.post("/login", {"username": "anna", "password": first * 60})
    anna = await world.api.sign_in("anna", first)
    for change in ((wrong, second), (first, first), (first, second[:6]), (first, second)):
        await anna.post("/me/password", json={"current_password": change[0], "new_password": change[1]})
    assert (await world.login("anna", second)).status_code == 200
    return [CHIEF, first, second, wrong, typo]


async def password_hashes(world: World) -> list[Secret]:
    async with world.api.database.read() as session:
        found = (await session.execute(select(User.password_hash))).scalars().all()
    return [Secret("", text.encode(), frozenset({"database"})) for text in found if text]


async def invitations(world: World) -> list[str]:
    tokens = [token_of((await world.chief.post("/admin/invitations", json={})).json()["url"]) for _ in range(3)]
    for number, token in enumerate([*tokens[:2], tokens[0], tokens[0] + "x"]):
        body = {"username": f"invited{number}", "password": CHIEF, "invitation": token}
        await world.post("/register", body)
    await world.api.anonymous.get("/register", params={"invitation": tokens[2]})
    return tokens


async def reset_links(world: World) -> list[str]:
    made = (await world.chief.post("/admin/users", json={"username": "reset"})).json()
    again = (await world.chief.post(f"/admin/users/{made['user']['id']}/reset")).json()
    tokens = [token_of(made["link"]["url"]), token_of(again["url"])]
    for token in (*tokens, *tokens):
        await world.post("/reset", {"reset_token": token, "password": CHIEF})
        await world.post("/reset", {"reset_token": token, "password": "short"})
    return tokens


async def access_tokens(world: World) -> list[str]:
    api = world.api
    chief = await api.sign_in("chief", CHIEF)
    token = chief.access_token
    browser = await api.client(**WEB)
    browser.base_url = httpx.URL("https://127.0.0.1:5000")
    await browser.post("/login", json={"username": "chief", "password": CHIEF, "cookie": True})
    kept = [value for name, value in browser.cookies.items() if name.endswith("access")]
    for client in (chief, browser):
        await client.get("/me")
        await client.get("/tasks", params={"access_token": token})
        await client.get("/tasks", params={"cursor": token})
        await client.post("/tasks", json={"title": "x", "project_id": token})
    await chief.get("/me", headers={"Authorization": f"Bearer {token[:-4]}AAAA"})
    await chief.get("/me", headers=[("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")])
    await world.post("/refresh", {"refresh_token": token})
    await chief.post("/logout", json={})
    await chief.get("/me")
    # The signature alone is what cannot be made again.
    return [part for one in (token, *kept) for part in (one, one.rpartition(".")[2])]


async def refresh_tokens(world: World) -> list[str]:
    chief = await world.api.sign_in("chief", CHIEF)
    tokens, key = [chief.refresh_token], "a-rotation-key-of-a-client"
    for _ in range(3):
        tokens.append((await refresh(world.api.anonymous, tokens[-1], key)).json()["refresh_token"])
    await refresh(world.api.anonymous, tokens[2], key)
    await refresh(world.api.anonymous, tokens[2], "another")
    await refresh(world.api.anonymous, tokens[3][:-1])
    await refresh(world.api.anonymous, tokens[0])
    await refresh(world.api.anonymous, tokens[3])
    await world.api.anonymous.get("/me", headers={"Authorization": f"Bearer {tokens[3]}"})
    await world.api.anonymous.get("/tasks", params={"refresh_token": tokens[3]})
    return [key, *tokens, *(token.split("_", 1)[1].rpartition("_")[0] for token in tokens)]


async def api_tokens(world: World) -> list[str]:
    chief = await world.api.sign_in("chief", CHIEF)
    tokens = [(await add_api_token(chief)) for _ in range(2)]
    for made in tokens:
        program = await world.api.client(Authorization=f"Bearer {made['token']}")
        await program.get("/tasks")
        await program.post("/tasks", json={"title": "beyond its scope"})
        await program.post("/api-tokens", json={"name": made["token"], "scopes": ["tasks:read"]})
        await program.get("/tasks", params={"token": made["token"]})
    await world.post("/refresh", {"refresh_token": tokens[0]["token"]})
    await chief.delete(f"/api-tokens/{tokens[0]['id']}")
    late = await world.api.client(Authorization=f"Bearer {tokens[0]['token']}")
    await late.get("/tasks")
    return [part for made in tokens for part in (made["token"], made["token"].split("_")[1])]


async def server_keys(world: World) -> list[Secret]:
    settings = world.api.app.state.settings
    master: Master = load_master(settings)
    labels: tuple[str, ...] = (
        "refresh-tokens",
        "jwt-key-wrapping",
        "cache-seals",
        "audit-chain",
        "audit-marks",
        "audit-names",
    )
    labels += ("api-tokens", "mailed-links", "throttle-buckets", "sequences", "cursors", "idempotency")
    keys = [master._secret, auth_of(world.api).ring.active.secret, *(master.derive(label) for label in labels)]
    return [Secret("", key) for key in (*keys, (settings.data_dir / "master.key").read_bytes().strip())]


Maker = Callable[[World], Awaitable[list[str] | list[Secret]]]
KINDS: tuple[Maker, ...] = (
    set_up,
    passwords,
    password_hashes,
    invitations,
    reset_links,
    access_tokens,
    refresh_tokens,
    api_tokens,
    server_keys,
)
