"""Plain-text mail by SMTP: one message, one connection. Nothing that a caller gives can become a header.

Imported only where mail is set up: the libraries cost a tenth of a second.
"""

import asyncio
import email.errors
import email.policy
import email.utils
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from taskmanager.kit.settings import Settings

SECONDS = 20
"""How long one message may take, from the connection on; less than a server gets to stop."""
PERMANENT = 500
_SENDER = "TaskManager"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class UndeliverableError(Exception):
    """No message will ever reach this address; to try again is pointless."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message; whoever receives it twice can tell by its ``key``, which stays the same on each attempt."""

    key: str
    to: str
    subject: str
    text: str


class Mailer:
    """Sends mail through the server of TASKMANAGER_SMTP_URL."""

    def __init__(self, settings: Settings) -> None:
        self._host = urlsplit(settings.public_url).hostname or "localhost"
        self._from = settings.mail_from or f"taskmanager@{self._host}"
        self._server = _server_of(settings.mail_url())

    async def send(self, mail: Mail) -> None:
        """Hand one message over; raises :class:`UndeliverableError`, or what may be better next time."""
        message = self.compose(mail)
        try:
            async with asyncio.timeout(SECONDS):
                await aiosmtplib.send(message, local_hostname=self._host, timeout=SECONDS, **self._server)
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refused.code >= PERMANENT for refused in error.recipients):
                raise UndeliverableError(error.recipients[0].code) from None
            raise

    async def greet(self) -> None:
        """Connect and sign in, and send nothing; raises what a message would."""
        async with (
            asyncio.timeout(SECONDS),
            aiosmtplib.SMTP(local_hostname=self._host, timeout=SECONDS, **self._server) as server,
        ):
            await server.noop()

    def compose(self, mail: Mail) -> EmailMessage:
        """Return the message: headers have no line breaks, and the address is one address."""
        message = EmailMessage(email.policy.SMTP)
        message["From"] = Address(_SENDER, addr_spec=_ascii_domain(self._from))
        try:
            message["To"] = Address(addr_spec=_ascii_domain(mail.to))
        except (ValueError, IndexError, email.errors.MessageError) as error:
            raise UndeliverableError("not an address") from error
        if not mail.subject.isprintable():  # the policy lets a trailing one pass
            raise ValueError("no line breaks in headers")
        message["Subject"] = mail.subject
        message["Date"] = email.utils.localtime()
        message["Message-ID"] = f"<{mail.key}@{self._host}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
        message.set_content(mail.text)
        return message


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def _server_of(url: str) -> dict[str, Any]:
    """Return what aiosmtplib must know. A password is not sent over an open line, unless ``starttls=0`` says so."""
    parts = urlsplit(url)
    wanted = parse_qs(parts.query).get("starttls", [""])[0]
    guarded = parts.username is not None and parts.hostname not in _LOOPBACK
    tls = parts.scheme == "smtps"
    return {
        "hostname": parts.hostname,
        "port": parts.port,
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "use_tls": tls,
        "start_tls": False if tls or wanted == "0" else True if wanted == "1" or guarded else None,
    }
