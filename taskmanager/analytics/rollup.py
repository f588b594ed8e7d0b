"""Keeping the counts in step with the tasks: a little at a time, each step in one transaction.

What each task counts for is kept beside the counts. A step looks at tasks that changed, works out what they count for
now, and adds the difference. So a step that is done twice adds nothing the second time, and one that was cut short
leaves nothing behind: the place in the journal, the counts and what each task counted for are written together.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.analytics.counting import FLOWS, contributions
from taskmanager.analytics.material import materials_for_system, zones_for_system
from taskmanager.analytics.models import DAYS, EXACT, Count, CountedTask, Progress
from taskmanager.analytics.repository import is_news
from taskmanager.analytics.slots import OF_A_DAY, offsets_of, slot_of
from taskmanager.analytics.writing import KEY, Changes
from taskmanager.auth.models import User
from taskmanager.journal.feed import START, JournalFeed, Position
from taskmanager.journal.models import History
from taskmanager.kit import clock
from taskmanager.projects.models import Project
from taskmanager.tasks.models import Task
from taskmanager.tasks.state import KIND as TASK

KIND = "analytics"
BATCH = 200
MAX_OFFSETS = 12
_ONE = 1
_FIRST = "00000000-0000-0000-0000-000000000000"
_OFTEN = timedelta(hours=1)
# What is kept goes on a little beyond what is shown, in every zone.
_MARGIN = timedelta(days=2)


class Rollup:
    """Counts, for whichever process comes first; the row of the progress is the lock."""

    def __init__(self, kept_days: int) -> None:
        self._kept_days = kept_days

    async def waits(self, session: AsyncSession) -> bool:
        """Tell, by reading, whether there is anything to count."""
        progress = await session.get(Progress, _ONE)
        if progress is None:
            return await JournalFeed(session).last() is not None
        if self._is_other(progress, await session.scalar(select(History.epoch))) or _is_behind(progress):
            return True
        return await is_news(session, progress)

    async def step(self, session: AsyncSession) -> None:
        """Do the next step: begin anew, count some of all tasks, those that changed, or days of another offset."""
        progress = await self._locked(session)
        epoch = await session.scalar(select(History.epoch))
        if self._is_other(progress, epoch):
            await self._begin(session, progress, epoch or _FIRST)
        elif progress.walked is not None:
            await self._walk(session, progress)
        elif progress.filling is not None:
            await _fill(session, progress)
        else:
            await self._follow(session, progress)
            if progress.pruned_at < clock.now() - _OFTEN:
                await self._prune(session, progress)

    async def _locked(self, session: AsyncSession) -> Progress:
        statement = select(Progress).with_for_update()
        progress = (await session.execute(statement)).scalar_one_or_none()
        if progress is not None:
            return progress
        add: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        new = {
            "id": _ONE, "epoch": _FIRST, "kept_days": 0, "xid": 0, "seq": 0, "offsets": [], "filled": _FIRST,
            "pruned_at": clock.now(),
        }  # fmt: skip
        await session.execute(add(Progress).values(new).on_conflict_do_nothing())
        return (await session.execute(statement)).scalar_one()

    def _is_other(self, progress: Progress, epoch: str | None) -> bool:
        """Tell whether what was counted was another history, or not as much of it."""
        return progress.kept_days != self._kept_days or (epoch is not None and progress.epoch != epoch)

    async def _begin(self, session: AsyncSession, progress: Progress, epoch: str) -> None:
        """Forget everything and begin to count all tasks; what changes from now on is counted after them."""
        await session.execute(delete(Count))
        await session.execute(delete(CountedTask))
        last = await JournalFeed(session).last()
        position = last.position if last is not None else START
        progress.epoch, progress.kept_days = epoch, self._kept_days
        progress.xid, progress.seq = position.xid, position.seq
        progress.walked, progress.filling = _FIRST, None
        progress.offsets = await _offsets_in_use(session)
        progress.pruned_at, progress.as_of = clock.now(), None

    async def _walk(self, session: AsyncSession, progress: Progress) -> None:
        statement = select(Task.id).where(Task.id > progress.walked).order_by(Task.id).limit(BATCH)
        ids = (await session.execute(statement)).scalars().all()
        await self._recount(session, progress, ids)
        progress.walked = ids[-1] if len(ids) == BATCH else None

    async def _follow(self, session: AsyncSession, progress: Progress) -> None:
        position = Position(progress.xid, progress.seq)
        now = clock.now()
        lines = await JournalFeed(session).since(position, BATCH)
        touched = {line.entity_id for line in lines if line.kind == TASK and line.position != position}
        await self._recount(session, progress, sorted(touched))
        if lines:
            progress.xid, progress.seq = lines[-1].position.xid, lines[-1].position.seq
        if len(lines) < BATCH:
            progress.as_of = now

    async def _recount(self, session: AsyncSession, progress: Progress, ids: Sequence[str]) -> None:
        """Add what some tasks count for now, less what they were counted for."""
        if not ids:
            return
        materials = await materials_for_system(session, ids)
        zones = await zones_for_system(session, materials.values())
        statement = select(CountedTask.task_id, CountedTask.project_id, CountedTask.counts)
        known = {row.task_id: row for row in await session.execute(statement.where(CountedTask.task_id.in_(ids)))}
        rows, gone = [], []
        changes = Changes(slot_of(self._cutoff()))
        for task_id in ids:
            material, before = materials.get(task_id), known.get(task_id)
            now = [list(one) for one in contributions(material, zones)] if material is not None else []
            project_id = material.task.project_id if material is not None else ""
            if before is not None and (before.project_id, before.counts) == (project_id, now):
                continue
            if before is not None:
                changes.add(before.project_id, before.counts, -1)
                gone.append(task_id)
            if now:
                changes.add(project_id, now, 1)
                rows.append({"task_id": task_id, "project_id": project_id, "counts": now})
        if gone:
            await session.execute(delete(CountedTask).where(CountedTask.task_id.in_(gone)))
        if rows:
            await session.execute(insert(CountedTask), rows)
        await changes.write(session, progress)

    async def _prune(self, session: AsyncSession, progress: Progress) -> None:
        """Forget what is older than what is kept, and see to it that days are kept of the offsets in use."""
        cutoff, flows = slot_of(self._cutoff()), Count.kind.in_(FLOWS)
        await session.execute(delete(Count).where(flows, Count.grain == EXACT, Count.slot < cutoff))
        oldest = cutoff // OF_A_DAY - 1
        await session.execute(delete(Count).where(flows, Count.grain != EXACT, Count.slot < oldest))
        progress.pruned_at = clock.now()
        wanted = await _offsets_in_use(session)
        for offset in set(progress.offsets) - set(wanted):
            await session.execute(delete(Count).where(Count.grain == DAYS + offset))
        progress.offsets = [offset for offset in progress.offsets if offset in wanted]
        missing = [offset for offset in wanted if offset not in progress.offsets]
        if missing:
            progress.filling, progress.filled = missing[0], _FIRST

    def _cutoff(self) -> datetime:
        return clock.now() - timedelta(days=self._kept_days) - _MARGIN


def _is_behind(progress: Progress) -> bool:
    return progress.walked is not None or progress.filling is not None or progress.pruned_at < clock.now() - _OFTEN


async def _offsets_in_use(session: AsyncSession) -> list[int]:
    """Return by how many quarters the clocks of most accounts are ahead of UTC; UTC itself is among them."""
    now, counts = clock.now(), defaultdict[int, int](int)
    counts[0] = 1 << 62
    for timezone in (await session.execute(select(User.timezone).where(User.active))).scalars():
        for offset in offsets_of(timezone, now):
            counts[offset] += 1
    return sorted(sorted(counts, key=lambda offset: (-counts[offset], offset))[:MAX_OFFSETS])


async def _fill(session: AsyncSession, progress: Progress) -> None:
    """Add the days of another offset for the next project."""
    offset = progress.filling or 0
    statement = select(Project.id).where(Project.id > progress.filled).order_by(Project.id).limit(1)
    project_id = await session.scalar(statement)
    if project_id is None:
        progress.offsets, progress.filling = sorted([*progress.offsets, offset]), None
        progress.pruned_at -= _OFTEN  # perhaps there is one more to add
        return
    day = ((Count.slot + offset) // OF_A_DAY).label("day")
    days = (
        select(Count.project_id, literal(DAYS + offset), Count.kind, day, Count.who)
        .add_columns(func.sum(Count.n), func.sum(Count.total))
        .where(Count.project_id == project_id, Count.grain == EXACT, Count.kind.in_(FLOWS))
        .group_by(Count.project_id, Count.kind, "day", Count.who)
    )
    await session.execute(insert(Count).from_select([*KEY, "n", "total"], days))
    progress.filled = project_id
