"""What is kept of sessions and tokens: one row a session, nothing usable, and gone by itself when it is over."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import func, select, update

from taskmanager import upkeep
from taskmanager.auth import repository
from taskmanager.auth.master import load_master
from taskmanager.auth.models import Link, Session
from taskmanager.auth.sign_in import Grant, Sessions
from taskmanager.kit import clock, migrate
from taskmanager.kit.ids import new_id
from taskmanager.kit.jobs import Jobs
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from taskmanager.tables import metadata
from tests.auth.dumps import redis_dump
from tests.auth.tokens import auth_of, code, refresh, start_session, start_sessions
from tests.factories import PASSWORD, Api
from tests.servers import ADMIN, AppServer, app_server

ROTATIONS = {"sqlite": 10_000, "postgresql": 2_000}


async def count(api: Api, model: Any = Session) -> int:
    async with api.database.read() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


async def rows(api: Api) -> dict[str, int]:
    async with api.database.read() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
            if table.name != "audit_marks"  # the one row of the sealer, which works beside this
        }


async def test_R8_ten_thousand_rotations_add_no_row(api: Api, backend: str) -> None:
    await api.app.state.jobs.stop()
    grant = await start_session(api)
    before = await rows(api)
    auth, token = auth_of(api), grant.refresh_token
    for _ in range(100):
        async with api.database.write() as session:
            sessions = Sessions(session, auth.access, auth.refresh)
            for number in range(ROTATIONS[backend] // 100):
                outcome = await sessions.rotate(token, f"key-{number}")
                assert isinstance(outcome, Grant)
                token = outcome.refresh_token
    assert await rows(api) == before
    assert (await refresh(api.anonymous, token)).status_code == 200
    # The first of them is still known for what it is.
    assert code(await refresh(api.anonymous, grant.refresh_token)) == (401, "refresh_token_reused")


async def test_R8_sessions_that_ended_are_removed_in_batches(api: Api) -> None:
    await api.app.state.jobs.stop()  # which would remove them beside this
    user_id = await api.account("anna")
    revoked, idle, over, live = [await start_sessions(api, user_id, 5) for _ in range(4)]
    past = clock.now() - upkeep.ENDED_SESSIONS_KEPT - timedelta(days=1)
    endings = (
        (revoked, {"revoked_at": past}),
        (idle, {"idle_expires_at": past}),
        (over, {"absolute_expires_at": past}),
    )
    async with api.database.write() as session:
        for grants, values in endings:
            ids = [grant.session_id for grant in grants]
            await session.execute(update(Session).where(Session.id.in_(ids)).values(values))
    before = clock.now() - upkeep.ENDED_SESSIONS_KEPT
    removed = []
    for _ in range(3):
        async with api.database.write() as session:
            removed.append(await repository.purge(session, before, limit=8))
    assert removed == [8, 7, 0]
    assert await count(api) == len(live)
    assert (await refresh(api.anonymous, live[0].refresh_token)).status_code == 200


async def run_upkeep(api: Api) -> None:
    """Let the server's own jobs do what is due."""
    jobs = Jobs(api.database)
    upkeep.schedule(jobs, api.app.state.seals, audit_days=365, analytics_days=365)
    while await jobs.run_due():
        pass


@pytest.mark.with_jobs
async def test_R8_nobody_has_to_ask_for_the_removal(api: Api) -> None:
    grant = await start_session(api)
    async with api.database.write() as session:
        session.add(Link(id=new_id(), kind="setup", digest=b"x", created_at=clock.now(), expires_at=clock.now()))
    await run_upkeep(api)
    assert (await count(api), await count(api, Link)) == (1, 1)
    await api.anonymous.post("/logout", json={"refresh_token": grant.refresh_token})
    with time_machine.travel(clock.now() + upkeep.ENDED_SESSIONS_KEPT + timedelta(hours=1), tick=True):
        await run_upkeep(api)
    assert (await count(api), await count(api, Link)) == (0, 0)
    assert code(await refresh(api.anonymous, grant.refresh_token)) == (401, "invalid_refresh_token")


async def test_R3_an_older_generation_is_known_after_restart_migration_and_purge(settings: Settings) -> None:
    first = create_app(settings)
    async with first.router.lifespan_context(first), Api(first) as api:
        grant = await start_session(api)
        successor = (await refresh(api.anonymous, grant.refresh_token)).json()["refresh_token"]
        newest = (await refresh(api.anonymous, successor)).json()["refresh_token"]
    await asyncio.to_thread(migrate.upgrade, settings)
    second = create_app(settings)
    with time_machine.travel(clock.now() + timedelta(days=3), tick=True):
        async with second.router.lifespan_context(second), Api(second) as api:
            await run_upkeep(api)
            newest = (await refresh(api.anonymous, newest)).json()["refresh_token"]
            assert code(await refresh(api.anonymous, grant.refresh_token)) == (401, "refresh_token_reused")
            assert code(await refresh(api.anonymous, newest)) == (401, "session_ended")


@pytest.fixture
def server(settings: Settings) -> Iterator[AppServer]:
    given: dict[str, Any] = {"database_url": settings.database_url, "redis_url": settings.redis_url}
    with app_server(settings.data_dir, log_level="debug", **given) as server:
        yield server


