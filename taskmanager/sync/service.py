"""Undo: an operation taken back as a whole, as a new operation of whoever undoes it."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.roles import Actor
from taskmanager.journal.changes import NetChange, net_changes
from taskmanager.journal.models import Entry, Operation
from taskmanager.journal.repository import JournalRepository
from taskmanager.journal.service import Journal
from taskmanager.kit.errors import ConflictError, NotFoundError
from taskmanager.projects.labels import KIND as LABEL
from taskmanager.projects.labels import LabelService
from taskmanager.projects.repository import ProjectRepository
from taskmanager.projects.reverting import ProjectReverter
from taskmanager.projects.sections import KIND as SECTION
from taskmanager.projects.sections import SectionService
from taskmanager.projects.service import KIND as PROJECT
from taskmanager.sync.schemas import Undone
from taskmanager.tasks.comments import CommentService
from taskmanager.tasks.filters.service import KIND as FILTER
from taskmanager.tasks.filters.service import FilterService
from taskmanager.tasks.occurrences import OccurrenceService
from taskmanager.tasks.relations import KIND as RELATION
from taskmanager.tasks.relations import RelationService
from taskmanager.tasks.reverting import TaskReverter
from taskmanager.tasks.state import COMMENT, OCCURRENCE
from taskmanager.tasks.state import KIND as TASK


class NotUndoableError(ConflictError):
    code = "not_undoable"
    title = "This cannot be undone: roles, members and what was deleted for good stay as they are."


class Reverter(Protocol):
    """What each room offers: take back what an operation did to its things, or raise 409 saying what is in the way."""

    async def revert(self, changes: Sequence[NetChange]) -> None: ...


class UndoService:
    """Undoes operations within one transaction: all of one or nothing of it."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor
        self._journal = JournalRepository(session)
        self._rooms: dict[str, Reverter] = {
            TASK: TaskReverter(session, actor),
            COMMENT: CommentService(session, actor),
            RELATION: RelationService(session, actor),
            OCCURRENCE: OccurrenceService(session, actor),
            PROJECT: ProjectReverter(session, actor),
            SECTION: SectionService(session, actor),
            LABEL: LabelService(session, actor),
            FILTER: FilterService(session, actor),
        }

    async def undo(self, operation_id: str) -> Undone:
        """Take back every change of an operation; raises 409 rather than overwrite a later edit."""
        operation = await self._journal.find_operation(operation_id)
        entries = await self._journal.entries(operation_id)
        if operation is None or not entries or not await self._may_see(operation, entries):
            raise NotFoundError
        if any(entry.entity_kind not in self._rooms or entry.action == "purged" for entry in entries):
            raise NotUndoableError
        if any(entry.before is None and entry.after is None for entry in entries):
            raise NotUndoableError
        mine = await Journal(self._session, self._actor.user_id).open(undoes=operation_id)
        # The kind that was changed last goes first: tasks of a new project before the project.
        for kind in dict.fromkeys(entry.entity_kind for entry in entries):
            changes = net_changes(entry for entry in reversed(entries) if entry.entity_kind == kind)
            await self._rooms[kind].revert(changes)
        return Undone(operation_id=mine, reversed=operation_id)

    async def _may_see(self, operation: Operation, entries: Sequence[Entry]) -> bool:
        """Tell whether the actor made the operation or administers all projects that it touched."""
        if operation.actor_id == self._actor.user_id:
            return True
        repository = ProjectRepository(self._session, self._actor)
        projects = {entry.project_after or entry.project_before for entry in entries}
        try:
            roles = [(await repository.get(project_id))[1] for project_id in projects if project_id is not None]
        except NotFoundError:
            return False
        return len(roles) == len(projects) and set(roles) == {"admin"}
