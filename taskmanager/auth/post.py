"""What is to leave by mail, handed over in the transaction that wants it; ``courier.py`` takes it out of the house.

No job and no row holds a token that works. The token of a link that goes by mail is made from the link's id and a key
that is not in the database, when its letter is written, and again when the letter must be sent once more.
"""

import base64
import hmac

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.notices import GRAVE, Told
from taskmanager.auth.repository import AccountRepository
from taskmanager.kit import clock
from taskmanager.kit.jobs import enqueue

JOB = "mail"
TOKEN_BYTES = 16


class Post:
    """The letter box of this room; there is none where no mail server is set up."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, link_id: str) -> str:
        """Return the token of a mailed link: 128 bits that only this server can know."""
        mac = hmac.digest(self._key, link_id.encode(), "sha256")
        return base64.urlsafe_b64encode(mac[:TOKEN_BYTES]).rstrip(b"=").decode()

    @staticmethod
    async def send_link(session: AsyncSession, link_id: str) -> None:
        await enqueue(session, JOB, clock.now(), {"link_id": link_id})

    @staticmethod
    async def send_notice(session: AsyncSession, told: Told) -> None:
        """Send a grave notice to the address that the account has now, whatever becomes of it later."""
        if told.kind in GRAVE:
            address = (await AccountRepository(session).get(told.user_id)).reachable_at
            if address is not None:
                await enqueue(session, JOB, clock.now(), {"notice_id": told.notice_id, "to": address})