async def test_R9_no_usable_token_or_secret_is_kept_or_logged(settings: Settings, server: AppServer) -> None:
    secrets = await _work(server.url)
    master = load_master(settings)
    secrets["master secret"] = (settings.data_dir / "master.key").read_text().strip()
    places = {
        "database": await _database_dump(settings),
        "Redis": await redis_dump(settings.redis_url) if settings.redis_url else b"",
        "log": server.log.read_bytes(),
    }
    # The dumps do hold what may be there: they are looked at in the right places.
    assert ADMIN.encode() in places["database"]
    assert b"/login" in places["log"]
    assert not settings.redis_url or b"tm:session:" in places["Redis"]
    for name, secret in secrets.items():
        for place, dump in places.items():
            for form in _forms(secret):
                assert form not in dump, f"{name} in {place}"
    for label in ("refresh-tokens", "api-tokens", "jwt-key-wrapping", "cache-seals"):
        assert master.derive(label) not in places["database"] + places["Redis"]


def _forms(secret: str) -> list[bytes]:
    """Return a secret as it may be written: as text, and as the bytes that its parts stand for."""
    forms = [secret.encode()]
    for part in secret.split("."):
        if len(part) >= 40:
            raw = base64.urlsafe_b64decode(part.removeprefix("tmr_")[: len(part) // 4 * 4 - 12])
            forms += [part.encode(), raw[-24:], raw[-24:].hex().encode()]
    return forms


async def _work(url: str) -> dict[str, str]:
    """Do everything that deals in secrets, right and wrong, and return the secrets."""
    secrets = {"password": PASSWORD, "new password": "another long password", "refresh key": "one-rotation-of-mine"}
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        login = (await client.post("/login", json={"username": ADMIN, "password": PASSWORD})).json()
        body = {"refresh_token": login["refresh_token"]}
        again = (await client.post("/refresh", json=body, headers={"Idempotency-Key": secrets["refresh key"]})).json()
        client.headers.update({"Authorization": f"Bearer {again['access_token']}", "Idempotency-Key": "a-key"})
        for answer, name in ((login, "first"), (again, "second")):
            secrets |= {f"{name} {kind}": answer[kind] for kind in ("access_token", "refresh_token")}
        made = (await client.post("/admin/users", json={"username": "anna"})).json()
        anna = made["user"]["id"]
        links = {
            "new account's link": made["link"]["url"],
            "reset link": (await client.post(f"/admin/users/{anna}/reset")).json()["url"],
            "invitation": (await client.post("/admin/invitations", json={})).json()["url"],
        }
        secrets |= {name: url.rpartition("=")[2] for name, url in links.items()}
        token = (await client.post("/api-tokens", json={"name": "x", "scopes": ["tasks:write"]})).json()["token"]
        secrets["API token"] = token
        program = {"Authorization": f"Bearer {token}"}
        assert (await client.post("/tasks", json={"title": "x"}, headers=program)).status_code == 201
        change = {"current_password": PASSWORD, "new_password": secrets["new password"]}
        assert (await client.post("/me/password", json=change)).status_code == 204
        use = {"username": "ben", "password": PASSWORD, "invitation": secrets["invitation"]}
        assert (await client.post("/register", json=use)).status_code == 201
        assert (await client.post("/tasks", json={"title": "x"})).status_code == 201
        # Mistakes that a careless server writes down.
        for path, wrong in (
            ("/login", {"username": PASSWORD, "password": secrets["new password"]}),
            ("/login", {"username": ADMIN, "password": {"nested": PASSWORD}}),
            ("/refresh", {"refresh_token": login["refresh_token"], "extra": login["access_token"]}),
            ("/reset", {"reset_token": secrets["reset link"], "password": PASSWORD[:5]}),
        ):
            assert (await client.post(path, json=wrong)).is_client_error
        # Once it is dead, and where it never belongs.
        assert (await client.get("/tasks", headers=program)).status_code == 401
        for path, wrong in (("/api-tokens", {"name": "y", "scopes": [token]}), ("/login", {"username": token})):
            refused = await client.post(path, json=wrong)
            assert refused.is_client_error
            assert token not in refused.text
        broken = f'{{"refresh_token": "{login["refresh_token"]}"'
        sent = await client.post("/refresh", content=broken, headers={"Content-Type": "application/json"})
        assert code(sent) == (400, "malformed_json")
        assert (await client.get("/me", params={"access_token": login["access_token"]})).is_client_error
        assert (await client.get("/me", headers={"Authorization": f"Bearer {login['refresh_token']}"})).is_client_error
    return secrets


async def _database_dump(settings: Settings) -> bytes:
    if not settings.database_url:
        return b"".join(file.read_bytes() for file in sorted(settings.data_dir.glob("taskmanager.db*")))
    database = open_database(settings)
    try:
        async with database.read() as session:
            parts = []
            for table in metadata.sorted_tables:
                for row in (await session.execute(select(table))).all():
                    parts += [value if isinstance(value, bytes) else str(value).encode() for value in row]
            return b"\n".join(parts)
    finally:
        await database.stop()
