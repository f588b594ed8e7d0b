"""Serving: socket, first administrator, set-up link, and the server itself."""

import asyncio
import errno
import logging
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

import taskmanager
from taskmanager.auth import audit
from taskmanager.auth.accounts import Accounts, UsernameTakenError
from taskmanager.auth.links import Links
from taskmanager.auth.master import load_master
from taskmanager.auth.passwords import Passwords
from taskmanager.auth.repository import AccountRepository
from taskmanager.auth.ring import load_keys
from taskmanager.auth.schemas import UserCreate
from taskmanager.kit import logs, migrate
from taskmanager.kit.db import Database
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.settings import PREFIX, Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 25
BACKLOG = 2048


class StartProblem(Exception):  # noqa: N818 - told to the operator, without a traceback
    """Why the server cannot start, and what to do."""


def serve(settings: Settings) -> None:
    """Serve until told to stop; requests under way are finished first."""
    logs.configure(settings.log_format, settings.log_level)
    signal.signal(signal.SIGTERM, _end)
    if not settings.rate_limits:
        logger.warning("RATE LIMITS ARE OFF (%sRATE_LIMITS): passwords may be guessed without end. Tests only!", PREFIX)
    load_master(settings)  # a secret that must not be used is told here, not from inside the server
    _check_metrics_token(settings)
    with _listen(settings) as listener:
        migrate.upgrade(settings)
        base = settings.public_url or _address(settings, listener)
        _greet(base, asyncio.run(_prepare(settings, base)))
        app = create_app(settings)
        _Server(_configuration(app), app).run(sockets=[listener])


class _Server(uvicorn.Server):
    """The server, which tells those who listen for changes to come back before it waits for answers to end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.streams.end_all()
        await super().shutdown(sockets)


def _configuration(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=30,
    )


def _check_metrics_token(settings: Settings) -> None:
    try:
        settings.metrics_secret()
    except OSError as error:
        message = f"cannot read {PREFIX}METRICS_TOKEN_FILE: {error.strerror}"
        raise StartProblem(message) from error
    except ValueError as error:
        raise StartProblem(str(error)) from error


def _end(_signal: int, _frame: FrameType | None) -> None:
    # The server hands SIGTERM on once it has stopped in good order: that is success.
    sys.exit(0)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            message = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
            raise StartProblem(message) from error
        advice = f"stop it, or choose another port with --port or {PREFIX}PORT"
        message = f"port {settings.port} is in use by {_holder(settings.port)}; {advice}"
        raise StartProblem(message) from error
    return listener


def _holder(port: int) -> str:
    """Return who listens on a port, as far as the system tells."""
    if sys.platform == "darwin":
        return "another program (AirPlay Receiver sits on 5000 on macOS; it can be switched off in the settings)"
    try:
        lines = [
            line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()
        ]
        inodes = {parts[9] for parts in lines if parts[1].endswith(f":{port:04X}") and parts[3] == "0A"}
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] in inodes:
                process = link.parents[1]
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    except OSError:
        pass
    return "another program"


def _address(settings: Settings, listener: socket.socket) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


async def _prepare(settings: Settings, base: str) -> str | None:
    """Make the first administrator if the settings name one; else return the set-up link while there is none."""
    database = open_database(settings)
    passwords = Passwords(settings)
    try:
        await _note_start(database, settings)
        async with database.read() as session:
            # A key that must not be used is told here, too.
            await load_keys(session, load_master(settings))
            if await AccountRepository(session).has_admin():
                return None
        password_hash = await _first_hash(settings, passwords) if settings.admin_username else None
        try:
            async with database.write() as session:
                return await _first_admin(session, settings, password_hash, base)
        except UsernameTakenError:
            # Another process that starts at the same moment may have made the same account.
            async with database.read() as session:
                if await AccountRepository(session).has_admin():
                    return None
            raise
    finally:
        passwords.stop()
        await database.stop()


async def _note_start(database: Database, settings: Settings) -> None:
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    await audit.record_alone(database, audit.Event.STARTED, version=taskmanager.__version__, engine=kind)
    if settings.insecure_cookies:
        logger.warning("cookies are sent over plain http: whoever sees the network can take sessions over")
        await audit.record_alone(database, audit.Event.INSECURE_COOKIES)


async def _first_hash(settings: Settings, passwords: Passwords) -> str:
    try:
        password = settings.first_password()
    except OSError as error:
        message = f"cannot read {PREFIX}ADMIN_PASSWORD_FILE: {error.strerror}"
        raise StartProblem(message) from error
    try:
        await passwords.refuse_weak(password, "", settings.admin_username)
    except InvalidError as error:
        message = f"{PREFIX}ADMIN_PASSWORD cannot be used. {error.extra['errors'][0]['message']}"
        raise StartProblem(message) from error
    return await passwords.hash(password)


async def _first_admin(session: AsyncSession, settings: Settings, password_hash: str | None, base: str) -> str | None:
    if password_hash is None:
        return (await Links(session).replace_setup()).url(base)
    named = UserCreate(username=settings.admin_username, role="admin")
    await Accounts(session).add(named.username, named.role, password_hash, by="environment")
    logger.info("made the first administrator, %s", named.username)
    return None


def _greet(base: str, setup_url: str | None) -> None:
    lines = [f"TaskManager serves {base}/app/ (documentation: {base}/docs). Ctrl-C stops it."]
    if setup_url is not None:
        lines += ["There is no administrator yet. Open this link once, within 7 days, to become it:", f"  {setup_url}"]
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201 - meant for the one who started it
