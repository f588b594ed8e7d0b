"""Analytics counted once more, from the rows of tasks and journal and nothing else."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.journal.models import Entry
from taskmanager.projects.models import ProjectAccess
from taskmanager.tasks.models import Task, TaskAssignee, TaskOccurrence


class Recount:
    """Everything that one account may see, read at once."""

    def __init__(self, session: AsyncSession, user_id: str) -> None:
        self._session = session
        self._user_id = user_id

    async def read(self) -> None:
        mine = select(ProjectAccess.project_id).where(ProjectAccess.user_id == self._user_id)
        tasks = select(Task).where(Task.project_id.in_(mine), Task.deleted_at.is_(None))
        self.tasks = list((await self._session.execute(tasks)).scalars())
        self.zones = dict((await self._session.execute(select(User.id, User.timezone))).all())
        self.names = dict((await self._session.execute(select(User.id, User.username))).all())
        self.assignees: defaultdict[str, list[str]] = defaultdict(list)
        for row in (await self._session.execute(select(TaskAssignee))).scalars():
            self.assignees[row.task_id].append(row.user_id)
        self.rounds: defaultdict[str, list[TaskOccurrence]] = defaultdict(list)
        for one in (await self._session.execute(select(TaskOccurrence))).scalars():
            if one.kind == "completed" and one.deleted_at is None:
                self.rounds[one.task_id].append(one)
        self.entries: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in (await self._session.execute(select(Entry).order_by(Entry.seq))).scalars():
            if entry.entity_kind == "task" and entry.after and "status" in entry.after:
                self.entries[entry.entity_id].append(entry)

    def completions(self, task: Task) -> Iterable[tuple[datetime, bool | None, int | None, int | None]]:
        """Yield when a task was completed, whether in time, and the seconds from its making and beginning."""
        for one in self.rounds[task.id]:
            yield one.at, self._in_time(task, one.at, one.local, one.timezone, one.actor_id), None, None
        if task.status != "done" or not task.completed_at:
            return
        if self.rounds[task.id] and max(one.at for one in self.rounds[task.id]) >= task.completed_at:
            return
        begun, by = None, None
        for entry in self.entries[task.id]:
            status = (entry.after or {})["status"]
            if status == "in_progress" and begun is None:
                begun = entry.at
            elif status == "todo":
                begun = None
            elif status == "done":
                by = entry.actor_id
        at = task.completed_at
        in_time = self._in_time(task, at, task.due_local, task.due_timezone, by)
        lead = int((at - task.created_at).total_seconds()) if at >= task.created_at else None
        yield at, in_time, lead, int((at - begun).total_seconds()) if begun else None

    def _in_time(self, task: Task, at: datetime, local: str | None, zone: str | None, by: str | None) -> bool | None:
        if local is None:
            return None
        clock = ZoneInfo(zone or self.zones.get(by or task.created_by or "") or "UTC")
        wall = datetime.fromisoformat(local).replace(tzinfo=clock)
        return at.astimezone(clock).date() <= wall.date() if len(local) == 10 else at <= wall

    def answer(self, first: date, last: date, timezone: str, now: datetime, project_id: str | None = None) -> Any:
        """Return what ``GET /analytics`` should say."""
        zone = ZoneInfo(timezone)
        tasks = [task for task in self.tasks if project_id in {None, task.project_id}]
        days = {first + timedelta(days=n): Counter[str]() for n in range((last - first).days + 1)}
        projects: defaultdict[str, Counter[str]] = defaultdict(Counter)
        people: defaultdict[str | None, Counter[str]] = defaultdict(Counter)
        ages, priorities, hours = Counter[str](), Counter[int](), Counter[tuple[str, int, int]]()
        for task in tasks:
            who: list[Any] = [*self.assignees[task.id]] or [None]
            made = task.created_at.astimezone(zone)
            if made.date() in days:
                days[made.date()]["created"] += 1
                projects[task.project_id]["created"] += 1
                hours["created", made.weekday(), made.hour] += 1
            for at, in_time, lead, cycle in self.completions(task):
                shown = at.astimezone(zone)
                if shown.date() not in days:
                    continue
                day = days[shown.date()]
                day["completed"] += 1
                projects[task.project_id]["completed"] += 1
                hours["completed", shown.weekday(), shown.hour] += 1
                for one in who:
                    people[one]["completed"] += 1
                day["with_due"] += in_time is not None
                day["on_time"] += bool(in_time)
                for name, seconds in (("lead", lead), ("cycle", cycle)):
                    if seconds is not None:
                        day[name] += 1
                        day[f"{name} total"] += seconds
            if task.status in {"todo", "in_progress"}:
                late = self._overdue(task, now, zone)
                ages[_age((now.astimezone(zone).date() - made.date()).days)] += 1
                priorities[task.priority] += 1
                for counter in (projects[task.project_id], *(people[one] for one in who)):
                    counter["open"] += 1
                    counter["overdue"] += late
        total = sum(days.values(), Counter[str]())
        return {
            "totals": {
                **_numbers(total),
                "on_time_rate": round(total["on_time"] / total["with_due"], 4) if total["with_due"] else None,
                "open": ages.total(),
                "overdue": sum(counter["overdue"] for counter in projects.values()),
            },
            "days": [{"date": day.isoformat(), **_numbers(counter)} for day, counter in days.items()],
            "open_by_age": [{"days": name, "open": ages[name]} for name in ("0-1", "2-7", "8-30", "31-90", "91+")],
            "by_project": {
                key: {name: counter[name] for name in ("created", "completed", "open", "overdue")}
                for key, counter in projects.items()
            },
            "by_priority": [{"priority": one, "open": priorities[one]} for one in (4, 3, 2, 1, 0)],
            "by_assignee": {
                key: {name: counter[name] for name in ("completed", "open", "overdue")}
                for key, counter in people.items()
            },
            "by_hour": [
                {
                    "weekday": weekday,
                    "hour": hour,
                    "created": hours["created", weekday, hour],
                    "completed": hours["completed", weekday, hour],
                }
                for weekday in range(7)
                for hour in range(24)
            ],
        }

    def _overdue(self, task: Task, now: datetime, zone: ZoneInfo) -> bool:
        if not task.due_local:
            return False
        wall = datetime.fromisoformat(task.due_local)
        if task.due_timezone:
            return wall.replace(tzinfo=ZoneInfo(task.due_timezone)) < now
        shown = now.astimezone(zone).replace(tzinfo=None)
        return wall.date() < shown.date() if len(task.due_local) == 10 else wall < shown


def _numbers(counter: Counter[str]) -> dict[str, Any]:
    return {
        **{name: counter[name] for name in ("created", "completed", "with_due", "on_time")},
        **{
            f"{name}_seconds": round(counter[f"{name} total"] / counter[name]) if counter[name] else None
            for name in ("lead", "cycle")
        },
    }


def _age(days: int) -> str:
    return next((name for name, most in (("0-1", 1), ("2-7", 7), ("8-30", 30), ("31-90", 90)) if days <= most), "91+")


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form of :meth:`Recount.answer`."""
    found = {name: answer[name] for name in ("totals", "days", "open_by_age", "by_priority", "by_hour")}
    projects = [dict(row) for row in answer["by_project"]]
    people = [dict(row) for row in answer["by_assignee"]]
    for row in projects:
        del row["name"], row["color"]
    for row in people:
        del row["username"]
    return {
        **found,
        "by_project": {row.pop("project_id"): row for row in projects},
        "by_assignee": {row.pop("user_id"): row for row in people},
    }
