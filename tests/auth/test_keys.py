"""The master secret and the first signing key: made once, kept from others, and never a weak one."""

import asyncio
import base64
import contextlib
import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from taskmanager.auth.master import KeyProblem, load_master
from taskmanager.auth.models import SigningKey
from taskmanager.auth.ring import load_keys
from taskmanager.kit.settings import Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from tests.auth.tokens import auth_of
from tests.factories import PASSWORD, Api
from tests.servers import ADMIN, environment_of, is_ready, running_taskmanager
from tests.services import free_port


def test_L9_the_master_secret_is_made_at_random_for_its_owner_only(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    old_mask = os.umask(0)
    try:
        masters = [load_master(Settings(data_dir=folder)) for folder in folders]
    finally:
        os.umask(old_mask)
    assert masters[0].derive("x") != masters[1].derive("x")
    for folder, master in zip(folders, masters, strict=True):
        (file,) = folder.iterdir()
        assert file.name == "master.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(base64.urlsafe_b64decode(file.read_bytes())) == 32
        assert load_master(Settings(data_dir=folder)).derive("x") == master.derive("x")
    labels = ("refresh-tokens", "jwt-key-wrapping", "cache-seals", "idempotency", "cursors")
    assert len({masters[0].derive(label) for label in labels}) == len(labels)


def test_a_master_secret_that_others_can_read_is_closed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    load_master(settings)
    (tmp_path / "master.key").chmod(0o644)
    load_master(settings)
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


WEAK = (
    b"",
    b"short",
    b"x" * 31,
    b"\n" * 40,
    b"a" * 64,
    b"0123456789abcdef" * 4,
    b"0123456789abcdef0123456789abcdef",
    b"your-256-bit-secret",
    b"your-256-bit-secret-your-256-bit-secret-your",
    b"changeme-changeme-changeme-changeme-changeme",
    b"my-super-secret-password-that-is-long-enough",
    b"SECRET_KEY_SECRET_KEY_SECRET_KEY_SECRET_KEY_",
    b"example-secret-for-documentation-only-123456",
    bytes(range(32)),
    bytes(range(255, 200, -1)),
    base64.b64encode(bytes(32)),
    base64.b64encode(bytes(range(32))),
    base64.b64encode(b"a repeated thing" * 3),
    base64.b64encode(secrets.token_bytes(24)),
    secrets.token_bytes(16).hex().encode(),
)


@pytest.mark.parametrize("content", WEAK, ids=range(len(WEAK)))
def test_L9_weak_short_and_example_secrets_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "given"
    file.write_bytes(content)
    with pytest.raises(KeyProblem, match="openssl rand"):
        load_master(Settings(data_dir=tmp_path, master_secret_file=file))
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "base64": lambda secret: base64.b64encode(secret) + b"\n",
    "base64url": lambda secret: base64.urlsafe_b64encode(secret).rstrip(b"="),
    "hexadecimal": lambda secret: secret.hex().encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_given_secret_serves_in_each_usual_form(tmp_path: Path, form: str) -> None:
    file = tmp_path / "given"
    for _ in range(50):
        file.write_bytes(FORMS[form](secrets.token_bytes(48).strip()))
        load_master(Settings(data_dir=tmp_path, master_secret_file=file))
    assert not (tmp_path / "master.key").exists()


def test_a_secret_that_cannot_be_read_or_made_stops_the_start_in_words(tmp_path: Path) -> None:
    with pytest.raises(KeyProblem, match="cannot read the master secret"):
        load_master(Settings(data_dir=tmp_path, master_secret_file=tmp_path / "missing"))
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(KeyProblem, match="cannot make or read the master secret"):
        load_master(Settings(data_dir=tmp_path / "file"))


async def test_the_signing_key_is_kept_wrapped_and_another_master_does_not_open_it(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app), Api(app) as api:
        secret = auth_of(api).ring.active.secret
        async with api.database.read() as session:
            row = (await session.execute(select(SigningKey).where(SigningKey.state == "active"))).scalar_one()
    assert (row.algorithm, row.state, len(secret)) == ("HS256", "active", 32)
    assert secret not in row.wrapped
    file = settings.data_dir / "another"
    file.write_bytes(base64.b64encode(secrets.token_bytes(32)))
    other = create_app(settings.model_copy(update={"master_secret_file": file}))
    with pytest.raises(KeyProblem, match="another master secret"):
        async with other.router.lifespan_context(other):
            pass


async def test_a_wrapped_key_serves_under_its_own_name_only(settings: Settings) -> None:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        pass
    database = open_database(settings)
    try:
        async with database.write() as session:
            await session.execute(update(SigningKey).values(algorithm="HS512"))
        with pytest.raises(KeyProblem):
            async with database.write() as session:
                await load_keys(session, load_master(settings))
    finally:
        await database.stop()


@pytest.fixture
def empty_database_url(backend: str, request: pytest.FixtureRequest) -> str:
    """Return the settings' URL of a database without a table."""
    return "" if backend == "sqlite" else asyncio.run(_empty_database(request.getfixturevalue("postgresql_url")))


async def test_L9_two_processes_that_start_at_once_agree_on_one_key(empty_database_url: str, tmp_path: Path) -> None:
    """An empty folder and an empty database; both make what is missing, and both go on with the same."""
    folder = tmp_path / "data"
    given = {"database_url": empty_database_url, "admin_username": ADMIN, "admin_password": PASSWORD}
    environment = environment_of(folder, **given)
    ports = [free_port(), free_port()]
    with contextlib.ExitStack() as stack:
        logs = []
        for port in ports:
            logs.append(tmp_path / f"{port}.log")
            words = ["serve", "--port", str(port)]
            stack.enter_context(
                running_taskmanager(words, lambda _: True, log=logs[-1], environment=environment, forked=False)
            )
        deadline = time.monotonic() + 60
        while not all(is_ready(port) for port in ports):
            assert time.monotonic() < deadline, [log.read_text() for log in logs]
            await asyncio.sleep(0.05)
        await _tokens_of_one_serve_at_the_other(ports)
    assert len(list(folder.glob("*master.key*"))) == 1
    settings = Settings(data_dir=folder, database_url=empty_database_url)
    database = open_database(settings)
    try:
        async with database.read() as session:
            states = (await session.execute(select(SigningKey.state))).scalars().all()
            assert sorted(states) == ["active", "next"]
    finally:
        await database.stop()


async def _empty_database(url: str) -> str:
    name = f"{url.rpartition('/')[2]}_empty"
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return f"{url.rpartition('/')[0]}/{name}"


async def _tokens_of_one_serve_at_the_other(ports: list[int]) -> None:
    async with httpx.AsyncClient(timeout=30) as client:
        for one, other in (ports, ports[::-1]):
            body = {"username": ADMIN, "password": PASSWORD}
            tokens = (await client.post(f"http://127.0.0.1:{one}/login", json=body)).json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            assert (await client.get(f"http://127.0.0.1:{other}/me", headers=bearer)).status_code == 200
            body = {"refresh_token": tokens["refresh_token"]}
            assert (await client.post(f"http://127.0.0.1:{other}/refresh", json=body)).status_code == 200
