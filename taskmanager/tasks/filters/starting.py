"""Where a list may begin, other than at the order that is asked for: with the tasks of which few are what is asked for.

Walking the order until a page is full serves what many tasks are. Of a million tasks with three that are recurring it
would read all. Each term here has an index that yields those three.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, TextualSelect, bindparam, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.kit.columns import Id
from taskmanager.projects.models import Project, ProjectAccess, Section
from taskmanager.projects.names import name_key
from taskmanager.tasks.filters.tree import AssignedTo, HasStatus, InSection, Label, Plain, Priority, Query
from taskmanager.tasks.models import Comment, Task, TaskAssignee, TaskLabel, TaskRelation

MANY = 5000
"""Of fewer tasks reading all of them is as quick as asking where to begin."""
FEW = 10_000
"""So many tasks are put in order as a whole, rather than looked for in their order."""

_TRASHED = "trashed"
_OF_FEW = {
    Plain("recurring"): ("ix_tasks_recurring", "recurrence IS NOT NULL"),
    Plain("subtask"): ("ix_tasks_subtask", "parent_id IS NOT NULL"),
    HasStatus("in_progress"): ("ix_tasks_in_progress", "status = 'in_progress'"),
    _TRASHED: ("ix_tasks_trashed", "deleted_at IS NOT NULL"),
}
"""Terms whose index has no other tasks, with its condition as its table has it."""

Beginning = Select[str] | TextualSelect
"""A query of the ids of tasks."""


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Looks for a term of which few tasks hold, for one account."""

    session: AsyncSession
    user_id: str

    async def rarest(self, asked: Sequence[Query], *, trashed: bool) -> Beginning | None:
        """Return the query of few tasks, all of those asked for among them; None: walking the order is best."""
        beginnings = list(self._beginnings(asked, trashed=trashed))
        if not beginnings or not await self._sees_many():
            return None
        for beginning in beginnings:
            counted = beginning.limit(FEW + 1).subquery() if isinstance(beginning, Select) else beginning.subquery()
            some = select(literal_column("1")).select_from(counted).limit(FEW + 1).subquery()
            found = await self.session.scalar(select(func.count()).select_from(some))
            if found is not None and found <= FEW:
                return beginning
        return None

    async def _sees_many(self) -> bool:
        """Tell whether so many tasks were ever made in the account's projects."""
        made = select(func.sum(Project.last_number)).where(Project.id.in_(self._projects()))
        return (await self.session.scalar(made) or 0) > MANY

    def _beginnings(self, asked: Sequence[Query], *, trashed: bool) -> Iterator[Beginning]:
        for term in (_TRASHED, *asked) if trashed else asked:
            found = self._of_few(*_OF_FEW[term]) if term in _OF_FEW else self._of(term)
            if found is not None:
                yield found

    def _of(self, term: object) -> Select[str] | None:  # noqa: PLR0911 - one case a kind of term
        match term:
            case Label(name, begins=False):
                return select(TaskLabel.task_id).where(TaskLabel.name_key == name_key(name))
            case AssignedTo(name):
                named = select(User.id).where(User.username == name_key(name)).scalar_subquery()
                return select(TaskAssignee.task_id).where(TaskAssignee.user_id == named)
            case Plain("assigned to: me"):
                return select(TaskAssignee.task_id).where(TaskAssignee.user_id == self.user_id)
            case Plain("has: comment"):
                return select(Comment.task_id).where(Comment.deleted_at.is_(None))
            case Plain("blocked"):
                return select(TaskRelation.other_id).where(TaskRelation.kind == "blocks")
            case Priority(p):
                return select(Task.id).where(Task.project_id.in_(self._projects()), Task.priority == 5 - p)
            case InSection(name):
                mine = (Section.name_key == name_key(name), Section.project_id.in_(self._projects()))
                return select(Task.id).where(Task.section_id.in_(select(Section.id).where(*mine)))
        return None

    def _of_few(self, index: str, condition: str) -> TextualSelect:
        # Without statistics SQLite takes any index that begins with the project.
        by = f" INDEXED BY {index}" if self.session.get_bind().dialect.name == "sqlite" else ""
        mine = "project_id IN (SELECT project_id FROM project_access WHERE user_id = :this_account)"
        statement = text(f"SELECT id FROM tasks{by} WHERE {condition} AND {mine}")  # noqa: S608 - our names
        return statement.bindparams(bindparam("this_account", self.user_id, Id)).columns(Task.id)

    def _projects(self) -> Select[str]:
        return select(ProjectAccess.project_id).where(ProjectAccess.user_id == self.user_id)
