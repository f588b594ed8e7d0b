"""Writing out what one actor sees, in one of the formats, at one moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import IO, Literal

from anyio import from_thread, to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.integrations.export_repository import ExportRepository, Page
from taskmanager.integrations.formats.drafts import (
    CommentDraft,
    LabelDraft,
    Moment,
    OccurrenceDraft,
    ProjectDraft,
    RecurrenceDraft,
    RelationDraft,
    ReminderDraft,
    SectionDraft,
    TaskDraft,
)
from taskmanager.integrations.formats.own_csv import write_csv
from taskmanager.integrations.formats.own_json import write_json
from taskmanager.integrations.origin import Origin
from taskmanager.kit import clock
from taskmanager.projects.models import Project, Section
from taskmanager.tasks.dates import When
from taskmanager.tasks.models import Task
from taskmanager.tasks.reminders.service import in_order
from taskmanager.tasks.state import when_of

Format = Literal["json", "csv", "ical"]
MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ical": "text/calendar; charset=utf-8",
}
_ENDINGS: Mapping[Format, str] = {"json": "json", "csv": "csv", "ical": "ics"}
_NOTHING = Origin()


def file_name(kind: Format) -> str:
    """Return the name under which an export of today is kept."""
    return f"taskmanager-{clock.now():%Y-%m-%d}.{_ENDINGS[kind]}"


class Exporter:
    """Writes an export from one snapshot. What lies in the trash stays there."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._repository = ExportRepository(session, actor)
        self._projects: dict[str, Project] = {}
        self._counts: dict[str, int] = {}

    async def open(self, project_id: str | None) -> int:
        """Choose what goes out, all or one project (404 if the actor does not see it); return how many tasks."""
        found = await self._repository.projects(project_id)
        self._projects = {project.id: project for project in found}
        self._counts = await self._repository.count(list(self._projects))
        return sum(self._counts.values())

    async def write(self, kind: Format, file: IO[bytes], progress: Callable[[int], None] = lambda _: None) -> None:
        """Write to ``file`` in a thread; ``progress`` hears there how many tasks after each page."""
        labels = [LabelDraft(label.name, label.color) for label in await self._repository.labels()]
        sections = await self._repository.sections()

        def write() -> None:
            drafts = self._drafts(kind, progress)
            match kind:
                case "json":
                    placed = self._section_drafts(sections)
                    pieces = write_json(drafts, self._project_drafts(), labels, clock.now(), sections=placed)
                case "csv":
                    pieces = write_csv(drafts)
                case "ical":
                    from taskmanager.integrations.formats.ical_writer import write_ical  # noqa: PLC0415 - as in detection

                    pieces = write_ical(drafts)
            for piece in pieces:
                file.write(piece)

        await to_thread.run_sync(write)

    def _project_drafts(self) -> Iterator[ProjectDraft]:
        for project in self._projects.values():
            own = project.inbox_of is not None
            yield ProjectDraft(
                id=project.id,
                name=project.name,
                description=project.description,
                key=project.key,
                color=project.color,
                parent_id=project.parent_id if project.parent_id in self._projects else None,
                is_inbox=own,
                # An Inbox is as old as its account, wherever its tasks come from.
                created_at=None if own else project.created_at,
                updated_at=None if own else project.updated_at,
            )

    def _section_drafts(self, sections: Sequence[Section]) -> Iterator[SectionDraft]:
        order = {project_id: number for number, project_id in enumerate(self._projects)}
        for one in sorted(sections, key=lambda one: order[one.project_id]):
            yield SectionDraft(one.id, one.project_id, one.name, one.position, one.created_at, one.updated_at)

    def _drafts(self, kind: Format, progress: Callable[[int], None]) -> Iterator[TaskDraft]:
        for project_id in self._counts:
            after = 0
            while (page := from_thread.run(self._repository.page, project_id, after)).tasks:
                for task in page.tasks:
                    draft = self._draft(task, page)
                    yield _for_calendars(draft, task, page) if kind == "ical" else draft
                after = page.tasks[-1].number
                progress(len(page.tasks))

    def _draft(self, task: Task, page: Page) -> TaskDraft:
        origin = page.origins.get(task.id, _NOTHING)
        return TaskDraft(
            title=task.title,
            description=task.description,
            status=task.status,
            priority=task.priority,
            start=_moment(task.start),
            due=_moment(task.due),
            deadline=task.deadline,
            labels=tuple(label.name for label in task.labels),
            assignees=tuple(sorted({*page.assignees.get(task.id, ()), *origin.assignees})),
            project=self._projects[task.project_id].name,
            project_id=task.project_id,
            section_id=task.section_id,
            key=task.key,
            parent=task.parent_id,
            position=task.position,
            estimate_minutes=task.estimate_minutes,
            recurrence=_recurrence(task),
            author=origin.author or page.creators.get(task.id),
            created_at=task.created_at,
            updated_at=task.updated_at,
            completed_at=task.completed_at,
            external_id=task.id,
            comments=tuple(
                CommentDraft(comment.body, username or comment.author_text, comment.created_at, comment.updated_at)
                for comment, username in page.comments.get(task.id, ())
            ),
            occurrences=tuple(
                OccurrenceDraft(_some_moment(past.when), past.kind, past.at, username or past.actor_text)
                for past, username in page.occurrences.get(task.id, ())
            ),
            relations=tuple(RelationDraft(one.kind, one.other_id) for one in page.relations.get(task.id, ())),
            reminders=tuple(
                ReminderDraft(one.minutes_before_due, one.at) for one in in_order(page.reminders.get(task.id, ()))
            ),
            raw=origin.lines,
        )


def _for_calendars(draft: TaskDraft, task: Task, page: Page) -> TaskDraft:
    """Return the draft as calendars know it: by the UID that it came with."""
    origin = page.origins.get(task.id, _NOTHING)
    parent = page.origins.get(task.parent_id or "", _NOTHING)
    return replace(
        draft, external_id=origin.uid or task.id, parent=parent.uid or task.parent_id, raw=origin.content_lines
    )


def _recurrence(task: Task) -> RecurrenceDraft | None:
    if task.recurrence is None or task.occurrence is None:
        return None
    return RecurrenceDraft(
        rrule=task.recurrence["rrule"],
        start=_some_moment(when_of(task.recurrence["start"])),
        occurrence=_some_moment(when_of(task.occurrence["date"])),
        anchor=task.recurrence["anchor"],
        catch_up=task.recurrence["catch_up"],
        number=task.occurrence["number"],
    )


def _moment(when: When | None) -> Moment | None:
    return _some_moment(when) if when is not None else None


def _some_moment(when: When) -> Moment:
    if when.is_all_day:
        return Moment(day=date.fromisoformat(when.local))
    return Moment(local=datetime.fromisoformat(when.local), zone=when.timezone)
