"""Serving: socket, first administrator, set-up link, and the server itself."""

import asyncio
import errno
import importlib.util
import logging
import signal
import socket
import sys
import time
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
from taskmanager.kit import logs, migrate, sqlite
from taskmanager.kit.db import Database
from taskmanager.kit.errors import InvalidError
from taskmanager.kit.settings import PREFIX, Settings
from taskmanager.lifetime import open_database
from taskmanager.main import create_app
from taskmanager.supervisor import Leash, NoneStartedError, Supervisor

logger = logging.getLogger(__name__)

FINISH_SECONDS = 25
"""How long requests under way may take to end; then they are cancelled."""
BACKLOG = 2048
# Jobs under way, and connections that are given back.
CLOSING_SECONDS = 10
_ROOT = Path(taskmanager.__file__).resolve().parents[1]
# A process of its own from the beginning: one that was forked would share the state of random numbers.
_START = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from taskmanager.__main__ import main; sys.exit(main())"


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
    _check_workers(settings)
    _check_tracing(settings)
    with _listen(settings) as listener:
        migrate.upgrade(settings)
        base = settings.public_url or _address(settings, listener)
        _greet(base, asyncio.run(_prepare(settings, base)))
        if settings.workers > 1:
            _serve_by_many(settings, listener)
        else:
            _Server(settings).run(sockets=[listener])


def serve_beside_others(settings: Settings, socket_fd: int, leash_fd: int) -> None:
    """Serve as one of several processes on a socket that is listened on, until told to or the parent is gone."""
    logs.configure(settings.log_format, settings.log_level)
    signal.signal(signal.SIGTERM, _end)
    with socket.socket(fileno=socket_fd) as listener:
        _Server(settings, Leash(leash_fd)).run(sockets=[listener])


def _check_tracing(settings: Settings) -> None:
    if settings.otel and importlib.util.find_spec("opentelemetry.exporter") is None:
        raise StartProblem(f"{PREFIX}OTEL needs more packages: pip install -r requirements-otel.txt")


def _serve_by_many(settings: Settings, listener: socket.socket) -> None:
    def command(leash_fd: int) -> list[str]:
        places = ("--socket-fd", str(listener.fileno()), "--leash-fd", str(leash_fd))
        return [sys.executable, "-c", _START, "serve", "--host", settings.host, *places]

    async def run() -> signal.Signals:
        supervisor = Supervisor(command, settings.workers, [listener.fileno()])
        return await supervisor.run(settings.drain_seconds + FINISH_SECONDS + CLOSING_SECONDS)

    try:
        told = asyncio.run(run())
    except NoneStartedError as error:
        message = "no process could be started; what they logged tells why"
        raise StartProblem(message) from error
    if told is signal.SIGINT:
        raise KeyboardInterrupt


class _Server(uvicorn.Server):
    """One serving process.

    Told to stop, it says at ``/health/ready`` that it goes, serves on until balancers have seen that, tells those who
    listen for changes to come back, and waits for answers to end.
    """

    def __init__(self, settings: Settings, leash: Leash | None = None) -> None:
        self._app = create_app(settings)
        super().__init__(_configuration(self._app))
        self._drain_seconds = settings.drain_seconds
        self._leash = leash
        self._held: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._leash is not None:
            self._held = asyncio.create_task(self._leash.hold(self._leave))

    def _leave(self) -> None:
        """Stop without delay: the parent is gone, and whoever starts another one needs the port."""
        logger.error("the parent process is gone")
        self._drain_seconds = 0
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.draining = True
        # Ctrl-C is a person, who does not sit behind a balancer.
        if signal.SIGINT not in self._captured_signals:
            begun = time.monotonic()
            while time.monotonic() - begun < self._drain_seconds and not self.force_exit:  # noqa: ASYNC110 - a flag
                await asyncio.sleep(0.05)
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
        timeout_graceful_shutdown=FINISH_SECONDS,
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


def _check_workers(settings: Settings) -> None:
    """Refuse several processes on an SQLite that corrupts its file when two of them write."""
    version = sqlite.driver().sqlite_version_info
    if settings.workers > 1 and settings.database.startswith("sqlite") and sqlite.has_reset_bug(version):
        message = (
            f"SQLite {'.'.join(map(str, version))} can damage its file when several processes write (fixed in 3.51.3): "
            f"set {PREFIX}WORKERS=1, or use PostgreSQL"
        )
        raise StartProblem(message)
    if settings.workers > 1 and settings.database.startswith("sqlite"):
        logger.warning(
            "%d processes share one SQLite file: they read beside each other and write in turn", settings.workers
        )


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
