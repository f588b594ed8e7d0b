"""A real mail server in the test's own loop, and the application that sends through it."""

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope
from pydantic import SecretStr
from sqlalchemy import select

from taskmanager.auth.post import JOB
from taskmanager.auth.recovery import FORGOT
from taskmanager.kit import clock
from taskmanager.kit.jobs import Job, Jobs
from taskmanager.kit.settings import Settings
from tests.factories import Api

PUBLIC_URL = "https://tasks.example.org"
KINDS = [FORGOT, JOB]


@dataclass(frozen=True)
class Letter:
    """What the server was given: the envelope's recipients and the message."""

    recipients: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")

    @property
    def token(self) -> str:
        """The token of the link in the letter."""
        (token,) = re.findall(r"#(?:token|invitation)=(\S+)", self.text)
        return str(token)


class Mailbox:
    """Takes every letter, or answers what a test says instead."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refuse_recipient: str | None = None
        self.refuse_data: str | None = None
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Serve; at the same port as before, if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if self.refuse_recipient is not None:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.refuse_data is not None:
            return self.refuse_data
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.letters.append(Letter(list(envelope.rcpt_tos), message))
        return "250 OK"

    def to(self, address: str) -> list[Letter]:
        """Return the letters to an address, oldest first."""
        return [letter for letter in self.letters if letter.recipients == [address]]


async def due(api: Api) -> list[Job]:
    """Return the jobs of mail that are due."""
    async with api.database.read() as session:
        statement = select(Job).where(Job.kind.in_(KINDS), Job.due_at <= clock.now())
        return list((await session.execute(statement)).scalars())


async def settle(api: Api) -> None:
    """Wait until nothing of mail is due."""
    jobs: Jobs = api.app.state.jobs
    while await due(api):
        if not await jobs.run_due(KINDS):
            await asyncio.sleep(0.01)  # the server's own worker has it


def with_mail(settings: Settings, mailbox: Mailbox, **more: Any) -> Settings:
    """Return settings of a server that sends through this mailbox."""
    return settings.model_copy(update={"smtp_url": SecretStr(mailbox.url), "public_url": PUBLIC_URL, **more})


@asynccontextmanager
async def serving() -> AsyncIterator[Mailbox]:
    """Yield an open mailbox."""
    mailbox = Mailbox()
    await mailbox.open()
    try:
        yield mailbox
    finally:
        await mailbox.close()


def hosts_in(text: str) -> set[str]:
    """Return the host of every address in a text."""
    return {urlsplit(url).netloc for url in re.findall(r"https?://\S+", text)}
