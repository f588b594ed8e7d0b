"""The master secret and what is derived from it."""

import base64
import contextlib
import logging
import os
import secrets
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from taskmanager.kit.settings import PREFIX, Settings

logger = logging.getLogger(__name__)

SECRET_BYTES = 32
_LEAST_DISTINCT = 12
_EXAMPLES = ("secret", "changeme", "change-me", "password", "example", "0123456789", "abcdefgh", "your-256-bit")


class KeyProblem(Exception):  # noqa: N818 - told to the operator at start
    """A key that must not be used, in words that say what to do."""


class Master:
    """The one secret of an installation; all other secrets are derived from it (HKDF, RFC 5869)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derive(self, label: str) -> bytes:
        """Return 32 bytes for one purpose; secrets of different labels tell nothing of each other."""
        return HKDF(SHA256(), SECRET_BYTES, salt=None, info=b"taskmanager/" + label.encode()).derive(self._secret)


def master_path(settings: Settings) -> Path:
    """Return where the master secret is, or will be."""
    return settings.master_secret_file or settings.data_dir / "master.key"


def load_master(settings: Settings) -> Master:
    """Return the master secret: from its file, or generated on first start with mode 0600.

    Raises :class:`KeyProblem` for a secret that is short, repetitive or a documented example.
    """
    given = settings.master_secret_file
    path = master_path(settings)
    try:
        if given is None:
            _generate(path)
        text = path.read_bytes().strip()
    except OSError as error:
        message = f"cannot {'read' if given else 'make or read'} the master secret {path}: {error.strerror}"
        raise KeyProblem(message) from error
    secret = _decode(text)
    _refuse_weak(text, secret, path)
    return Master(secret)


def _generate(path: Path) -> None:
    if path.exists():
        if path.stat().st_mode & 0o077:
            logger.warning("%s could be read by others; its mode is now 0600", path)
            path.chmod(0o600)
        return
    write_master(path, base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")


def write_master(path: Path, text: bytes) -> None:
    """Write a file that nobody else can read; one that is there already stays as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: of two processes that start at once, both go on with the first one's secret.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def _decode(text: bytes) -> bytes:
    """Return the bytes that hexadecimal or base64 text stands for; anything else is the secret itself."""
    with contextlib.suppress(ValueError):
        return bytes.fromhex(text.decode())
    with contextlib.suppress(ValueError):
        url_safe = text.translate(bytes.maketrans(b"+/", b"-_")).rstrip(b"=")
        return base64.b64decode(url_safe + b"=" * (-len(url_safe) % 4), altchars=b"-_", validate=True)
    return text


def _refuse_weak(text: bytes, secret: bytes, path: Path) -> None:
    """Refuse what is short or guessable, as it is written (examples are words) and as it is used."""
    advice = f"write 32 random bytes into it (for example: openssl rand -base64 32) or unset {PREFIX}MASTER_SECRET_FILE"
    if len(secret) < SECRET_BYTES:
        message = f"the master secret in {path} is shorter than {SECRET_BYTES} bytes; {advice}"
        raise KeyProblem(message)
    # Random text may hold a word by chance; what is left of it is still long.
    left = text.lower()
    for example in _EXAMPLES:
        left = left.replace(example.encode(), b"")
    if len(left) < SECRET_BYTES or any(is_regular(form) for form in (text, secret)):
        message = f"the master secret in {path} is guessable; {advice}"
        raise KeyProblem(message)


def is_regular(secret: bytes) -> bool:
    """Tell whether few bytes, a repeated piece or a plain sequence make up the whole."""
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    return len(set(secret)) < _LEAST_DISTINCT or len(steps) == 1 or secret in (secret + secret)[1:-1]
