"""Handing a notification over to be sent by mail, in the transaction that writes it."""

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.kit import clock
from taskmanager.kit.jobs import enqueue

JOB = "mail_notification"


async def send(session: AsyncSession, notification_id: str, address: str) -> None:
    """Send a notification to the address that the account has now, whatever becomes of it later."""
    await enqueue(session, JOB, clock.now(), {"notification_id": notification_id, "to": address})
