"""Passwords: argon2id in a bounded pool, and the rule a new one must meet (NIST SP 800-63B-4, ASVS 6.2)."""

import asyncio
import os
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

import nacl.pwhash.argon2id
from nacl.exceptions import CryptoError

from taskmanager.auth.guessable import Weakness, weakness_of
from taskmanager.kit.errors import InvalidError, UnavailableError
from taskmanager.kit.settings import Settings

OPERATIONS = 2
MEMORY_BYTES = 19_456 * 1024
MAX_LENGTH = 1024
# A stored hash that asks for more than this is not one of ours and must not stop the server.
_MAX_MEMORY_KIB, _MAX_OPERATIONS = 262_144, 16
_NICENESS = 10
_SPREAD_SECONDS = 10
_PARAMETERS = re.compile(r"\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=1\$")
# The hash of a password nobody has: unknown and disabled names cost what real ones cost.
_NOBODY = nacl.pwhash.argon2id.str(os.urandom(32), OPERATIONS, MEMORY_BYTES).decode()
_ADVICE: dict[Weakness, str] = {
    "password_too_common": "Many people use this password. A few random words are as easy to remember.",
    "password_contains_name": "This is hardly more than your name or this server's. Use a few random words.",
}

Result = TypeVar("Result")


class Passwords:
    """Hashes and checks passwords off the event loop, a bounded number at a time."""

    def __init__(self, settings: Settings) -> None:
        self.min_length = settings.password_min_length
        self._our_names = ("TaskManager", "Task Manager", urlsplit(settings.public_url).hostname)
        self._room = settings.hash_workers + settings.hash_queue
        self._busy = self._places = self._refused = 0
        self._pool = ThreadPoolExecutor(settings.hash_workers, "hash", initializer=_step_back)

    @property
    def busy(self) -> int:
        """How many passwords are being hashed or wait for it."""
        return self._busy

    async def hash(self, password: str) -> str:
        """Return an argon2id hash in its standard text form."""
        return await self._run(lambda: _hash(password))

    async def check(self, password: str, stored: str | None) -> bool:
        """Tell whether the password is the stored one; without a stored one the work is done all the same."""
        matches = await self._run(lambda: _check(password, stored or _NOBODY))
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        match = _PARAMETERS.match(stored)
        return match is None or (int(match[1]), int(match[2])) != (MEMORY_BYTES // 1024, OPERATIONS)

    async def refuse_weak(self, password: str, pointer: str, *names: str | None) -> None:
        """Raise unless a new password is long enough and hard to guess for an account with these names.

        There are no rules on its characters.
        """
        if len(password) < self.min_length:
            message = f"Use at least {self.min_length} characters; a few random words are easy to remember."
            raise InvalidError.at(pointer, "password_too_short", message)
        known = [name for name in (*names, *self._our_names) if name]
        weakness = await asyncio.to_thread(weakness_of, password, known)
        if weakness is not None:
            raise InvalidError.at(pointer, weakness, _ADVICE[weakness])

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for a sign-in, before it costs anything; raises 503 when all are taken.

        Of five hundred at once most are refused: that must be cheap, and they must not all come back at once.
        """
        if self._places >= self._room:
            raise self._too_busy()
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    def _too_busy(self) -> UnavailableError:
        self._refused += 1
        return UnavailableError("Too many sign-ins at once.", retry_after=2 + self._refused % _SPREAD_SECONDS)

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._busy >= self._room:
            raise self._too_busy()
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._busy -= 1

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _step_back() -> None:
    # Other requests go first: a storm of sign-ins must not slow those who are in.
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _hash(password: str) -> str:
    return nacl.pwhash.argon2id.str(password.encode(), OPERATIONS, MEMORY_BYTES).decode()


def _check(password: str, stored: str) -> bool:
    match = _PARAMETERS.match(stored)
    if match is None or int(match[1]) > _MAX_MEMORY_KIB or int(match[2]) > _MAX_OPERATIONS:
        return False
    try:
        return bool(nacl.pwhash.argon2id.verify(stored.encode(), password.encode()))
    except CryptoError:
        return False
