"""What the names in a text stand for, as far as the actor sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from taskmanager.auth.models import User
from taskmanager.auth.roles import Actor
from taskmanager.projects.access import RANK, capped
from taskmanager.projects.models import Project, ProjectAccess, Section
from taskmanager.projects.repository import ProjectRepository
from taskmanager.tasks.models import Task
from taskmanager.tasks.quick_add.names import INBOX, Mentions, Names

_ME = "me"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Places:
    """Projects by key, sections by the keys of project and section, ids of accounts by the key of project and name."""

    projects: dict[str, Project]
    sections: dict[tuple[str, str], Section]
    people: dict[tuple[str, str], tuple[str, str]]

    def names(self, *, create_missing: bool) -> Names:
        """Return what lines may speak of."""
        return Names(
            projects={key: project.name for key, project in self.projects.items()},
            sections={key: section.name for key, section in self.sections.items()},
            people={key: username for key, (_, username) in self.people.items()},
            create_missing=create_missing,
        )


class PlaceRepository:
    """Looks up names for one actor."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def hold(self) -> None:
        """Let no other quick add of the account run until this transaction ends: both would make the same project."""
        mine = select(Project.id).where(Project.inbox_of == self._actor.user_id)
        await self._session.execute(mine.with_for_update(key_share=True))

    async def find(self, mentions: Mentions) -> Places:
        """Return what is meant. Projects count that the actor may add tasks to."""
        projects = {INBOX: await ProjectRepository(self._session, self._actor).inbox()}
        if mentions.projects:
            projects |= await self._projects(mentions.projects)
        return Places(projects, await self._sections(projects, mentions), await self._people(projects, mentions))

    async def _projects(self, keys: frozenset[str]) -> dict[str, Project]:
        statement = (
            select(Project, ProjectAccess.role)
            .join(ProjectAccess, ProjectAccess.project_id == Project.id)
            .where(ProjectAccess.user_id == self._actor.user_id, Project.name_key.in_(keys))
            .order_by(Project.id)
        )
        found: dict[str, list[Project]] = {}
        for project, role in await self._session.execute(statement):
            if RANK[capped(role, self._actor)] >= RANK["editor"]:
                found.setdefault(project.name_key, []).append(project)
        return {key: named[0] if len(named) == 1 else await self._last_used(named) for key, named in found.items()}

    async def _last_used(self, projects: Sequence[Project]) -> Project:
        """Return the one of projects of the same name to which the actor added a task last, else the newest."""
        mine = (Task.project_id.in_([project.id for project in projects]), Task.created_by == self._actor.user_id)
        statement = select(Task.project_id, func.max(Task.created_at)).where(*mine).group_by(Task.project_id)
        used = dict((await self._session.execute(statement)).all())
        return max(projects, key=lambda project: (used.get(project.id, _NEVER), project.id))

    async def _sections(self, projects: dict[str, Project], mentions: Mentions) -> dict[tuple[str, str], Section]:
        if not mentions.sections:
            return {}
        statement = select(Section).where(
            Section.project_id.in_([project.id for project in projects.values()]),
            Section.name_key.in_(mentions.sections),
            Section.deleted_at.is_(None),
        )
        sections = (await self._session.execute(statement)).scalars().all()
        return {
            (key, section.name_key): section
            for key, project in projects.items()
            for section in sections
            if section.project_id == project.id
        }

    async def _people(self, projects: dict[str, Project], mentions: Mentions) -> dict[tuple[str, str], tuple[str, str]]:
        """Return who sees which project; a project that would be made is seen by the actor."""
        if not mentions.people:
            return {}
        statement = (
            select(ProjectAccess.project_id, User.id, User.username)
            .join(User, User.id == ProjectAccess.user_id)
            .where(
                ProjectAccess.project_id.in_([project.id for project in projects.values()]),
                User.username.in_(mentions.people),
                User.active,
            )
        )
        rows = (await self._session.execute(statement)).all()
        people = {
            (key, username): (user_id, username)
            for key, project in projects.items()
            for project_id, user_id, username in rows
            if project_id == project.id
        }
        me = (self._actor.user_id, self._actor.username)
        return people | {(key, name): me for key in (INBOX, *mentions.projects) for name in (_ME, me[1])}
