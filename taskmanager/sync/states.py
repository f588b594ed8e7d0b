"""Things as they are now, for what a page of the feed has to tell of."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.projects.labels import KIND as LABEL
from taskmanager.projects.repository import LabelRepository, ProjectRepository, SectionRepository
from taskmanager.projects.sections import KIND as SECTION
from taskmanager.projects.service import KIND as PROJECT
from taskmanager.projects.service import project_out
from taskmanager.sync.folding import Folded, Touch
from taskmanager.sync.schemas import Deletion, Kind, Reason
from taskmanager.tasks.comments import CommentRepository, comment_out
from taskmanager.tasks.filters.repository import FilterRepository
from taskmanager.tasks.filters.service import KIND as FILTER
from taskmanager.tasks.relations import RelationRepository
from taskmanager.tasks.state import COMMENT
from taskmanager.tasks.state import KIND as TASK
from taskmanager.tasks.working_set import WorkingSet


class States:
    """Collects what one page says: by folded entries, and by projects that came into sight as a whole."""

    def __init__(self, session: AsyncSession, actor: Actor, folded: Folded) -> None:
        self.folded = folded
        self._projects = ProjectRepository(session, actor)
        self._sections = SectionRepository(session, actor)
        self._labels = LabelRepository(session, actor)
        self._filters = FilterRepository(session, actor)
        self._tasks = WorkingSet(session, actor)
        self._comments = CommentRepository(session, actor)
        self._relations = RelationRepository(session, actor)
        self._account: User | None = None
        self._came: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self.folded) + len(self._came) + (self._account is not None)

    def add_account(self, user: User | None) -> None:
        """Tell of the account, and of all projects: a role of the instance caps the roles in them."""
        self._account = user
        for project_id in self.folded.access.seen:
            self.folded.touch(PROJECT, project_id)

    async def add_project(self, project_id: str, after_number: int, limit: int) -> int:
        """Tell of a project that came into sight: all of it, or up to ``limit`` tasks, and which number was the last.

        Returns 0 if that was all of it.
        """
        if not after_number:
            self.folded.touch(PROJECT, project_id)
            for section in await self._sections.all(of=project_id):
                self.folded.touch(SECTION, section.id)
        rows = await self._tasks.of_project(project_id, after_number, limit + 1)
        self._came.update((item["id"], item) for item in await self._tasks.items(rows[:limit]))
        return int(rows[limit - 1].number) if len(rows) > limit else 0

    async def body(self) -> dict[str, Any]:
        """Return upserts and deletions as :class:`~taskmanager.sync.schemas.Changes` reads them."""
        tasks = {**await self._tasks.among(list(self.folded.of(TASK))), **self._came}
        sections = await self._sections.all(list(self.folded.of(SECTION)))
        labels = await self._labels.all(list(self.folded.of(LABEL)))
        filters = await self._filters.all(list(self.folded.of(FILTER)))
        comments = await self._comments.among(list(self.folded.of(COMMENT)))
        upserts = {
            "account": self._account,
            "projects": [project_out(seen) for seen in await self._projects.all(list(self.folded.of(PROJECT)))],
            "sections": sections,
            "labels": labels,
            "filters": filters,
            "tasks": list(tasks.values()),
            "comments": [comment_out(written) for written in comments],
            "relations": await self._relations_now(tasks),
        }
        deletions = [
            *await self._lost_projects(),
            # A section is gone for good only with its project, a label or a filter at once.
            *_gone(SECTION, self.folded.of(SECTION), {section.id for section in sections}, "trashed"),
            *_gone(LABEL, self.folded.of(LABEL), {label.id for label in labels}, "purged"),
            *_gone(FILTER, self.folded.of(FILTER), {one.id for one in filters}, "purged"),
            *await self._gone_tasks(set(tasks)),
            *await self._gone_comments({comment.id for comment, _ in comments}),
        ]
        return {"upserts": upserts, "deletions": deletions}

    async def _lost_projects(self) -> list[Deletion]:
        trashed = await self._projects.trashed_for_system(list(self.folded.lost))
        return [
            _deletion(PROJECT, one, _reason(gone=one not in trashed, trashed=trashed.get(one)))
            for one in self.folded.lost
        ]

    async def _gone_tasks(self, visible: set[str]) -> list[Deletion]:
        """Return the tasks to forget: those out of sight, and those that were meanwhile, so that all is told anew."""
        seen = self.folded.access.seen
        away = [one for one, touch in self.folded.of(TASK).items() if one not in visible and touch.told]
        fates = await self._tasks.fates_for_system(away)
        deletions = [
            _deletion(TASK, one, "access")
            for one, touch in self.folded.of(TASK).items()
            if one in visible and touch.left
        ]
        for one in away:
            fate = fates.get(one)
            trashed = fate is not None and fate.trashed and fate.project_id in seen
            deletions.append(_deletion(TASK, one, _reason(gone=fate is None, trashed=trashed)))
        return deletions

    async def _gone_comments(self, visible: set[str]) -> list[Deletion]:
        """Return the comments to forget; those of a task out of sight go with it."""
        away = [one for one, touch in self.folded.of(COMMENT).items() if one not in visible and touch.told]
        removed = await self._comments.removed_for_system(away)
        return [
            _deletion(COMMENT, one, _reason(gone=one not in removed, trashed=True))
            for one in away
            if removed.get(one, True)
        ]

    async def _relations_now(self, tasks: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the relations of tasks that were related anew, and of both ends where one came into sight."""
        came = {one for one, touch in self.folded.of(TASK).items() if touch.came or touch.left} | set(self._came)
        found = await self._relations.of_many([one for one in tasks if one in came])
        ends = {**self.folded.related, **dict.fromkeys(found)}
        ends.update((relation.task_id, None) for relations in found.values() for relation in relations)
        fates = await self._tasks.fates_for_system(list(ends))
        seen = self.folded.access.seen
        live = [one for one in ends if one in fates and fates[one].project_id in seen and not fates[one].trashed]
        now = await self._relations.of_many(live)
        return [{"task_id": one, "relations": now.get(one, [])} for one in live]


def _gone(kind: str, touched: Mapping[str, Touch], visible: set[str], reason: Reason) -> list[Deletion]:
    return [_deletion(kind, one, reason) for one, touch in touched.items() if touch.told and one not in visible]


def _reason(*, gone: bool, trashed: bool | None) -> Reason:
    if gone:
        return "purged"
    return "trashed" if trashed else "access"


def _deletion(kind: str, thing_id: str, reason: Reason) -> Deletion:
    return Deletion(kind=cast("Kind", kind), id=thing_id, reason=reason)
