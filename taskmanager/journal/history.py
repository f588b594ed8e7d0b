"""Which history the journal tells: whoever follows it must begin anew when a backup takes its place."""

from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.journal.models import Entry, History
from taskmanager.kit.ids import new_id

_ONE = 1


async def load_epoch(session: AsyncSession) -> str:
    """Return the name of the present history; an empty database gets one."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert: Any = sqlite.insert if is_sqlite else postgresql.insert
    await session.execute(insert(History).values(id=_ONE, epoch=new_id()).on_conflict_do_nothing())
    if not is_sqlite and await _comes_from_elsewhere(session):
        return await renew_epoch(session)
    epoch: str = (await session.execute(select(History.epoch))).scalar_one()
    return epoch


async def renew_epoch(session: AsyncSession) -> str:
    """Begin another history, as a restore must: what clients have seen may never have happened."""
    epoch = new_id()
    await session.execute(update(History).values(epoch=epoch))
    if session.get_bind().dialect.name == "postgresql":
        # The numbers of transactions are those of a server; all that came with the backup has long ended here.
        await session.execute(update(Entry).values(xid=0))
    return epoch


async def _comes_from_elsewhere(session: AsyncSession) -> bool:
    """Tell whether the journal names transactions that this PostgreSQL server has not begun yet."""
    greatest = await session.scalar(select(func.max(Entry.xid)))
    following = await session.scalar(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))
    return greatest is not None and greatest >= following
