"""The checks of settings, Python, files, addresses and the web application."""

import ipaddress
import platform
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from taskmanager.auth.master import KeyProblem, Master, load_master, master_path
from taskmanager.doctor.findings import Finding, Findings
from taskmanager.kit.settings import PREFIX, Settings, unknown_names

LEAST_PYTHON = (3, 11)
LITTLE_BYTES, FEW_BYTES = 2 * 1024**3, 200 * 1024**2
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


async def check_settings(settings: Settings) -> AsyncIterator[Finding]:
    say = Findings("settings")
    unknown = unknown_names()
    for name in unknown:
        yield say.warn(f"{name} is no setting", "`taskmanager settings` prints all; is it misspelt?")
    if not settings.rate_limits:
        yield say.fail("rate limits are off: passwords may be guessed without end", f"unset {PREFIX}RATE_LIMITS")
    if settings.insecure_cookies:
        yield say.warn("sign-in works over plain http", f"serve https and unset {PREFIX}INSECURE_COOKIES")
    if settings.registration == "open":
        yield say.warn("anybody may make an account", f"{PREFIX}REGISTRATION=invite, unless that is meant")
    if not unknown:
        yield say.ok("all known and well-formed")


async def check_python() -> AsyncIterator[Finding]:
    say, version = Findings("python"), platform.python_version()
    if sys.version_info < LEAST_PYTHON:
        yield say.fail(version, "Python 3.11 or newer is needed")
    else:
        yield say.ok(f"{platform.python_implementation()} {version} on {platform.system()} {platform.machine()}")


async def check_secrets(settings: Settings) -> AsyncIterator[Finding]:
    say, path = Findings("secrets"), master_path(settings)
    if not is_there(path) and settings.master_secret_file is None:
        yield say.warn(f"no master secret in {path} yet", "the first start makes one; keep a copy of it apart")
    else:
        open_to = "" if path.is_relative_to("/run/secrets") else _open_to_others(path)
        if open_to:
            yield say.fail(f"{path} {open_to}", f"chmod 600 {path}, or mount it so that only this user reads it")
        try:
            read_master(settings)
        except KeyProblem as error:
            yield say.fail(str(error), "put the right file in its place")
        else:
            yield say.ok(f"the master secret in {path} is strong enough")
    named = [value for name, value in settings if name.endswith("_file") and isinstance(value, Path)]
    # In a container nobody else is there to read what is mounted.
    named = [file for file in named if not file.is_relative_to("/run/secrets")]
    for file in (*named, settings.data_dir / "taskmanager.db"):
        shut = any(not place.stat().st_mode & stat.S_IXOTH for place in file.absolute().parents if is_there(place))
        open_to = _open_to_others(file) if file != path and is_there(file) and not shut else ""
        if open_to:
            yield say.warn(f"{file} {open_to}", f"chmod o-rwx {file}")


def read_master(settings: Settings) -> Master:
    """Return the master secret as it lies there: none is made, and no mode is put right."""
    return load_master(settings.model_copy(update={"master_secret_file": master_path(settings)}))


def is_there(path: Path) -> bool:
    return path.exists()


def _open_to_others(path: Path) -> str:
    """Tell what strangers may do with a file, or why even we may not; empty: all is well."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if mode & stat.S_IWOTH:
        return "can be written by everybody"
    return "can be read by everybody" if mode & stat.S_IROTH else ""


async def check_disk(settings: Settings) -> AsyncIterator[Finding]:
    say = Findings("disk")
    folder = next(
        place for place in (settings.data_dir.resolve(), *settings.data_dir.resolve().parents) if place.exists()
    )
    free = shutil.disk_usage(folder).free
    words = f"{free / 1024**3:,.1f} GB free at {settings.data_dir}"
    if free < FEW_BYTES:
        yield say.fail(words, "make room: writes are refused (507) when the disk is full")
    elif free < LITTLE_BYTES:
        yield say.warn(words, "make room before the disk is full")
    else:
        yield say.ok(words)


async def check_address(settings: Settings) -> AsyncIterator[Finding]:
    say = Findings("address")
    found = list(_addresses(settings, say))
    for finding in found:
        yield finding
    if not found:
        yield say.ok(settings.public_url or f"http://{settings.host}:{settings.port}, for this machine")


def _addresses(settings: Settings, say: Findings) -> Iterator[Finding]:
    public = urlsplit(settings.public_url)
    if settings.host not in _LOOPBACK and not settings.public_url:
        yield say.warn("PUBLIC_URL is not set", f"{PREFIX}PUBLIC_URL=https://tasks.example.org, or links will be wrong")
    if public.scheme == "http" and public.hostname not in _LOOPBACK:
        yield say.fail(f"{settings.public_url} is plain http", "put a proxy with TLS in front")
    if public.scheme == "https" and not settings.trusted_proxies:
        advice = f"{PREFIX}TRUSTED_PROXIES=address of the proxy; else all clients share one limit"
        yield say.warn("https, but no proxy is trusted", advice)
    for network in settings.trusted_proxies:
        if ipaddress.ip_network(network, strict=False).prefixlen == 0:
            yield say.fail(f"{network} trusts everybody's X-Forwarded-For", "name the proxy's own network")


async def check_web(settings: Settings) -> AsyncIterator[Finding]:
    say = Findings("web")
    if is_there(settings.web_dir / "index.html"):
        yield say.ok(f"built in {settings.web_dir}")
    else:
        yield say.warn(f"no web application in {settings.web_dir}", "python3 app.py build-web; the API goes without")
